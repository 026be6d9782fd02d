"""Catalogue, settings and restart."""

from __future__ import annotations

from relay.scheduler import events
from relay.scheduler.entities import NEVER_MS
from relay.scheduler.index.due import Due
from relay.scheduler.model import CallPhase
from relay.scheduler.rules import Rules
from relay.scheduler.state import State

from .queue import count_caps


def items_defined(state: State, event: events.ItemsDefined) -> None:
    """ItemsDefined."""
    state.catalogue.define(event.items)


def items_retired(state: State, event: events.ItemsRetired) -> None:
    """ItemsRetired."""
    state.catalogue.retire(event.codes)


def regions_defined(state: State, event: events.RegionsDefined) -> None:
    """RegionsDefined."""
    state.regions.update(event.codes)


def configured(state: State, event: events.Configured) -> None:
    """Configured."""
    state.settings = event.settings
    state.rules = Rules(event.settings)
    state.cap_counts = [0] * len(event.settings.queue_caps)
    for call in state.calls.values():
        if call.phase is CallPhase.WAITING:
            count_caps(state, call, 1)


def recovered(state: State, event: events.Recovered) -> None:
    """Recovered."""
    for seat in state.seats.values():
        seat.lease_ms = event.seat_lease_ms
        state.timers.set(event.seat_lease_ms, Due.SEAT_LEASE, 0, "", seat.id)
    for kiosk in state.kiosks.values():
        if kiosk.lease_ms != NEVER_MS:
            kiosk.lease_ms = event.kiosk_lease_ms
            state.timers.set(event.kiosk_lease_ms, Due.KIOSK_LEASE, 0, "", kiosk.id)
