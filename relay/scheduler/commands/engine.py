"""Catalogue, settings, restart, time."""

from relay.scheduler.model import ServiceItem
from relay.scheduler.settings import SchedulerSettings

from .command import Command


class DefineItems(Command, frozen=True):
    """Add or change service items. → ItemsDefined"""

    items: tuple[ServiceItem, ...]


class RetireItems(Command, frozen=True):
    """No new calls for these items; what waits is served. → ItemsRetired"""

    codes: tuple[str, ...]


class DefineRegions(Command, frozen=True):
    """Name the regions that exist; before the first such command every well-formed division code is known.

    Towns and villages of a defined county need no definition. → RegionsDefined
    """

    codes: tuple[str, ...]


class Configure(Command, frozen=True):
    """Take other settings from now on; nothing when they are the same. → Configured"""

    settings: SchedulerSettings


class Recover(Command, frozen=True):
    """First command after a restart: nobody could send heartbeats, so all leases start anew. → Recovered"""


class Tick(Command, frozen=True):
    """Time has passed: decide the ONE timer that is due first, stamped with its own due time. → events, or nothing.

    Repeat while `state.next_wake_ms() <= now_ms`; `Engine.advance(now_ms)` does.
    """
