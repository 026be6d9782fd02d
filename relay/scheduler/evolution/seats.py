"""Seats come, change and go."""

from __future__ import annotations

from relay.scheduler import events
from relay.scheduler.entities import NEVER_MS, Seat
from relay.scheduler.index.due import Due
from relay.scheduler.model import Presence
from relay.scheduler.state import State

from .appointments import want_seat


def logged_in(state: State, event: events.SeatLoggedIn) -> None:
    """SeatLoggedIn."""
    seat = Seat(event.seat, state.supply.free_index(), state.resolve(event.profile), event.at_ms)
    state.seats[seat.id] = seat
    _start_idle(state, seat)
    state.supply.add(seat)
    seat.shift = event.shift
    _set_timers(state, seat, event.lease_ms, event.shift_ms)


def updated(state: State, event: events.SeatUpdated) -> None:
    """SeatUpdated."""
    seat = state.seats[event.seat]
    seat.shift = event.shift
    state.supply.reprofile(seat, state.resolve(event.profile))
    _set_timers(state, seat, event.lease_ms, event.shift_ms)


def ready(state: State, event: events.SeatReady) -> None:
    """SeatReady: idle from now on, and nothing held against it."""
    seat = state.seats[event.seat]
    seat.presence = Presence.READY
    seat.reason = ""
    seat.unanswered = 0
    _start_idle(state, seat)
    state.supply.refresh(seat)


def on_break(state: State, event: events.SeatOnBreak) -> None:
    """SeatOnBreak."""
    seat = state.seats[event.seat]
    seat.presence = Presence.BREAK
    seat.reason = event.reason
    state.supply.refresh(seat)


def draining(state: State, event: events.SeatDraining) -> None:
    """SeatDraining."""
    seat = state.seats[event.seat]
    seat.presence = Presence.DRAINING
    seat.reason = event.reason
    state.supply.refresh(seat)


def logged_out(state: State, event: events.SeatLoggedOut) -> None:
    """SeatLoggedOut."""
    state.supply.remove(state.seats.pop(event.seat))


def seen(state: State, event: events.SeatLeaseRenewed) -> None:
    """SeatLeaseRenewed."""
    seat = state.seats[event.seat]
    seat.lease_ms = event.lease_ms
    state.timers.set(event.lease_ms, Due.SEAT_LEASE, 0, "", seat.id)


def path_measured(state: State, event: events.SeatPathMeasured) -> None:
    """SeatPathMeasured."""
    seat = state.seats[event.seat]
    seat.media_ready = event.media_ready
    state.supply.remeasure(seat, event.rtt_ms)
    state.supply.refresh(seat)


def reserved(state: State, event: events.SeatReserved) -> None:
    """SeatReserved."""
    seat = state.seats[event.seat]
    appointment = state.appointments[event.appointment]
    seat.reserved = appointment.id
    appointment.seat = seat.id
    if appointment.hold is not None:
        state.holds.remove(appointment.hold)
        appointment.hold = None
    state.supply.refresh(seat)


def released(state: State, event: events.SeatReleased) -> None:
    """SeatReleased: the appointment, if it is still to come, looks for another seat."""
    seat = state.seats[event.seat]
    seat.reserved = ""
    state.supply.refresh(seat)
    appointment = state.appointments[event.appointment]
    appointment.seat = ""
    if event.reason == "not_available":
        want_seat(state, appointment)


def shift_point(state: State, event: events.ShiftPoint) -> None:
    """ShiftPoint."""
    seat = state.seats[event.seat]
    seat.shift_ms = event.next_ms
    state.timers.set(event.next_ms, Due.SHIFT, 0, "", seat.id)


def _start_idle(state: State, seat: Seat) -> None:
    state.releases += 1
    seat.idle_seq = state.releases
    seat.idle_ms = state.clock_ms


def _set_timers(state: State, seat: Seat, lease_ms: int, shift_ms: int) -> None:
    if lease_ms != NEVER_MS:
        seat.lease_ms = lease_ms
        state.timers.set(lease_ms, Due.SEAT_LEASE, 0, "", seat.id)
    seat.shift_ms = shift_ms
    state.timers.set(shift_ms, Due.SHIFT, 0, "", seat.id)
