"""Which sources must be piped between which workers, as peers come, go, and are routed. Pure.

Owned: which worker each peer is at, and the routes that are wished. A source that feeds a slot at another worker goes
there once, whatever the number of slots, and only as long as there is one. Two workers share one pipe for both
directions; after `STREAMS_PER_KEY` sources it is not used for more, and closed when it is empty.
"""

from dataclasses import dataclass, field
from itertools import count

from relay.ids import PeerId
from relay.sfu.negotiation.agreement import DATA
from relay.sfu.session.events import SlotRef, SourceRef
from relay.sfu.session.pipes import STREAMS_PER_KEY


@dataclass(slots=True, eq=False)
class Pipe:
    """A pipe between two workers."""

    name: str
    ends: tuple[int, int]
    carried: int = 0
    """Sources it carries now."""
    spent: int = 0
    """Sources it has carried."""


@dataclass(slots=True, eq=False)
class Carriage:
    """A source on its way to another worker."""

    source: SourceRef
    pipe: Pipe
    sender: int
    receiver: int
    slots: set[SlotRef] = field(default_factory=set)
    """Those it feeds at the receiver."""


@dataclass(frozen=True, slots=True)
class SetRoute:
    """Tell a worker what feeds a slot of one of its peers."""

    worker: int
    slot: SlotRef
    source: SourceRef | None


@dataclass(frozen=True, slots=True)
class Open:
    """Connect two workers."""

    pipe: Pipe


@dataclass(frozen=True, slots=True)
class Close:
    """Nothing goes through it any more."""

    pipe: Pipe


@dataclass(frozen=True, slots=True)
class Carry:
    """Bring a source to another worker."""

    carriage: Carriage


@dataclass(frozen=True, slots=True)
class Release:
    """It is not needed there any more."""

    carriage: Carriage


Change = SetRoute | Open | Close | Carry | Release


class Piping:
    """Homes, wishes, and what follows from them."""

    def __init__(self) -> None:
        self._homes: dict[PeerId, int] = {}
        self._wishes: dict[SlotRef, SourceRef] = {}
        self._slots: dict[PeerId, set[SlotRef]] = {}
        """The wished slots that name a peer, as theirs or as their source's."""
        self._carriages: dict[tuple[SourceRef, int], Carriage] = {}
        """By source and receiver."""
        self._fed: dict[SlotRef, Carriage] = {}
        self._pipes: dict[tuple[int, int], Pipe] = {}
        """The one that takes more."""
        self._names = count(1)

    def home(self, peer: PeerId) -> int | None:
        """The worker a peer is at."""
        return self._homes.get(peer)

    def peers_at(self, worker: int) -> list[PeerId]:
        """Everybody at a worker."""
        return [peer for peer, home in self._homes.items() if home == worker]

    def is_routed(self, peer: PeerId) -> bool:
        """Whether it hears somebody, or somebody hears it."""
        return peer in self._slots

    def is_carried(self, carriage: Carriage) -> bool:
        """Whether it is still wanted."""
        return self._carriages.get((carriage.source, carriage.receiver)) is carriage

    def carriage(self, source: SourceRef, receiver: int) -> Carriage | None:
        """How a source comes to a worker that is not its own."""
        return self._carriages.get((source, receiver))

    def carriages_of(self, peer: PeerId) -> list[Carriage]:
        """Where the sources of a peer are brought."""
        fed = (self._fed.get(slot) for slot in self._slots.get(peer, ()))
        return list({id(each): each for each in fed if each is not None and each.source.peer == peer}.values())

    def route(self, slot: SlotRef, source: SourceRef | None) -> list[Change]:
        """Feed a slot from a source, or from nothing; neither peer need be known yet."""
        before = self._wishes.get(slot)
        if before == source:
            return []
        released = self._forget(slot, before)
        if source is not None and before is not None and self._homes.get(source.peer) == self._homes.get(before.peer):
            released = [change for change in released if not isinstance(change, SetRoute)]
        if source is not None:
            self._wishes[slot] = source
            for peer in {slot.peer, source.peer}:
                self._slots.setdefault(peer, set()).add(slot)
        home = self._homes.get(slot.peer)
        routed: list[Change] = [] if home is None else [SetRoute(home, slot, source)]
        # A source is taken before the slot is told of it, and let go after the slot has left it.
        return [*self._feed(slot), *routed, *released]

    def place(self, peer: PeerId, worker: int) -> list[Change]:
        """A peer is at a worker from now on; raises nothing for one that is there already."""
        if self._homes.get(peer) == worker:
            return []
        self._homes[peer] = worker
        changes: list[Change] = []
        for slot in sorted(self._slots.get(peer, ()), key=lambda each: (each.peer, each.slot)):
            if slot.peer == peer:
                changes.append(SetRoute(worker, slot, self._wishes[slot]))
            changes += self._feed(slot)
        return changes

    def remove(self, peer: PeerId) -> list[Change]:
        """A peer is gone, and with it every wish that names it."""
        home = self._homes.pop(peer, None)
        changes: list[Change] = []
        for slot in sorted(self._slots.get(peer, ()), key=lambda each: (each.peer, each.slot)):
            other = self._homes.get(slot.peer)
            if other is not None and other != home:
                changes.append(SetRoute(other, slot, None))
            changes += self._forget(slot, self._wishes[slot])
        return changes

    def lose_worker(self, worker: int) -> tuple[list[PeerId], list[Change]]:
        """A worker is gone: its peers, and what that changes at the others."""
        peers = self.peers_at(worker)
        changes = [change for peer in peers for change in self.remove(peer)]
        return peers, changes

    def _forget(self, slot: SlotRef, source: SourceRef | None) -> list[Change]:
        if source is None:
            return []
        told: list[Change] = [] if source.source != DATA else self._at_sender(slot, source, None)
        del self._wishes[slot]
        for peer in {slot.peer, source.peer}:
            self._slots[peer].discard(slot)
            if not self._slots[peer]:
                del self._slots[peer]
        carriage = self._fed.pop(slot, None)
        if carriage is None:
            return told
        carriage.slots.discard(slot)
        return [] if carriage.slots else self._release(carriage)

    def _feed(self, slot: SlotRef) -> list[Change]:
        source = self._wishes.get(slot)
        if source is None:
            return []
        sender, receiver = self._homes.get(source.peer), self._homes.get(slot.peer)
        if sender is None or receiver is None or sender == receiver:
            return []
        if source.source == DATA:
            return self._at_sender(slot, source, source)
        carriage = self._carriages.get((source, receiver))
        changes: list[Change] = []
        if carriage is None:
            pipe, changes = self._pipe_between(sender, receiver)
            carriage = self._carriages[source, receiver] = Carriage(source, pipe, sender, receiver)
            pipe.carried += 1
            pipe.spent += 1
            changes.append(Carry(carriage))
        carriage.slots.add(slot)
        self._fed[slot] = carriage
        return changes

    def _at_sender(self, slot: SlotRef, of: SourceRef, source: SourceRef | None) -> list[Change]:
        """Messages go through no pipe: the sender's worker is told who hears them elsewhere, and gives them to the node."""
        sender = self._homes.get(of.peer)
        return [] if sender is None or sender == self._homes.get(slot.peer) else [SetRoute(sender, slot, source)]

    def _pipe_between(self, one: int, other: int) -> tuple[Pipe, list[Change]]:
        ends = (min(one, other), max(one, other))
        pipe = self._pipes.get(ends)
        if pipe is not None and pipe.spent < STREAMS_PER_KEY:
            return pipe, []
        pipe = self._pipes[ends] = Pipe(f"pipe/{ends[0]}-{ends[1]}/{next(self._names)}", ends)
        return pipe, [Open(pipe)]

    def _release(self, carriage: Carriage) -> list[Change]:
        del self._carriages[carriage.source, carriage.receiver]
        pipe = carriage.pipe
        pipe.carried -= 1
        if pipe.carried:
            return [Release(carriage)]
        if self._pipes.get(pipe.ends) is pipe:
            del self._pipes[pipe.ends]
        return [Release(carriage), Close(pipe)]
