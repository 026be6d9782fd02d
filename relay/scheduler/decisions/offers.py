"""A seat answers, or does not, or the offer is taken back."""

from __future__ import annotations

from relay.scheduler.commands import AcceptOffer, DeclineOffer, WithdrawOffer
from relay.scheduler.draft import Draft
from relay.scheduler.entities import NEVER_MS, Call
from relay.scheduler.errors import NotYours, OfferExpired, UnknownOffer
from relay.scheduler.events import (
    CallAccepted,
    CallbackStarted,
    OfferDeclined,
    OfferTimedOut,
    SeatJoined,
    SeatOnBreak,
)
from relay.scheduler.model import CallPhase, Participant, Party, Purpose, Role
from relay.scheduler.state import State

from .releases import abandon, drop_offer, withdraw


def accept(draft: Draft, command: AcceptOffer) -> None:
    """AcceptOffer."""
    state = draft.state
    call = state.offers.get(command.offer)
    if call is None:
        if _took(state, command):
            return
        raise _gone(state, command.offer)
    require_ringing(draft, call, command.seat)
    waited_ms = max(0, draft.at_ms - call.enqueued_ms)
    if call.parent:
        _join(draft, call, waited_ms)
    elif call.contact:
        deadline_ms = draft.at_ms + state.settings.callback_ring_ms
        draft.events.append(
            CallbackStarted(
                draft.at_ms,
                call.id,
                call.seat,
                call.offer,
                call.contact,
                waited_ms,
                call.callbacks + 1,
                deadline_ms,
            )
        )
    else:
        draft.events.append(
            CallAccepted(
                draft.at_ms, call.id, call.seat, call.offer, call.kiosk, waited_ms, call.revision + 1, connect_ms(draft)
            )
        )
    more_room(draft, call.seat)


def decline(draft: Draft, command: DeclineOffer) -> None:
    """DeclineOffer."""
    call = ringing(draft.state, command.offer)
    require_ringing(draft, call, command.seat)
    backoff_ms = draft.at_ms + draft.state.settings.backoff_ms
    draft.events.append(OfferDeclined(draft.at_ms, call.id, call.seat, call.offer, command.reason, backoff_ms))
    draft.hush(call.seat)
    drop_offer(draft, call, "declined")


def withdraw_by_hand(draft: Draft, command: WithdrawOffer) -> None:
    """WithdrawOffer."""
    call = ringing(draft.state, command.offer)
    withdraw(draft, call, command.reason or "withdrawn", draft.at_ms + draft.state.settings.backoff_ms)
    drop_offer(draft, call, "withdrawn")


def time_out(draft: Draft, call: Call) -> None:
    """The ring time-out; the last of too many in a row puts the seat on break."""
    settings = draft.state.settings
    seat = draft.state.seats[call.seat]
    unanswered = seat.unanswered + 1
    backoff_ms = draft.at_ms + settings.backoff_ms
    draft.events.append(OfferTimedOut(draft.at_ms, call.id, call.seat, call.offer, backoff_ms, unanswered))
    if settings.unanswered_limit and unanswered >= settings.unanswered_limit:
        draft.events.append(SeatOnBreak(draft.at_ms, call.seat, "unanswered"))
        draft.take(seat)
    else:
        draft.hush(call.seat)
    drop_offer(draft, call, "timed_out")


def connect_ms(draft: Draft) -> int:
    """Until when media must be confirmed."""
    timeout_ms = draft.state.settings.connect_timeout_ms
    return draft.at_ms + timeout_ms if timeout_ms else NEVER_MS


def ringing(state: State, offer: str) -> Call:
    """The call of an offer that rings. Raises OfferExpired, UnknownOffer."""
    call = state.offers.get(offer)
    if call is None:
        raise _gone(state, offer)
    return call


def require_ringing(draft: Draft, call: Call, seat: str) -> None:
    """Raise NotYours, or OfferExpired when its time is over although no Tick has said so yet."""
    if call.seat != seat:
        raise NotYours(f"the offer {call.offer} rings at another seat")
    if draft.at_ms >= call.deadline_ms:
        raise OfferExpired(f"the offer {call.offer} timed out")


def more_room(draft: Draft, seat: str) -> None:
    """A seat that has answered may be rung again while it has capacity left."""
    if draft.state.seats[seat].profile.capacity > 1:
        draft.hush(seat, took=True)


def _join(draft: Draft, invitation: Call, waited_ms: int) -> None:
    call = draft.state.calls[invitation.parent]
    siblings = [draft.state.calls[name] for name in call.talk.invitations] if call.talk is not None else []
    role = Role.MEMBER if invitation.purpose is Purpose.CONFERENCE else Role.CONSULTANT
    participants = (*call.participants(), Participant(invitation.seat, role))
    draft.events.append(
        SeatJoined(
            draft.at_ms,
            call.id,
            invitation.seat,
            invitation.offer,
            invitation.id,
            role,
            waited_ms,
            participants,
            call.revision + 1,
        )
    )
    for sibling in siblings:
        if sibling is not invitation:
            if sibling.target == invitation.seat:
                abandon(draft, sibling, Party.ENGINE, "joined")
            draft.place(sibling.id)


def _took(state: State, command: AcceptOffer) -> bool:
    """Whether the seat has accepted this very offer before."""
    seat = state.seats.get(command.seat)
    if seat is None:
        return False
    return any(
        state.calls[name].offer == command.offer and state.calls[name].phase is not CallPhase.OFFERED
        for name in seat.calls
    )


def _gone(state: State, offer: str) -> OfferExpired | UnknownOffer:
    how = state.closed_offers.get(offer, state.clock_ms)
    if how is not None:
        return OfferExpired(f"the offer {offer} is over: {how}")
    made = offer[:1] == "o" and offer[1:].isascii() and offer[1:].isdigit() and 0 < int(offer[1:]) <= state.offers_made
    return OfferExpired(f"the offer {offer} is over") if made else UnknownOffer(f"no offer is called {offer!r}")
