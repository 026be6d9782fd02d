"""Which timers still mean something: the owner is there and waits for just this moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .entities import Appointment, Call
from .index.timers import Due, Timer
from .lifecycle import CONNECTED
from .model import AppointmentPhase, CallPhase

if TYPE_CHECKING:
    from .state import State

_WAITING, _OFFERED = CallPhase.WAITING, CallPhase.OFFERED
_CALLING_BACK = CallPhase.CALLING_BACK


def alive(state: State, timer: Timer) -> bool:
    """Whether firing `timer` would decide something."""
    kind = timer[1]
    about_call = _CALL.get(kind)
    if about_call is not None:
        call = state.calls.get(timer[3])
        return call is not None and about_call(call, timer)
    about_appointment = _APPOINTMENT.get(kind)
    if about_appointment is not None:
        appointment = state.appointments.get(timer[3])
        return appointment is not None and about_appointment(appointment, timer[0])
    return _PLACE[kind](state, timer)


def _seat_lease(state: State, timer: Timer) -> bool:
    seat = state.seats.get(timer[4])
    return seat is not None and seat.lease_ms == timer[0]


def _kiosk_lease(state: State, timer: Timer) -> bool:
    kiosk = state.kiosks.get(timer[4])
    return kiosk is not None and kiosk.lease_ms == timer[0]


def _wrap_up(state: State, timer: Timer) -> bool:
    seat = state.seats.get(timer[4])
    return seat is not None and timer[3] in seat.wraps and seat.wraps[timer[3]][1] == timer[0]


def _shift(state: State, timer: Timer) -> bool:
    seat = state.seats.get(timer[4])
    return seat is not None and seat.shift_ms == timer[0]


def _offer(call: Call, timer: Timer) -> bool:
    return call.phase is _OFFERED and call.deadline_ms == timer[0]


def _ring_back(call: Call, timer: Timer) -> bool:
    return call.phase is _CALLING_BACK and call.deadline_ms == timer[0]


def _connect(call: Call, timer: Timer) -> bool:
    talk = call.talk
    return talk is not None and not talk.connected and call.phase in CONNECTED and call.deadline_ms == timer[0]


def _target(call: Call, timer: Timer) -> bool:
    return call.phase is _WAITING and bool(call.target) and call.target_until_ms == timer[0]


def _widen(call: Call, timer: Timer) -> bool:
    return call.phase is _WAITING and call.widen_ms == timer[0]


def _backoff(call: Call, timer: Timer) -> bool:
    return call.barred is not None and call.barred.get(timer[4]) == timer[0]


def _retry(call: Call, timer: Timer) -> bool:
    return call.phase is _WAITING and call.retry_ms == timer[0]


def _give_up(call: Call, timer: Timer) -> bool:
    return call.phase is _WAITING and call.give_up_ms == timer[0]


def _lookahead(appointment: Appointment, due_ms: int) -> bool:
    booked = appointment.phase is AppointmentPhase.BOOKED
    return booked and not appointment.due and appointment.lookahead_ms == due_ms


def _missed(appointment: Appointment, due_ms: int) -> bool:
    return appointment.phase is AppointmentPhase.BOOKED and appointment.missed_ms == due_ms


def _forget(appointment: Appointment, due_ms: int) -> bool:
    return appointment.forget_ms == due_ms


_PLACE: dict[Due, Callable[[State, Timer], bool]] = {
    Due.SEAT_LEASE: _seat_lease,
    Due.KIOSK_LEASE: _kiosk_lease,
    Due.WRAP_UP: _wrap_up,
    Due.SHIFT: _shift,
}
_CALL: dict[Due, Callable[[Call, Timer], bool]] = {
    Due.OFFER: _offer,
    Due.RING_BACK: _ring_back,
    Due.CONNECT: _connect,
    Due.TARGET: _target,
    Due.WIDEN: _widen,
    Due.BACKOFF: _backoff,
    Due.RETRY: _retry,
    Due.GIVE_UP: _give_up,
}
_APPOINTMENT: dict[Due, Callable[[Appointment, int], bool]] = {
    Due.LOOKAHEAD: _lookahead,
    Due.MISSED: _missed,
    Due.FORGET: _forget,
}
