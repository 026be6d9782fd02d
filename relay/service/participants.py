"""Who is logged in: kiosks, seats and supervisors, each with one line (signalling) and at most one peer (media).

A line may break while media goes on: the participant then stays for a grace period, and a client that comes back with
the session it had finds everything as it was. A new session means a new peer, for the old one's keys are gone with the
page that held them. Pure: told the time, asked for the next deadline.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import takewhile
from typing import Any, NamedTuple

from relay.errors import LimitReached
from relay.ids import PeerId
from relay.service.views import CallView

Line = Any
"""A signalling connection as the shell knows it: compared by identity here, nothing else."""


class Desk(StrEnum):
    """The side of the counter somebody is on."""

    KIOSK = "kiosk"
    SEAT = "seat"
    SUPERVISOR = "supervisor"


class Who(NamedTuple):
    """One identity that can log in."""

    desk: Desk
    name: str

    def peer(self, session: str) -> PeerId:
        """The name of its peer in one session."""
        return PeerId(f"{self.desk}/{self.name}/{session}")


@dataclass(slots=True)
class Participant:
    """Somebody who is here, or was a moment ago."""

    # given
    who: Who
    label: str
    """For people."""
    region: str
    session: str
    line: Line | None
    # owned
    peer: PeerId | None = None
    media_ready: bool = False
    """ICE and DTLS are done."""
    reported_rtt_ms: float | None = None
    """Round trip of its media, as the scheduler was last told."""
    slots: frozenset[str] = frozenset()
    active: set[str] = field(default_factory=set)
    """Sources it says it is sending."""
    shown: dict[str, CallView] = field(default_factory=dict)
    """A kiosk's open calls, as they were last told."""
    leave_at_s: float | None = None
    """When it is given up, unless its line comes back."""

    @property
    def path_rtt_ms(self) -> int:
        """As the scheduler takes it: -1 is unknown."""
        return -1 if self.reported_rtt_ms is None else round(self.reported_rtt_ms)


@dataclass(frozen=True, slots=True)
class Joined:
    """What a login did."""

    participant: Participant
    resumed: bool
    replaced: Line | None
    """The line that this login took the place of."""
    abandoned: PeerId | None
    """A peer nobody holds the keys of any more."""


class Participants:
    """The register. At most `limit` at once."""

    def __init__(self, limit: int, grace_s: float) -> None:
        self._limit = limit
        self._grace_s = grace_s
        self._by_who: dict[Who, Participant] = {}
        self._by_line: dict[int, Participant] = {}
        self._by_peer: dict[PeerId, Participant] = {}
        self._away: dict[Who, Participant] = {}
        """Without a line, the one lost first in front: the grace is the same for all."""

    def __len__(self) -> int:
        return len(self._by_who)

    def __iter__(self) -> Iterator[Participant]:
        return iter(self._by_who.values())

    def count(self, desk: Desk) -> int:
        """How many are here from one side of the counter."""
        return sum(who.desk is desk for who in self._by_who)

    def find(self, who: Who) -> Participant | None:
        """The participant of this identity, if it is here."""
        return self._by_who.get(who)

    def on_line(self, line: Line) -> Participant | None:
        """Who speaks on this line; None once somebody else took its place."""
        return self._by_line.get(id(line))

    def of_peer(self, peer: PeerId) -> Participant | None:
        """Whose media this is."""
        return self._by_peer.get(peer)

    def join(self, newcomer: Participant, session: str) -> Joined:
        """Take a login in; `session` is what its client had before, if anything.

        Raises `LimitReached` for a new identity when the register is full.
        """
        known = self._by_who.get(newcomer.who)
        if known is None:
            if len(self._by_who) >= self._limit:
                raise LimitReached("As many participants are logged in as this relay takes.")
            self._by_who[newcomer.who] = newcomer
            self._attach(newcomer, newcomer.line)
            return Joined(newcomer, resumed=False, replaced=None, abandoned=None)
        replaced = known.line
        resumed = session == known.session
        abandoned = None if resumed else self._renew(known, newcomer.session)
        self._attach(known, newcomer.line)
        known.label, known.region = newcomer.label, newcomer.region
        return Joined(known, resumed, replaced, abandoned)

    def lose_line(self, line: Line, now_s: float) -> Participant | None:
        """The line broke; who stays for the grace period. None when somebody else had taken its place."""
        participant = self._by_line.pop(id(line), None)
        if participant is not None:
            participant.line = None
            participant.leave_at_s = now_s + self._grace_s
            self._away[participant.who] = participant
        return participant

    def negotiate(self, participant: Participant, slots: frozenset[str]) -> PeerId:
        """Note what its offer brought; the name of its peer, which exists from now on."""
        participant.slots = slots
        if participant.peer is None:
            participant.peer = participant.who.peer(participant.session)
            self._by_peer[participant.peer] = participant
        return participant.peer

    def lose_peer(self, participant: Participant) -> PeerId | None:
        """Forget its peer, if it has one."""
        peer, participant.peer = participant.peer, None
        participant.media_ready = False
        participant.reported_rtt_ms = None
        participant.slots = frozenset()
        if peer is not None:
            del self._by_peer[peer]
        return peer

    def remove(self, participant: Participant) -> PeerId | None:
        """Forget it altogether; its peer, if it had one."""
        self._by_who.pop(participant.who, None)
        self._by_line.pop(id(participant.line), None)
        self._away.pop(participant.who, None)
        return self.lose_peer(participant)

    def overdue(self, now_s: float) -> list[Participant]:
        """Those whose grace is over."""
        return list(takewhile(lambda each: (each.leave_at_s or 0.0) <= now_s, self._away.values()))

    def deadline(self) -> float | None:
        """When the next grace is over."""
        return next((each.leave_at_s for each in self._away.values()), None)

    def _attach(self, participant: Participant, line: Line) -> None:
        if participant.line is not None:
            self._by_line.pop(id(participant.line), None)
        participant.line = line
        participant.leave_at_s = None
        self._away.pop(participant.who, None)
        self._by_line[id(line)] = participant

    def _renew(self, participant: Participant, session: str) -> PeerId | None:
        participant.session = session
        participant.active.clear()
        return self.lose_peer(participant)
