"""What the world must do because of an event. Derived from events alone; carrying one out twice does nothing new.

`id` is the same whenever the same event is looked at again: after a restart, effects of the last events may come a
second time, and whoever carries them out forgets repeated ids. `ConnectMedia` states the whole conversation, so a newer
`revision` replaces an older one.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from . import events
from .model import Participant, Role


class Effect(msgspec.Struct, frozen=True, gc=False, tag=True):
    """What all effects share."""

    id: str


class Ring(Effect, frozen=True):
    """Show the offer at the seat until the deadline."""

    seat: str
    offer: str
    call: str
    deadline_ms: int


class StopRinging(Effect, frozen=True):
    """The offer is over at this seat (`reason`: accepted, declined, timed_out, or why it was withdrawn)."""

    seat: str
    offer: str
    call: str
    reason: str


class RingBack(Effect, frozen=True):
    """Ring the citizen of a callback at `contact` until the deadline."""

    call: str
    contact: str
    deadline_ms: int


class ConnectMedia(Effect, frozen=True):
    """These, and only these, are in the conversation, in these roles (`Role` says who hears whom)."""

    call: str
    participants: tuple[Participant, ...]
    revision: int


class DisconnectMedia(Effect, frozen=True):
    """Nobody is in the conversation any more."""

    call: str


class Notify(Effect, frozen=True):
    """Tell a kiosk, seat or supervisor (`to`) what became of the call; `topic` is the event's name in snake case."""

    to: str
    topic: str
    call: str
    detail: str = ""


AnyEffect = Ring | StopRinging | RingBack | ConnectMedia | DisconnectMedia | Notify
"""For decoders: `msgspec.json.Decoder(AnyEffect)`."""


def effects_of(event: events.Event) -> tuple[AnyEffect, ...]:
    """The effects of one event, in the order in which they are to be carried out."""
    derive = _EFFECTS.get(type(event))
    return derive(event) if derive else ()


def _notify(to: str, topic: str, call: str, at_ms: int, detail: str = "") -> Notify:
    return Notify(f"{call or to}:{topic}:{to}:{at_ms}", to, topic, call, detail)


def _requested(event: events.CallRequested) -> tuple[AnyEffect, ...]:
    if event.direct or event.parent:
        return ()
    return (_notify(event.kiosk, "queued", event.call, event.at_ms),)


def _offered(event: events.CallOffered) -> tuple[AnyEffect, ...]:
    return (Ring(f"{event.offer}:ring", event.seat, event.offer, event.call, event.deadline_ms),)


def _stop(event: Any, reason: str) -> StopRinging:
    return StopRinging(f"{event.offer}:stop", event.seat, event.offer, event.call, reason)


def _declined(event: events.OfferDeclined) -> tuple[AnyEffect, ...]:
    return (_stop(event, "declined"),)


def _timed_out(event: events.OfferTimedOut) -> tuple[AnyEffect, ...]:
    return (_stop(event, "timed_out"),)


def _withdrawn(event: events.OfferWithdrawn) -> tuple[AnyEffect, ...]:
    return (_stop(event, event.reason),)


def _abandoned(event: events.CallAbandoned) -> tuple[AnyEffect, ...]:
    return (_notify(event.kiosk, "abandoned", event.call, event.at_ms, event.reason),)


def _deflected(event: events.CallDeflected) -> tuple[AnyEffect, ...]:
    return (_notify(event.kiosk, "deflected", event.call, event.at_ms, event.reason),)


def _connect(call: str, participants: tuple[Participant, ...], revision: int) -> ConnectMedia:
    return ConnectMedia(f"{call}:media:{revision}", call, participants, revision)


def _pair(kiosk: str, seat: str) -> tuple[Participant, ...]:
    return (Participant(kiosk, Role.CITIZEN), Participant(seat, Role.AGENT))


def _accepted(event: events.CallAccepted) -> tuple[AnyEffect, ...]:
    return (_stop(event, "accepted"), _connect(event.call, _pair(event.kiosk, event.seat), event.revision))


def _reconnected(event: Any) -> tuple[AnyEffect, ...]:
    return (_connect(event.call, event.participants, event.revision),)


def _joined(event: events.SeatJoined) -> tuple[AnyEffect, ...]:
    stop = StopRinging(f"{event.offer}:stop", event.seat, event.offer, event.invitation, "accepted")
    return (stop, _connect(event.call, event.participants, event.revision))


def _handed_over(event: events.CallHandedOver) -> tuple[AnyEffect, ...]:
    return (
        _connect(event.call, event.participants, event.revision),
        _notify(event.seat, "wrap_up", event.call, event.at_ms),
        _notify(event.to, "responsible", event.call, event.at_ms),
    )


def _left(event: events.SeatLeft) -> tuple[AnyEffect, ...]:
    return (
        _connect(event.call, event.participants, event.revision),
        _notify(event.seat, "left", event.call, event.at_ms, event.reason),
    )


def _requeued(event: events.CallRequeued) -> tuple[AnyEffect, ...]:
    return (
        DisconnectMedia(f"{event.call}:media:{event.revision}", event.call),
        _notify(event.kiosk, "queued", event.call, event.at_ms, event.reason),
        *(_notify(seat, "released", event.call, event.at_ms, event.reason) for seat in (event.seat, *event.others)),
    )


def _transferred(event: events.CallTransferred) -> tuple[AnyEffect, ...]:
    return (
        DisconnectMedia(f"{event.call}:media:{event.revision}", event.call),
        _notify(event.kiosk, "queued", event.call, event.at_ms, "transfer"),
        _notify(event.seat, "wrap_up", event.call, event.at_ms),
        *(_notify(seat, "released", event.call, event.at_ms, "transfer") for seat in event.others),
    )


def _ended(event: events.CallEnded) -> tuple[AnyEffect, ...]:
    return (
        DisconnectMedia(f"{event.call}:media:end", event.call),
        _notify(event.kiosk, "ended", event.call, event.at_ms, event.reason),
        *(_notify(seat, "ended", event.call, event.at_ms, event.reason) for seat in (event.seat, *event.others)),
    )


def _ring_back(event: events.CallbackStarted) -> tuple[AnyEffect, ...]:
    ring = RingBack(f"{event.call}:ring_back:{event.attempt}", event.call, event.contact, event.deadline_ms)
    return (_stop(event, "accepted"), ring)


def _ring_back_answered(event: events.CallbackAnswered) -> tuple[AnyEffect, ...]:
    moved = (_notify(event.left, "moved", event.call, event.at_ms, "answered-elsewhere"),) if event.left else ()
    return (_connect(event.call, _pair(event.kiosk, event.seat), event.revision), *moved)


def _ring_back_failed(event: events.CallbackFailed) -> tuple[AnyEffect, ...]:
    return (_notify(event.seat, "callback_failed", event.call, event.at_ms, event.reason),)


def _on_break(event: events.SeatOnBreak) -> tuple[AnyEffect, ...]:
    return (_notify(event.seat, "on_break", "", event.at_ms, event.reason),)


def _shift_point(event: events.ShiftPoint) -> tuple[AnyEffect, ...]:
    return (_notify(event.seat, event.what, "", event.at_ms),)


def _logged_out(event: events.SeatLoggedOut) -> tuple[AnyEffect, ...]:
    return (_notify(event.seat, "logged_out", "", event.at_ms, event.reason),)


_EFFECTS: dict[type[events.Event], Callable[[Any], tuple[AnyEffect, ...]]] = {
    events.CallRequested: _requested,
    events.CallOffered: _offered,
    events.OfferDeclined: _declined,
    events.OfferTimedOut: _timed_out,
    events.OfferWithdrawn: _withdrawn,
    events.CallAbandoned: _abandoned,
    events.CallDeflected: _deflected,
    events.CallRequeued: _requeued,
    events.CallAccepted: _accepted,
    events.CallHeld: _reconnected,
    events.CallResumed: _reconnected,
    events.CallTransferred: _transferred,
    events.SeatJoined: _joined,
    events.RolesChanged: _reconnected,
    events.CallHandedOver: _handed_over,
    events.SeatLeft: _left,
    events.CallEnded: _ended,
    events.CallbackStarted: _ring_back,
    events.CallbackAnswered: _ring_back_answered,
    events.CallbackFailed: _ring_back_failed,
    events.SeatOnBreak: _on_break,
    events.ShiftPoint: _shift_point,
    events.SeatLoggedOut: _logged_out,
}
