"""What happens when time is up: one function per kind of timer."""

from __future__ import annotations

from collections.abc import Callable

from relay.scheduler.draft import Choice, Draft
from relay.scheduler.entities import NEVER_MS, Call
from relay.scheduler.events import BackoffEnded, CallbackRetried, KioskSilent, ShiftPoint, WrapUpFinished
from relay.scheduler.index.due import Due, Timer
from relay.scheduler.model import Party, Presence

from . import appointments, conversation, offers, queue, releases, seats


def fire(draft: Draft, timer: Timer) -> None:
    """Decide what `timer`, which is alive, was set for."""
    _FIRE[timer[1]](draft, timer)


def _call(draft: Draft, timer: Timer) -> Call:
    return draft.state.calls[timer[3]]


def _seat_lease(draft: Draft, timer: Timer) -> None:
    releases.lose_seat(draft, draft.state.seats[timer[4]], "lease_expired")


def _kiosk_lease(draft: Draft, timer: Timer) -> None:
    """All calls of a kiosk that fell silent; those that are called back do not need it."""
    state = draft.state
    kiosk = state.kiosks[timer[4]]
    for name in kiosk.calls:
        call = state.calls[name]
        if not call.contact:
            conversation.lose_citizen(draft, call)
    draft.events.append(KioskSilent(draft.at_ms, kiosk.id))


def _offer(draft: Draft, timer: Timer) -> None:
    offers.time_out(draft, _call(draft, timer))


def _ring_back(draft: Draft, timer: Timer) -> None:
    queue.unanswered(draft, _call(draft, timer), "timed_out")


def _connect(draft: Draft, timer: Timer) -> None:
    conversation.lose_media(draft, _call(draft, timer), "not_connected")


def _wrap_up(draft: Draft, timer: Timer) -> None:
    seat = draft.state.seats[timer[4]]
    since_ms, _ = seat.wraps[timer[3]]
    draft.events.append(WrapUpFinished(draft.at_ms, timer[3], seat.id, "", Party.ENGINE, draft.at_ms - since_ms))
    draft.free(seat.id)


def _target(draft: Draft, timer: Timer) -> None:
    releases.untarget(draft, _call(draft, timer))


def _widen(draft: Draft, timer: Timer) -> None:
    queue.widen(draft, _call(draft, timer))


def _backoff(draft: Draft, timer: Timer) -> None:
    call = _call(draft, timer)
    draft.events.append(BackoffEnded(draft.at_ms, call.id, timer[4]))
    seat = draft.state.seats.get(timer[4])
    if seat is None or not seat.available or not call.indexed or call.target:
        return
    if draft.state.supply.eligible(draft.state.waiting.line_of(call)).has(seat.index):
        draft.offer(
            call.id, call.attempts + 1, call.enqueued_ms, call.virtual_ms, Choice(seat, "backoff_ended", 1, (seat.id,))
        )


def _retry(draft: Draft, timer: Timer) -> None:
    call = _call(draft, timer)
    draft.events.append(CallbackRetried(draft.at_ms, call.id))
    draft.requeue(call, "", call.target)


def _give_up(draft: Draft, timer: Timer) -> None:
    queue.give_up(draft, _call(draft, timer))


def _shift(draft: Draft, timer: Timer) -> None:
    """The shift ends: drain. A planned break begins: pause. It is over: say so."""
    seat = draft.state.seats[timer[4]]
    shift = seat.shift
    if shift is None:
        return
    if timer[0] >= shift.end_ms:
        draft.events.append(ShiftPoint(draft.at_ms, seat.id, "shift_end", NEVER_MS))
        seats.drain(draft, seat, "shift_end")
        return
    begins = any(pause.start_ms == timer[0] for pause in shift.breaks)
    what = "break_begins" if begins else "break_over"
    draft.events.append(ShiftPoint(draft.at_ms, seat.id, what, seats.shift_ms(shift, timer[0])))
    if begins and seat.presence is Presence.READY:
        seats.pause(draft, seat, "planned")


def _lookahead(draft: Draft, timer: Timer) -> None:
    appointments.due(draft, draft.state.appointments[timer[3]])


def _missed(draft: Draft, timer: Timer) -> None:
    appointments.missed(draft, draft.state.appointments[timer[3]])


def _forget(draft: Draft, timer: Timer) -> None:
    appointments.forget(draft, draft.state.appointments[timer[3]])


_FIRE: dict[Due, Callable[[Draft, Timer], None]] = {
    Due.SEAT_LEASE: _seat_lease,
    Due.KIOSK_LEASE: _kiosk_lease,
    Due.OFFER: _offer,
    Due.RING_BACK: _ring_back,
    Due.CONNECT: _connect,
    Due.WRAP_UP: _wrap_up,
    Due.TARGET: _target,
    Due.WIDEN: _widen,
    Due.BACKOFF: _backoff,
    Due.RETRY: _retry,
    Due.GIVE_UP: _give_up,
    Due.SHIFT: _shift,
    Due.LOOKAHEAD: _lookahead,
    Due.MISSED: _missed,
    Due.FORGET: _forget,
}
