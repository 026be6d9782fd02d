"""Which timers still mean something: the owner is there and waits for just this moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .entities import Appointment, Call
from .index.due import Due
from .lifecycle import CONNECTED
from .model import AppointmentPhase, CallPhase

if TYPE_CHECKING:
    from .state import State

_SEAT_LEASE, _KIOSK_LEASE, _WRAP_UP, _SHIFT = Due.SEAT_LEASE, Due.KIOSK_LEASE, Due.WRAP_UP, Due.SHIFT
_OFFER, _RING_BACK, _CONNECT, _BACKOFF = Due.OFFER, Due.RING_BACK, Due.CONNECT, Due.BACKOFF
_WIDEN, _TARGET, _RETRY, _GIVE_UP = Due.WIDEN, Due.TARGET, Due.RETRY, Due.GIVE_UP
_LOOKAHEAD, _MISSED = Due.LOOKAHEAD, Due.MISSED
_WAITING, _OFFERED, _CALLING_BACK = CallPhase.WAITING, CallPhase.OFFERED, CallPhase.CALLING_BACK
_BOOKED = AppointmentPhase.BOOKED


def alive(state: State, due_ms: int, kind: int, owner: str, place: str) -> bool:
    """Whether firing this timer, of a call or appointment, at a seat or kiosk, would decide something."""
    if kind >= _LOOKAHEAD:
        appointment = state.appointments.get(owner)
        return appointment is not None and _of_appointment(appointment, due_ms, kind)
    if kind <= _KIOSK_LEASE or kind in (_WRAP_UP, _SHIFT):
        return _at_place(state, due_ms, kind, owner, place)
    call = state.calls.get(owner)
    if call is None:
        return False
    if kind in (_TARGET, _WIDEN, _RETRY, _GIVE_UP):
        return _of_waiting(call, due_ms, kind)
    return _of_call(call, due_ms, kind, place)


def _at_place(state: State, due_ms: int, kind: int, owner: str, place: str) -> bool:
    if kind == _KIOSK_LEASE:
        kiosk = state.kiosks.get(place)
        return kiosk is not None and kiosk.lease_ms == due_ms
    seat = state.seats.get(place)
    if seat is None:
        return False
    if kind == _WRAP_UP:
        wrap = seat.wraps.get(owner)
        return wrap is not None and wrap[1] == due_ms
    return (seat.lease_ms if kind == _SEAT_LEASE else seat.shift_ms) == due_ms


def _of_waiting(call: Call, due_ms: int, kind: int) -> bool:
    if call.phase is not _WAITING:
        return False
    if kind == _WIDEN:
        return call.widen_ms == due_ms
    if kind == _TARGET:
        return call.target != "" and call.target_until_ms == due_ms
    return (call.retry_ms if kind == _RETRY else call.give_up_ms) == due_ms


def _of_call(call: Call, due_ms: int, kind: int, place: str) -> bool:
    if kind == _BACKOFF:
        return call.barred is not None and call.barred.get(place) == due_ms
    if call.deadline_ms != due_ms:
        return False
    if kind == _CONNECT:
        talk = call.talk
        return talk is not None and not talk.connected and call.phase in CONNECTED
    return call.phase is (_OFFERED if kind == _OFFER else _CALLING_BACK)


def _of_appointment(appointment: Appointment, due_ms: int, kind: int) -> bool:
    booked = appointment.phase is _BOOKED
    if kind == _LOOKAHEAD:
        return booked and not appointment.due and appointment.lookahead_ms == due_ms
    if kind == _MISSED:
        return booked and appointment.missed_ms == due_ms
    return appointment.forget_ms == due_ms
