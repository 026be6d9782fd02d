"""What participants are told: notices composed from what the scheduler knows and who is there. Pure.

Every notice states how things are, not what changed, so one that was lost is made good by the next.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Protocol

from relay.scheduler.model import Role
from relay.service.conversations import Conversations, desk_of
from relay.service.notices import (
    CallChanged,
    CallOver,
    MediaLost,
    Notice,
    Ringing,
    RingingBack,
    RingingOver,
    SeatChanged,
    SourceSwitched,
)
from relay.service.outputs import Output, Tell
from relay.service.participants import Desk, Participant, Participants, Who
from relay.service.views import CallView, MemberView, SeatView


class Records(Protocol):
    """What the scheduler knows, as views."""

    def call(self, call: str) -> CallView | None:
        """A call that is not over."""

    def seat(self, seat: str) -> SeatView:
        """A seat; one that is not online is `offline`."""

    def calls_of_kiosk(self, kiosk: str) -> list[CallView]:
        """Its calls that are not over."""

    def calls_of_seat(self, seat: str) -> list[CallView]:
        """Those it is in, wraps up, or is offered."""

    def offer_left_s(self, offer: str) -> float:
        """Seconds until an offer times out; 0 when it is over."""

    def callback_left_s(self, call: str) -> float:
        """Seconds until a callback that rings is given up; 0 when it does not ring."""


class Teller:
    """Composes notices; those for somebody who is not on a line come to nothing."""

    def __init__(self, participants: Participants, conversations: Conversations, records: Records) -> None:
        self._participants = participants
        self._conversations = conversations
        self._records = records

    def state(self, who: Who) -> list[Output]:
        """Everything that concerns somebody who has just logged in."""
        if who.desk is Desk.KIOSK:
            return [tell for call in self._records.calls_of_kiosk(who.name) for tell in self.call(who, call)]
        if who.desk is Desk.SUPERVISOR:
            return []
        outputs = self.seat(who)
        for call in self._records.calls_of_seat(who.name):
            outputs += self.ringing(who, call, call.offer) if call.offer else self.call(who, call)
        return outputs

    def seat(self, who: Who, reason: str = "") -> list[Output]:
        """How a seat is now."""
        return self._tell(who, SeatChanged(self._records.seat(who.name), reason))

    def seats(self, reasons: Mapping[str, str]) -> list[Output]:
        """How these seats are now, and why, after something has happened to them."""
        return [tell for seat, reason in reasons.items() for tell in self.seat(Who(Desk.SEAT, seat), reason)]

    def call(self, who: Who, call: CallView, reason: str = "") -> list[Output]:
        """How a call is now, as seen by one of its parties."""
        participant = self._participants.find(who)
        if participant is not None and who.desk is Desk.KIOSK:
            call = _never_further_back(participant.shown.get(call.call), call)
            participant.shown[call.call] = call
        other = self._conversations.other_side(who, call.call)
        party = self._participants.find(other) if other else None
        active = tuple(sorted(party.active)) if party else ()
        places = self._conversations.places(who, call.call)
        call = replace(call, members=tuple(self._named(member, places) for member in call.members))
        recorded = call.call in self._conversations.recorded
        return self._tell(who, CallChanged(call, self._label(other) if other else "", active, reason, recorded))

    def ringing(self, who: Who, call: CallView, offer: str) -> list[Output]:
        """An offer at a seat."""
        party = self._label(Who(Desk.KIOSK, call.kiosk))
        return self._tell(who, Ringing(offer, call, party, self._records.offer_left_s(offer)))

    def ringing_back(self, who: Who, call: CallView, expires_in_s: float) -> list[Output]:
        """A callback at a kiosk."""
        return self._tell(who, RingingBack(call, expires_in_s))

    def ringing_over(self, who: Who, offer: str, outcome: str) -> list[Output]:
        """The end of an offer at a seat."""
        return self._tell(who, RingingOver(offer, outcome))

    def over(self, who: Who, call: str, reason: str) -> list[Output]:
        """The end of a call, for one of its parties; a kiosk is not told of invitations among seats."""
        participant = self._participants.find(who)
        if who.desk is Desk.KIOSK and (participant is None or participant.shown.pop(call, None) is None):
            return []
        return self._tell(who, CallOver(call, reason))

    def source(self, speaker: Who, source: str, *, active: bool) -> list[Output]:
        """A source of a party was switched: for those whose first party it is."""
        return [
            tell
            for call in self._conversations.calls_of(speaker)
            for member in self._conversations.members(call)
            if self._conversations.other_side(member, call) == speaker
            for tell in self._tell(member, SourceSwitched(call, source, active))
        ]

    def media_lost(self, participant: Participant, reason: str) -> list[Output]:
        """The media of somebody is gone, and may begin anew."""
        return self._tell(participant.who, MediaLost(reason))

    def place(self, participant: Participant) -> list[Output]:
        """The position or expected wait of a kiosk's call, if it is another than was shown."""
        if participant.who.desk is not Desk.KIOSK or participant.line is None:
            return []
        return [
            tell
            for call in self._records.calls_of_kiosk(participant.who.name)
            if call.position is not None
            and _place(_never_further_back(shown := participant.shown.get(call.call), call)) != _place(shown)
            for tell in self.call(participant.who, call)
        ]

    def everybody(self, concerned: Iterable[Who], call: CallView) -> list[Output]:
        """How a call is now, to all these."""
        return [tell for who in concerned for tell in self.call(who, call)]

    def _named(self, member: MemberView, places: Mapping[Who, int]) -> MemberView:
        who = Who(desk_of(Role(member.role)), member.who)
        return replace(member, name=self._label(who), place=places.get(who, 0))

    def _label(self, who: Who) -> str:
        participant = self._participants.find(who)
        return participant.label if participant else who.name

    def _tell(self, who: Who, notice: Notice) -> list[Output]:
        participant = self._participants.find(who)
        return [Tell(participant.line, notice)] if participant and participant.line is not None else []


def _place(call: CallView | None) -> tuple[object, ...]:
    return (call.call, call.position, call.expected_wait_s) if call else ()


def _never_further_back(shown: CallView | None, call: CallView) -> CallView:
    """A place that was announced holds: others may be called first, but nobody is told to have fallen back."""
    if shown is None or shown.position is None or call.position is None:
        return call
    return replace(call, position=min(shown.position, call.position))
