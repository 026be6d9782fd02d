"""Calls come, wait, ring and go."""

from __future__ import annotations

from relay.scheduler import events
from relay.scheduler.entities import NEVER_MS, Call
from relay.scheduler.index.due import Due
from relay.scheduler.model import CallPhase
from relay.scheduler.state import State

from .queue import bar, close_call, dequeue, enqueue, index, leave_kiosk, open_call, unbar, unindex
from .seating import let_go, stop_ringing

_OFFERED = CallPhase.OFFERED
_OFFER, _WIDEN = Due.OFFER, Due.WIDEN
_CLOSED_OFFERS = 10_000
_OFFER_MEMORY_MS = 3_600_000


def requested(state: State, event: events.CallRequested) -> None:
    """CallRequested."""
    state.calls_made += 1
    call = Call(event.call, state.calls_made)
    call.key = event.key
    call.kiosk = event.kiosk
    call.item = event.item
    call.region = event.region
    call.kind = event.kind
    call.language = event.language
    call.media = event.media
    call.priority = event.priority
    call.citizen = event.citizen
    call.case = event.case
    call.purpose = event.purpose
    call.parent = event.parent
    call.appointment = event.appointment
    call.enqueued_ms = event.enqueued_ms
    call.virtual_ms = event.virtual_ms
    call.search_ms = event.at_ms
    call.min_level = event.min_level
    call.ring = event.ring
    call.scope = event.scope
    call.level = event.level
    call.widen_ms = event.widen_ms
    call.give_up_ms = event.give_up_ms
    call.sticky = event.sticky
    call.target = event.target
    call.target_until_ms = event.target_until_ms
    open_call(state, call)
    if event.key:
        state.keys.hold(event.key, event.call)
    if event.resumed:
        state.lost.drop(event.resumed)
    for seat in event.barred:
        bar(state, call, seat, NEVER_MS)
    if event.parent:
        talk = state.calls[event.parent].talk
        if talk is not None:
            talk.invitations = (*talk.invitations, call.id)
    if not event.direct:
        enqueue(state, call)


def offered(state: State, event: events.CallOffered) -> None:
    """CallOffered."""
    state.offers_made += 1
    call = state.calls[event.call]
    if call.indexed:
        dequeue(state, call)
    call.phase = _OFFERED
    call.seat = event.seat
    call.offer = event.offer
    call.offered_ms = event.at_ms
    call.deadline_ms = event.deadline_ms
    call.attempts = event.attempt
    state.offers[event.offer] = call
    state.timers.set(event.deadline_ms, _OFFER, call.seq, call.id)
    seat = state.seats[event.seat]
    seat.offer = event.offer
    seat.ringing = event.call
    state.supply.refresh(seat)


def declined(state: State, event: events.OfferDeclined) -> None:
    """OfferDeclined."""
    state.seats[event.seat].unanswered = 0
    _return_offer(state, event.call, event.offer, "declined", event.backoff_ms)


def timed_out(state: State, event: events.OfferTimedOut) -> None:
    """OfferTimedOut."""
    state.seats[event.seat].unanswered = event.unanswered
    _return_offer(state, event.call, event.offer, "timed out", event.backoff_ms)


def withdrawn(state: State, event: events.OfferWithdrawn) -> None:
    """OfferWithdrawn."""
    _return_offer(state, event.call, event.offer, f"withdrawn ({event.reason})", event.backoff_ms)


def widened(state: State, event: events.SearchWidened) -> None:
    """SearchWidened."""
    call = state.calls[event.call]
    unindex(state, call)
    call.ring = event.ring
    call.scope = event.scope
    call.level = event.level
    call.widen_ms = event.widen_ms
    call.target = event.target
    if not event.target:
        call.target_until_ms = NEVER_MS
    state.timers.set(event.widen_ms, _WIDEN, call.seq, call.id)
    index(state, call)


def reprioritised(state: State, event: events.CallReprioritised) -> None:
    """CallReprioritised."""
    call = state.calls[event.call]
    waits = call.indexed
    unindex(state, call)
    call.priority = event.priority
    call.virtual_ms = event.virtual_ms
    if waits:
        index(state, call)


def backoff_ended(state: State, event: events.BackoffEnded) -> None:
    """BackoffEnded."""
    unbar(state, state.calls[event.call], event.seat)


def abandoned(state: State, event: events.CallAbandoned) -> None:
    """CallAbandoned."""
    call = state.calls[event.call]
    if event.resume_until_ms != NEVER_MS:
        state.lost.put(call.id, (call.kiosk, call.citizen, call.enqueued_ms), event.resume_until_ms)
        state.lost.forget(state.clock_ms, state.settings.max_keys)
    _leave_queue(state, call)


def deflected(state: State, event: events.CallDeflected) -> None:
    """CallDeflected."""
    _leave_queue(state, state.calls[event.call])


def requeued(state: State, event: events.CallRequeued) -> None:
    """CallRequeued."""
    call = state.calls[event.call]
    for name in (event.seat, *event.others):
        let_go(state, name, call, NEVER_MS)
    call.talk = None
    call.revision = event.revision
    call.seat = ""
    call.deadline_ms = NEVER_MS
    if event.backoff_ms != NEVER_MS:
        bar(state, call, event.seat, event.backoff_ms)
    enqueue(state, call)


def kiosk_seen(state: State, event: events.KioskLeaseRenewed) -> None:
    """KioskLeaseRenewed."""
    kiosk = state.kiosks[event.kiosk]
    kiosk.lease_ms = event.lease_ms
    state.timers.set(event.lease_ms, Due.KIOSK_LEASE, 0, "", kiosk.id)


def kiosk_silent(state: State, event: events.KioskSilent) -> None:
    """KioskSilent: what is left of its calls needs no kiosk."""
    kiosk = state.kiosks.get(event.kiosk)
    if kiosk is not None:
        kiosk.lease_ms = NEVER_MS


def _return_offer(state: State, name: str, offer: str, how: str, backoff_ms: int) -> None:
    call = state.calls[name]
    del state.offers[offer]
    state.closed_offers.put(offer, how, state.clock_ms + _OFFER_MEMORY_MS)
    state.closed_offers.forget(state.clock_ms, _CLOSED_OFFERS)
    seat = state.seats.get(call.seat)
    if seat is not None:
        stop_ringing(state, seat)
    if backoff_ms != NEVER_MS:
        bar(state, call, call.seat, backoff_ms)
    call.seat = ""
    call.offer = ""
    call.deadline_ms = NEVER_MS
    enqueue(state, call)


def _leave_queue(state: State, call: Call) -> None:
    dequeue(state, call)
    leave_kiosk(state, call)
    if call.wrapping:
        call.phase = CallPhase.WRAP_UP
    else:
        close_call(state, call)
