"""Catalogue, settings, restart."""

from relay.scheduler.model import ServiceItem
from relay.scheduler.settings import SchedulerSettings

from .event import Event


class ItemsDefined(Event, frozen=True):
    """Service items are known, or have changed."""

    items: tuple[ServiceItem, ...]


class ItemsRetired(Event, frozen=True):
    """No new calls for these."""

    codes: tuple[str, ...]


class RegionsDefined(Event, frozen=True):
    """These divisions exist (besides those known)."""

    codes: tuple[str, ...]


class Configured(Event, frozen=True):
    """Other settings hold from now on."""

    settings: SchedulerSettings


class Recovered(Event, frozen=True):
    """The engine is back after a restart; all leases start anew."""

    seat_lease_ms: int
    kiosk_lease_ms: int
