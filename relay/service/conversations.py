"""Who talks with whom now, and which routes have been made for it.

Owned here: the conversations as the scheduler last stated them, and the routes as the media side was last told. Both
are compared whenever either changes, so a repeated or late statement does nothing, and a peer that comes back is wired
in again. A seat in several conversations hears the one that was connected last.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from relay.ids import PeerId
from relay.scheduler.model import Participant as Party
from relay.scheduler.model import Role
from relay.service.participants import Desk, Participants, Who
from relay.service.wiring import (
    SOURCES,
    Member,
    Route,
    changes,
    may_hear,
    precedence,
    slot_name,
    speakers_for,
    wanted_routes,
)
from relay.sfu.session.events import SlotRef, SourceRef

_SUPERVISING = frozenset({Role.MONITOR, Role.WHISPER, Role.BARGE})


@dataclass(frozen=True, slots=True)
class Conversation:
    """One call's parties, as of one revision."""

    call: str
    parties: tuple[Party, ...]
    revision: int

    @property
    def members(self) -> list[Who]:
        """Everybody in it."""
        return [who_of(party) for party in self.parties]


def who_of(party: Party) -> Who:
    """The identity that takes this part."""
    return Who(desk_of(party.role), party.who)


def desk_of(role: Role) -> Desk:
    """The desk at which a part is taken."""
    if role is Role.CITIZEN:
        return Desk.KIOSK
    return Desk.SUPERVISOR if role in _SUPERVISING else Desk.SEAT


_OBSERVER = Member(PeerId(""), Role.MONITOR, ())
"""Watchers and recorders hear and see what a silent supervisor does."""


def peers_beside(who: Who, conversations: "Conversations", participants: Participants) -> list[PeerId] | None:
    """The peers of the others in the conversation somebody hears; None when there is none."""
    conversation = conversations.front(who)
    if conversation is None:
        return None
    others = (participants.find(each) for each in conversation.members if each != who)
    return [other.peer for other in others if other is not None and other.peer is not None]


class Conversations:
    """All of them, with their routes."""

    def __init__(self, participants: Participants) -> None:
        self._participants = participants
        self._by_call: dict[str, Conversation] = {}
        self._calls_of: dict[Who, list[str]] = {}
        self._made: dict[PeerId, dict[SlotRef, SourceRef]] = {}
        self.recorded: set[str] = set()
        """Calls that are being recorded: everybody in one is told."""

    def front(self, who: Who) -> Conversation | None:
        """The conversation somebody hears."""
        calls = self._calls_of.get(who)
        return self._by_call[calls[-1]] if calls else None

    def calls_of(self, who: Who) -> tuple[str, ...]:
        """The calls somebody is in."""
        return tuple(self._calls_of.get(who, ()))

    def members(self, call: str) -> list[Who]:
        """Everybody in a call."""
        conversation = self._by_call.get(call)
        return conversation.members if conversation else []

    def present(self, call: str) -> list[Member]:
        """The parties of a call that have media."""
        conversation = self._by_call.get(call)
        return list(self._present(conversation.parties).values()) if conversation else []

    def role(self, who: Who, call: str) -> Role | None:
        """The part somebody takes in a call."""
        conversation = self._by_call.get(call)
        parties = conversation.parties if conversation else ()
        return next((party.role for party in parties if who_of(party) == who), None)

    def hearing(self) -> Iterator[tuple[str, dict[Who, frozenset[Who]]]]:
        """Every call, with whom each of its parties hears now; those on hold neither hear nor are heard."""
        for call, conversation in self._by_call.items():
            roles = {who_of(party): party.role for party in conversation.parties if not party.held}
            yield (
                call,
                {
                    listener: frozenset(
                        who for who in roles if who != listener and may_hear(roles[listener], roles[who])
                    )
                    for listener in roles
                },
            )

    def connect(self, conversation: Conversation) -> list[Who]:
        """Take a statement of the scheduler in; everybody it concerns, nobody when it is older than what is known."""
        known = self._by_call.get(conversation.call)
        if known is not None and known.revision > conversation.revision:
            return []
        before = known.members if known else []
        self._by_call[conversation.call] = conversation
        for who in before:
            if who not in conversation.members:
                self._leave(who, conversation.call)
        for who in conversation.members:
            if who not in before:
                self._calls_of.setdefault(who, []).append(conversation.call)
        return list(dict.fromkeys(before + conversation.members))

    def disconnect(self, call: str) -> list[Who]:
        """The conversation is over; everybody who was in it."""
        known = self._by_call.pop(call, None)
        if known is None:
            return []
        for who in known.members:
            self._leave(who, call)
        return known.members

    def forget_peer(self, peer: PeerId) -> None:
        """The peer is gone, and its slots with it."""
        self._made.pop(peer, None)

    def reconcile(self, concerned: Iterable[Who]) -> list[Route]:
        """The route changes that make what these hear what they should hear."""
        routes: list[Route] = []
        for who in concerned:
            participant = self._participants.find(who)
            if participant is None or participant.peer is None:
                continue
            wanted = self._wanted(who)
            routes += changes(self._made.get(participant.peer, {}), wanted)
            if wanted:
                self._made[participant.peer] = wanted
            else:
                self._made.pop(participant.peer, None)
        return routes

    def places(self, who: Who, call: str) -> dict[Who, int]:
        """In which of somebody's slots the others of a call come out: 1 are the first ones. Empty while it is held."""
        conversation = self._by_call.get(call)
        members = self._present(conversation.parties) if conversation else {}
        if who not in members or members[who].held:
            return {}
        by_peer = {member.peer: other for other, member in members.items()}
        speakers = speakers_for(members[who], list(members.values()))
        return {by_peer[speaker.peer]: place for place, speaker in enumerate(speakers, start=1)}

    def other_side(self, who: Who, call: str) -> Who | None:
        """The party that somebody in this call hears first."""
        conversation = self._by_call.get(call)
        roles = {who_of(party): party.role for party in conversation.parties} if conversation else {}
        own = roles.pop(who, None)
        heard = [other for other, role in roles.items() if own is not None and may_hear(own, role)]
        return min(heard, key=lambda other: precedence(roles[other]), default=None)

    def _wanted(self, who: Who) -> dict[SlotRef, SourceRef]:
        conversation = self.front(who)
        if conversation is None:
            return {}
        members = self._present(conversation.parties)
        return wanted_routes(members[who], list(members.values())) if who in members else {}

    def _present(self, parties: Sequence[Party]) -> dict[Who, Member]:
        """The parties that have media."""
        members: dict[Who, Member] = {}
        for party in parties:
            who = who_of(party)
            participant = self._participants.find(who)
            if participant is not None and participant.peer is not None:
                members[who] = Member(participant.peer, party.role, participant.slots, party.held)
        return members

    def _leave(self, who: Who, call: str) -> None:
        calls = self._calls_of[who]
        calls.remove(call)
        if not calls:
            del self._calls_of[who]


def speakers_of_call(conversations: Conversations, call: str) -> list[Member]:
    """Whom an observer of a call hears and sees, in the order of its slots."""
    return speakers_for(_OBSERVER, conversations.present(call))


def sources_of_call(conversations: Conversations, call: str) -> dict[str, SourceRef]:
    """What an observer of a call gets, by name: those of the second party are `microphone-2`, `camera-2`, …"""
    return {
        slot_name(source, place): SourceRef(speaker.peer, source)
        for place, speaker in enumerate(speakers_of_call(conversations, call), start=1)
        for source in SOURCES
    }
