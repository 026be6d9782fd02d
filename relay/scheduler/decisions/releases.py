"""What must end, and what lives on, when a seat or a conversation is let go."""

from __future__ import annotations

from relay.scheduler.draft import Draft
from relay.scheduler.entities import NEVER_MS, Call, Seat
from relay.scheduler.events import (
    CallAbandoned,
    CallHandedOver,
    CallRequeued,
    OfferWithdrawn,
    SearchWidened,
    SeatLeft,
    SeatLoggedOut,
    SeatReleased,
    WrapUpFinished,
)
from relay.scheduler.model import CallPhase, Participant, Party, Role
from relay.scheduler.state import State


def others_of(call: Call) -> tuple[str, ...]:
    """Everybody in the conversation besides citizen and responsible seat."""
    talk = call.talk
    return tuple([member.who for member in talk.others]) if talk is not None and talk.others else ()


def wrap_until_ms(draft: Draft) -> int:
    """Until when a seat that leaves its call now may wrap up; 0: without limit, NEVER_MS: no wrap-up."""
    settings = draft.state.settings
    if not settings.wrap_up:
        return NEVER_MS
    return draft.at_ms + settings.wrap_up_limit_ms if settings.wrap_up_limit_ms else 0


def withdraw(draft: Draft, call: Call, reason: str, backoff_ms: int = NEVER_MS) -> None:
    """Take a ringing offer back."""
    draft.events.append(OfferWithdrawn(draft.at_ms, call.id, call.seat, call.offer, reason, backoff_ms))
    if call.seat in draft.state.seats:
        draft.hush(call.seat)


def free_others(draft: Draft, call: Call) -> None:
    """The other seats of a conversation are free at once."""
    for name in others_of(call):
        seat = draft.state.seats.get(name)
        if seat is not None and call.id in seat.calls:
            draft.free(name)


def cancel_invitations(draft: Draft, call: Call, reason: str) -> None:
    """End the open invitations to a conversation that is no more."""
    for name in call.talk.invitations if call.talk is not None else ():
        abandon(draft, draft.state.calls[name], Party.ENGINE, reason)


def abandon(draft: Draft, call: Call, by: Party, reason: str, resume_until_ms: int = NEVER_MS) -> None:
    """End a call that no seat has."""
    ringing = call.phase is CallPhase.OFFERED
    if ringing:
        withdraw(draft, call, "abandoned")
    draft.place(call.id)
    waited_ms = max(0, draft.at_ms - call.enqueued_ms)
    draft.events.append(
        CallAbandoned(draft.at_ms, call.id, call.kiosk, by, reason, waited_ms, ringing, resume_until_ms)
    )


def requeue(draft: Draft, call: Call, reason: str, backoff_ms: int = NEVER_MS) -> None:
    """The conversation is lost, the citizen keeps the place; the seat that had it must be let go by the caller."""
    cancel_invitations(draft, call, reason)
    free_others(draft, call)
    draft.events.append(
        CallRequeued(
            draft.at_ms, call.id, call.kiosk, call.seat, reason, call.revision + 1, others_of(call), backoff_ms
        )
    )
    draft.requeue(call, but=call.seat)


def leave(draft: Draft, call: Call, seat: str, reason: str) -> None:
    """A seat that is not responsible is out of the conversation."""
    participants = tuple(member for member in call.participants() if member.who != seat)
    draft.events.append(SeatLeft(draft.at_ms, call.id, seat, reason, participants, call.revision + 1))


def hand_over(draft: Draft, call: Call, to: str, wrap_ms: int) -> None:
    """`to`, who is in the conversation, becomes responsible; nobody is on hold any more."""
    kept = tuple(member for member in call.talk.others if member.who != to) if call.talk is not None else ()
    participants = (
        Participant(call.contact or call.kiosk, Role.CITIZEN),
        Participant(to, Role.AGENT),
        *kept,
    )
    draft.events.append(CallHandedOver(draft.at_ms, call.id, call.seat, to, wrap_ms, participants, call.revision + 1))


def untarget(draft: Draft, call: Call, but: str = "") -> None:
    """A call that waited for one seat alone asks all that fit."""
    draft.events.append(SearchWidened(draft.at_ms, call.id, call.ring, call.scope, call.level, call.widen_ms))
    draft.requeue(call, but=but)


def lose_seat(draft: Draft, seat: Seat, reason: str) -> None:
    """The seat goes offline now; what it has goes where it can live on."""
    state = draft.state
    if seat.ringing:
        call = state.calls[seat.ringing]
        withdraw(draft, call, reason)
        drop_offer(draft, call, reason)
    for name, role in seat.calls.items():
        _lose_call(draft, state.calls[name], seat, role, reason)
    for name, (since_ms, _) in seat.wraps.items():
        draft.events.append(WrapUpFinished(draft.at_ms, name, seat.id, "", Party.ENGINE, draft.at_ms - since_ms))
    if seat.reserved:
        draft.events.append(SeatReleased(draft.at_ms, seat.id, seat.reserved, "not_available"))
    aimed = state.targeted.get(seat.id)
    for _, _, call in aimed or ():
        drop_target(draft, call, reason)
    draft.events.append(SeatLoggedOut(draft.at_ms, seat.id, reason))
    if draft.freed is not None:
        draft.freed.pop(seat.id, None)
    draft.take(seat)


def drop_offer(draft: Draft, call: Call, reason: str) -> None:
    """After an offer ended without acceptance: the call waits again, and no longer for that one seat alone."""
    if not call.target:
        draft.requeue(call, but=call.seat)
    else:
        drop_target(draft, call, reason)


def drop_target(draft: Draft, call: Call, reason: str) -> None:
    """The one seat that was asked for does not come: an invitation ends, a call asks all that fit."""
    if call.parent:
        draft.place(call.id)
        waited_ms = max(0, draft.at_ms - call.enqueued_ms)
        draft.events.append(
            CallAbandoned(draft.at_ms, call.id, call.kiosk, Party.SEAT, reason, waited_ms, ringing=False)
        )
    else:
        untarget(draft, call, but=call.seat)


def _lose_call(draft: Draft, call: Call, seat: Seat, role: Role, reason: str) -> None:
    state: State = draft.state
    if role is not Role.AGENT:
        leave(draft, call, seat.id, reason)
        return
    others = call.talk.others if call.talk is not None else ()
    heir = next((member.who for member in others if member.role is Role.MEMBER and member.who in state.seats), "")
    if heir:
        hand_over(draft, call, heir, NEVER_MS)
    else:
        requeue(draft, call, reason)
