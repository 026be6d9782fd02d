"""Who hears and sees whom, as routes: a pure function from the members of a conversation to slots and their sources.

The first party that a member hears fills its slots `microphone camera document screen`; the second one `microphone-2` …
`screen-2`, and so on, as far as the member has negotiated them. Nothing is remembered here: what must change is the
difference between the routes wanted and the routes made. Data channels are heard as voices are: slot `data` is those of the
first party, and a member that has negotiated it has `data-2` and so on with it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from relay.ids import PeerId
from relay.scheduler.model import Role
from relay.sfu.negotiation.agreement import DATA
from relay.sfu.session.events import SlotRef, SourceRef

SOURCES = ("microphone", "camera", "document", "screen")

Routes = Mapping[SlotRef, SourceRef]

_IN_PUBLIC = frozenset({Role.CITIZEN, Role.AGENT, Role.MEMBER, Role.BARGE})
_TO_THE_AGENT = _IN_PUBLIC | {Role.CONSULTANT, Role.WHISPER}
_HEARD_BY: dict[Role, frozenset[Role]] = dict.fromkeys(Role, _IN_PUBLIC) | {Role.AGENT: _TO_THE_AGENT}
"""Whom a listener hears, itself excepted: consultants and whispering supervisors speak to the agent alone."""

_ORDER = (Role.CITIZEN, Role.AGENT, Role.MEMBER, Role.CONSULTANT, Role.WHISPER, Role.BARGE, Role.MONITOR)


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a conversation, as far as media matters."""

    peer: PeerId
    role: Role
    slots: Collection[str]
    """The slots it has negotiated."""
    held: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """Feed `slot` from `source`, or from nothing."""

    slot: SlotRef
    source: SourceRef | None


def wanted_routes(listener: Member, members: Sequence[Member]) -> dict[SlotRef, SourceRef]:
    """The routes that let one member hear and see whom its role allows."""
    if listener.held:
        return {}
    return {
        slot: source
        for place, speaker in enumerate(speakers_for(listener, members), start=1)
        for slot, source in _between(listener, speaker, place)
    }


def speakers_for(listener: Member, members: Sequence[Member]) -> list[Member]:
    """Whom a listener hears, in the order of its slots."""
    speakers = [m for m in members if m.peer != listener.peer and not m.held and may_hear(listener.role, m.role)]
    return sorted(speakers, key=lambda member: precedence(member.role))


def may_hear(listener: Role, speaker: Role) -> bool:
    """Whether somebody in one role hears somebody in another."""
    return speaker in _HEARD_BY[listener]


def precedence(role: Role) -> int:
    """Who comes first in a listener's slots: the lowest."""
    return _ORDER.index(role)


def changes(made: Routes, wanted: Routes) -> list[Route]:
    """What turns the routes made into those wanted; slots are emptied first."""
    emptied = [Route(slot, None) for slot in made if slot not in wanted]
    return emptied + [Route(slot, source) for slot, source in wanted.items() if made.get(slot) != source]


def slot_name(source: str, place: int) -> str:
    """The slot for a source of the `place`-th party heard, counted from 1."""
    return source if place == 1 else f"{source}-{place}"


def place_of(slot: str) -> int:
    """Which party comes out of a slot, counted from 1."""
    place = slot.rpartition("-")[2]
    return int(place) if place.isdecimal() else 1


def _between(listener: Member, speaker: Member, place: int) -> list[tuple[SlotRef, SourceRef]]:
    media = [
        (SlotRef(listener.peer, slot), SourceRef(speaker.peer, source))
        for source in SOURCES
        if (slot := slot_name(source, place)) in listener.slots
    ]
    if DATA not in listener.slots:
        return media
    return [*media, (SlotRef(listener.peer, slot_name(DATA, place)), SourceRef(speaker.peer, DATA))]
