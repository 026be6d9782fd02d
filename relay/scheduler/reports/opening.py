"""A history for observers that begin in the middle: the events that would have led to a state as it is.

After a restart, a report or a forecast has missed what the snapshot holds. Told these events first, it knows the seats
on duty and the calls that are open; what it counts of them never happened a second time (see `Report.resumed_at` and
`WaitForecast.begin_anew`).
"""

from collections.abc import Iterator

from relay.scheduler import events
from relay.scheduler.entities import Call, Seat
from relay.scheduler.events import NEVER_MS, AnyEvent
from relay.scheduler.lifecycle import LIVE
from relay.scheduler.model import CallPhase, Party, Presence
from relay.scheduler.state import State


def opening_events(state: State) -> Iterator[AnyEvent]:
    """Seats log in with the notes they write, then calls come, oldest first. Calls that only wrap up are left out."""
    for seat in state.seats.values():
        yield from _seat(seat)
    for call in sorted(state.calls.values(), key=lambda call: (call.enqueued_ms, call.seq)):
        if call.phase in LIVE:
            yield from _call(call)


def _seat(seat: Seat) -> Iterator[AnyEvent]:
    at_ms = seat.login_ms
    yield events.SeatLoggedIn(at_ms, seat.id, seat.profile.value, seat.shift, seat.lease_ms)
    if seat.presence is Presence.READY:
        yield events.SeatReady(at_ms, seat.id)
    elif seat.presence is Presence.DRAINING:
        yield events.SeatDraining(at_ms, seat.id, seat.reason)
    if seat.reserved:
        yield events.SeatReserved(at_ms, seat.id, seat.reserved, NEVER_MS, 0, 0)
    for call, (since_ms, until_ms) in seat.wraps.items():
        yield events.CallEnded(since_ms, call, "", seat.id, Party.ENGINE, "", 0, until_ms)


def _call(call: Call) -> Iterator[AnyEvent]:
    yield events.CallRequested(
        call.enqueued_ms,
        call=call.id,
        key=call.key,
        kiosk=call.kiosk,
        item=call.item,
        region=call.region,
        kind=call.kind,
        language=call.language,
        media=call.media,
        priority=call.priority,
        citizen=call.citizen,
        case=call.case,
        enqueued_ms=call.enqueued_ms,
        virtual_ms=call.virtual_ms,
        min_level=call.min_level,
        ring=call.ring,
        scope=call.scope,
        level=call.level,
        widen_ms=call.widen_ms,
        direct=call.phase not in (CallPhase.WAITING, CallPhase.OFFERED),
        purpose=call.purpose,
        parent=call.parent,
        appointment=call.appointment,
    )
    if call.phase is CallPhase.OFFERED:
        waited_ms = call.offered_ms - call.enqueued_ms
        yield events.CallOffered(
            call.offered_ms,
            call=call.id,
            seat=call.seat,
            offer=call.offer,
            deadline_ms=call.deadline_ms,
            attempt=call.attempts,
            waited_ms=waited_ms,
            virtual_ms=call.virtual_ms,
            rule="",
        )
    elif call.phase is CallPhase.CALLING_BACK:
        at_ms, waited_ms = call.offered_ms, call.offered_ms - call.enqueued_ms
        yield events.CallbackStarted(
            at_ms, call.id, call.seat, call.offer, call.contact, waited_ms, call.callbacks, call.deadline_ms
        )
    elif call.talk is not None:
        at_ms, waited_ms = call.talk.accepted_ms, call.talk.accepted_ms - call.enqueued_ms
        yield events.CallAccepted(at_ms, call.id, call.seat, call.offer, call.kiosk, waited_ms, call.revision)
        for other in call.talk.others:
            role, parties = other.role, call.participants()
            yield events.SeatJoined(at_ms, call.id, other.who, "", "", role, 0, parties, call.revision)
