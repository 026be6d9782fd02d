"""Call detail records: one line per call, folded from its events, complete when the call leaves the engine."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec

from relay.scheduler import events
from relay.scheduler.events import AnyEvent
from relay.scheduler.model import Kind, Purpose

NOT_YET_MS = -1


class Outcome(StrEnum):
    """How a call ended for the citizen."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    """The citizen (or the loss of the kiosk) ended it before a seat took it."""
    DEFLECTED = "deflected"
    """The engine gave it up: closing time, longest wait, item retired."""


class CallRecord(msgspec.Struct, frozen=True):
    """Everything a report or an invoice needs to know of one call. Times are engine milliseconds, -1: never."""

    call: str
    purpose: Purpose
    """Invitations of a consult or conference are calls of their own."""
    outcome: Outcome
    reason: str
    kiosk: str
    item: str
    region: str
    kind: Kind
    language: str
    priority: str
    appointment: str
    enqueued_ms: int
    answered_ms: int
    closed_ms: int
    waited_ms: int
    """Until the first answer, or in vain; of an appointment from its slot, as the engine counts it."""
    setup_ms: int
    """From the first acceptance to flowing media; -1: never confirmed."""
    talk_ms: int
    hold_ms: int
    """Part of the talk."""
    wrap_up_ms: int
    """Of all its seats."""
    disposition: str
    seats: tuple[str, ...]
    """Responsible seats, in order."""
    offers: int
    declined: int
    timed_out: int
    withdrawn: int
    requeued: int
    transfers: int
    """Cold and warm."""
    ring: int
    """How far its search had widened when it was answered or given up."""


@dataclass(slots=True)
class OpenCall:
    """A record in the making."""

    requested: events.CallRequested
    priority: str
    ring: int
    answered_ms: int = NOT_YET_MS
    waited_ms: int = 0
    setup_ms: int = NOT_YET_MS
    talk_ms: int = 0
    talking_since_ms: int = NOT_YET_MS
    hold_ms: int = 0
    held_since_ms: int = NOT_YET_MS
    wrap_up_ms: int = 0
    wrapping: set[str] = field(default_factory=set)
    ended: bool = False
    disposition: str = ""
    reason: str = ""
    seats: list[str] = field(default_factory=list)
    offers: int = 0
    declined: int = 0
    timed_out: int = 0
    withdrawn: int = 0
    requeued: int = 0
    transfers: int = 0

    def talk_until(self, at_ms: int) -> None:
        """The conversation pauses or is over."""
        self.hold_until(at_ms)
        if self.talking_since_ms != NOT_YET_MS:
            self.talk_ms += at_ms - self.talking_since_ms
            self.talking_since_ms = NOT_YET_MS

    def hold_until(self, at_ms: int) -> None:
        """The citizen is heard again."""
        if self.held_since_ms != NOT_YET_MS:
            self.hold_ms += at_ms - self.held_since_ms
            self.held_since_ms = NOT_YET_MS

    def answer(self, seat: str, at_ms: int, waited_ms: int) -> None:
        """A seat took the call."""
        if self.answered_ms == NOT_YET_MS:
            self.answered_ms, self.waited_ms = at_ms, waited_ms
        self.seats.append(seat)
        self.talking_since_ms = at_ms

    def wrap(self, seat: str, until_ms: int) -> None:
        """The seat begins its notes, unless there are none to write."""
        if until_ms != events.NEVER_MS:
            self.wrapping.add(seat)

    def record(self, outcome: Outcome, at_ms: int) -> CallRecord:
        """The finished record."""
        asked = self.requested
        return CallRecord(
            call=asked.call,
            purpose=asked.purpose,
            outcome=outcome,
            reason=self.reason,
            kiosk=asked.kiosk,
            item=asked.item,
            region=asked.region,
            kind=asked.kind,
            language=asked.language,
            priority=self.priority,
            appointment=asked.appointment,
            enqueued_ms=asked.enqueued_ms,
            answered_ms=self.answered_ms,
            closed_ms=at_ms,
            waited_ms=self.waited_ms,
            setup_ms=self.setup_ms,
            talk_ms=self.talk_ms,
            hold_ms=self.hold_ms,
            wrap_up_ms=self.wrap_up_ms,
            disposition=self.disposition,
            seats=tuple(self.seats),
            offers=self.offers,
            declined=self.declined,
            timed_out=self.timed_out,
            withdrawn=self.withdrawn,
            requeued=self.requeued,
            transfers=self.transfers,
            ring=self.ring,
        )


class CallRecorder:
    """Feed it every event in order; it knows the calls that are open, and returns a record when one closes."""

    def __init__(self) -> None:
        self.open: dict[str, OpenCall] = {}

    def observe(self, event: AnyEvent) -> CallRecord | None:
        """The record that this event completes. Events of calls it never saw begin are passed over."""
        if type(event) is events.CallRequested:
            self.open[event.call] = OpenCall(event, event.priority, event.ring)
            return None
        fold = _FOLDS.get(type(event))
        if fold is None:
            return None
        call = self.open.get(_call_of(event))
        outcome = fold(call, event) if call is not None else None
        if call is None or outcome is None:
            return None
        del self.open[call.requested.call]
        return call.record(outcome, event.at_ms)


def _call_of(event: Any) -> str:
    """The call an event is about; joining ends the invitation, not the conversation."""
    name: str = event.invitation if type(event) is events.SeatJoined else event.call
    return name


def _widened(call: OpenCall, event: events.SearchWidened) -> None:
    call.ring = event.ring


def _reprioritised(call: OpenCall, event: events.CallReprioritised) -> None:
    call.priority = event.priority


def _offered(call: OpenCall, _: events.CallOffered) -> None:
    call.offers += 1


def _declined(call: OpenCall, _: events.OfferDeclined) -> None:
    call.declined += 1


def _timed_out(call: OpenCall, _: events.OfferTimedOut) -> None:
    call.timed_out += 1


def _withdrawn(call: OpenCall, _: events.OfferWithdrawn) -> None:
    call.withdrawn += 1


def _abandoned(call: OpenCall, event: events.CallAbandoned) -> Outcome | None:
    return _given_up(call, event, Outcome.ABANDONED)


def _deflected(call: OpenCall, event: events.CallDeflected) -> Outcome | None:
    return _given_up(call, event, Outcome.DEFLECTED)


def _given_up(call: OpenCall, event: events.CallAbandoned | events.CallDeflected, outcome: Outcome) -> Outcome | None:
    """A call that was answered once, then transferred or lost, was still answered; its seats may be writing notes."""
    call.reason = event.reason
    if call.answered_ms == NOT_YET_MS:
        call.waited_ms = event.waited_ms
        return outcome
    call.ended = True
    return None if call.wrapping else Outcome.ANSWERED


def _accepted(call: OpenCall, event: events.CallAccepted) -> None:
    call.answer(event.seat, event.at_ms, event.waited_ms)


def _callback_started(call: OpenCall, event: events.CallbackStarted) -> None:
    call.waited_ms = event.waited_ms


def _callback_answered(call: OpenCall, event: events.CallbackAnswered) -> None:
    call.answer(event.seat, event.at_ms, call.waited_ms)


def _joined(call: OpenCall, event: events.SeatJoined) -> Outcome:
    call.answer(event.seat, event.at_ms, event.waited_ms)
    return Outcome.ANSWERED


def _connected(call: OpenCall, event: events.CallConnected) -> None:
    if call.setup_ms == NOT_YET_MS:
        call.setup_ms = event.setup_ms


def _held(call: OpenCall, event: events.CallHeld) -> None:
    call.held_since_ms = event.at_ms


def _resumed(call: OpenCall, event: events.CallResumed) -> None:
    call.hold_until(event.at_ms)


def _transferred(call: OpenCall, event: events.CallTransferred) -> None:
    call.talk_until(event.at_ms)
    call.transfers += 1
    call.wrap(event.seat, event.wrap_until_ms)


def _handed_over(call: OpenCall, event: events.CallHandedOver) -> None:
    call.hold_until(event.at_ms)
    call.transfers += 1
    call.seats.append(event.to)
    call.wrap(event.seat, event.wrap_until_ms)


def _requeued(call: OpenCall, event: events.CallRequeued) -> None:
    call.talk_until(event.at_ms)
    call.requeued += 1


def _ended(call: OpenCall, event: events.CallEnded) -> Outcome | None:
    call.talk_until(event.at_ms)
    call.reason = event.reason
    call.ended = True
    call.wrap(event.seat, event.wrap_until_ms)
    return None if call.wrapping else _closed_as(call)


def _wrapped_up(call: OpenCall, event: events.WrapUpFinished) -> Outcome | None:
    call.wrapping.discard(event.seat)
    call.wrap_up_ms += event.wrap_up_ms
    call.disposition = event.disposition or call.disposition
    return _closed_as(call) if call.ended and not call.wrapping else None


def _closed_as(call: OpenCall) -> Outcome:
    """A callback that ends while the citizen is being rung was never answered."""
    return Outcome.ANSWERED if call.answered_ms != NOT_YET_MS else Outcome.ABANDONED


_FOLDS: dict[type[events.Event], Callable[[OpenCall, Any], Outcome | None]] = {
    events.SearchWidened: _widened,
    events.CallReprioritised: _reprioritised,
    events.CallOffered: _offered,
    events.OfferDeclined: _declined,
    events.OfferTimedOut: _timed_out,
    events.OfferWithdrawn: _withdrawn,
    events.CallAbandoned: _abandoned,
    events.CallDeflected: _deflected,
    events.CallAccepted: _accepted,
    events.CallbackStarted: _callback_started,
    events.CallbackAnswered: _callback_answered,
    events.SeatJoined: _joined,
    events.CallConnected: _connected,
    events.CallHeld: _held,
    events.CallResumed: _resumed,
    events.CallTransferred: _transferred,
    events.CallHandedOver: _handed_over,
    events.CallRequeued: _requeued,
    events.CallEnded: _ended,
    events.WrapUpFinished: _wrapped_up,
}
