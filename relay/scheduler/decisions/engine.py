"""Catalogue, settings, restart."""

from __future__ import annotations

from operator import attrgetter

from relay.scheduler import regions
from relay.scheduler.commands import Configure, DefineItems, DefineRegions, Recover, RetireItems
from relay.scheduler.draft import Draft
from relay.scheduler.entities import NEVER_MS
from relay.scheduler.errors import BadCode
from relay.scheduler.events import Configured, ItemsDefined, ItemsRetired, Recovered, RegionsDefined
from relay.scheduler.model import MAX_LEVEL
from relay.scheduler.rules import Rules

from .releases import withdraw

_MAX_CODE = 128
_MAX_DEPTH = 8


def define_items(draft: Draft, command: DefineItems) -> None:
    """DefineItems."""
    known = draft.state.catalogue.items
    for item in command.items:
        segments = item.code.split(".")
        if len(item.code) > _MAX_CODE or len(segments) > _MAX_DEPTH or not all(segments) or "*" in item.code:
            raise BadCode(f"{item.code!r} is no item code")
        if not 1 <= item.min_level <= MAX_LEVEL:
            raise BadCode(f"{item.code!r}: min_level {item.min_level} is not between 1 and {MAX_LEVEL}")
    changed = tuple(item for item in command.items if known.get(item.code) != item)
    if changed:
        draft.events.append(ItemsDefined(draft.at_ms, changed))


def retire_items(draft: Draft, command: RetireItems) -> None:
    """RetireItems."""
    known = tuple(code for code in command.codes if code in draft.state.catalogue.items)
    if known:
        draft.events.append(ItemsRetired(draft.at_ms, known))


def define_regions(draft: Draft, command: DefineRegions) -> None:
    """DefineRegions."""
    for code in command.codes:
        regions.chain(code)
    unknown = tuple(sorted(set(command.codes) - draft.state.regions))
    if unknown:
        draft.events.append(RegionsDefined(draft.at_ms, unknown))


def configure(draft: Draft, command: Configure) -> None:
    """Configure."""
    if command.settings != draft.state.settings:
        Rules(command.settings)
        draft.events.append(Configured(draft.at_ms, command.settings))


def recover(draft: Draft, command: Recover) -> None:
    """Recover: seats whose offers ran out while nobody could answer are not to blame."""
    del command
    settings = draft.state.settings
    draft.events.append(
        Recovered(
            draft.at_ms,
            draft.at_ms + settings.seat_lease_ms if settings.seat_lease_ms else NEVER_MS,
            draft.at_ms + settings.kiosk_lease_ms if settings.kiosk_lease_ms else NEVER_MS,
        )
    )
    for call in sorted(draft.state.offers.values(), key=attrgetter("seq")):
        if call.deadline_ms <= draft.at_ms:
            withdraw(draft, call, "restart")
            draft.requeue(call, "", call.target)
