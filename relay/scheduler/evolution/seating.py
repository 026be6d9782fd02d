"""How a seat takes and lets go of calls; shared by all events that do so."""

from __future__ import annotations

from relay.scheduler.entities import NEVER_MS, Call, Seat
from relay.scheduler.index.due import Due
from relay.scheduler.model import Role
from relay.scheduler.state import State

_WRAP_UP = Due.WRAP_UP


def stop_ringing(state: State, seat: Seat) -> None:
    """The seat's offer is over."""
    seat.offer = ""
    seat.ringing = ""
    state.supply.refresh(seat)


def take(state: State, seat: Seat, call: str, role: Role) -> None:
    """The seat is in the conversation; its offer, if any, is over, and it has answered."""
    seat.offer = ""
    seat.ringing = ""
    seat.unanswered = 0
    if seat.busy_from_ms == NEVER_MS:
        seat.busy_from_ms = state.clock_ms
    seat.calls[call] = role
    state.supply.refresh(seat)


def let_go(state: State, name: str, call: Call, wrap_until_ms: int) -> None:
    """The seat is out of the conversation, and wraps it up unless that is NEVER_MS; it may be offline already."""
    seat = state.seats.get(name)
    if seat is None or seat.calls.pop(call.id, None) is None:
        return
    if wrap_until_ms == NEVER_MS:
        rest(state, seat)
        return
    seat.wraps[call.id] = (state.clock_ms, wrap_until_ms)
    call.wrapping += 1
    if wrap_until_ms:
        state.timers.set(wrap_until_ms, _WRAP_UP, call.seq, call.id, seat.id)
    state.supply.refresh(seat)


def rest(state: State, seat: Seat) -> None:
    """The seat has let something go: its idle time starts anew, its occupancy is taken stock of."""
    state.releases += 1
    seat.idle_seq = state.releases
    seat.idle_ms = state.clock_ms
    if not seat.calls and not seat.wraps and seat.busy_from_ms != NEVER_MS:
        seat.busy_ms += state.clock_ms - seat.busy_from_ms
        seat.busy_from_ms = NEVER_MS
        online_ms = state.clock_ms - seat.login_ms
        if online_ms > 0:
            state.supply.reoccupy(seat, 10 * seat.busy_ms // online_ms)
    state.supply.refresh(seat)
