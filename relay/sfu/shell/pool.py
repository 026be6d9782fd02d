"""Several media workers, each a process with a port of its own, behind the face of one SFU.

It composes: `pool` decides who takes a peer and what is piped, `Fleet` keeps the processes, `Trunks` tells them.
"""

import logging
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import replace

from relay.clock import Clock, SystemClock
from relay.config import SfuSettings
from relay.errors import AtCapacity, LimitReached, Misuse, NotFound, Unavailable
from relay.ids import PeerId
from relay.sfu.pool import messages
from relay.sfu.pool.piping import Piping
from relay.sfu.pool.placement import place
from relay.sfu.pool.worker import WorkerRecord, WorkerState, totals
from relay.sfu.session.events import (
    EncodingsWanted,
    MessageElsewhere,
    PeerClosed,
    PeerOffer,
    PeerStats,
    SfuEvent,
    SfuStats,
    SlotRef,
    SourceRef,
    subject_of,
)
from relay.sfu.shell.child import Child
from relay.sfu.shell.fleet import Crew, Fleet
from relay.sfu.shell.trunks import Trunks

_ANSWER_S = 5.0
_START_WAIT_S = 8.0
"""How long an offer waits for a worker that is being started."""
_MOVED_AT_ONCE = 50
"""Idle peers moved from a draining worker in one look: a worker sets up hundreds a second."""
_LOG = logging.getLogger(__name__)


class SfuPool:
    """Forwards media between peers over `settings.workers` processes. All methods are for the loop that ran `start`."""

    def __init__(self, settings: SfuSettings, clock: Clock | None = None) -> None:
        self._fleet = Fleet(settings, clock or SystemClock(), Crew(self._heard, self._lost, self._drained))
        self._plan = Piping()
        self._trunks = Trunks(self._plan, self._fleet.children.get)
        self._subscribers: dict[object, Callable[[SfuEvent], None]] = {}
        self._refused: Counter[str] = Counter()
        self._closed: Counter[str] = Counter()

    @property
    def address(self) -> tuple[str, int]:
        """Where the first worker's media port is bound. Raises `Misuse` while none serves."""
        children = self._fleet.children
        if not children:
            raise Misuse("no media worker serves")
        return children[min(children)].address

    async def start(self) -> None:
        """Start the workers; returns when all of them serve. Raises `Unavailable` when one does not."""
        await self._fleet.start()

    async def close(self) -> None:
        """Stop them; every peer gets a goodbye."""
        await self._fleet.close()

    async def answer(self, peer: PeerId, offer: PeerOffer, near: Collection[PeerId] | None = None) -> str:
        """As `Sfu.answer`. A new peer goes where those of `near` are, with whom it is in a call (None: in
        no call), or where most room is.

        Raises `AtCapacity` when no worker takes new peers; one that is in a call is taken all the same.
        """
        home = self._plan.home(peer)
        if home is not None:
            return await self._ask(self._fleet.children[home], peer, offer)
        if not self._fleet.children:
            await self._fleet.wait_for_one(_START_WAIT_S)
        record = self._room(near)
        record.peers[peer] = None
        child = self._fleet.children[record.index]
        self._trunks.carry_out(self._plan.place(peer, record.index))
        try:
            return await self._ask(child, peer, offer)
        except BaseException:
            if self._fleet.children.get(record.index) is child:
                self._forget(peer)
            raise

    async def route(self, slot: SlotRef, source: SourceRef | None) -> None:
        """Feed a slot from a source, or from nothing; through a pipe where they are at different workers."""
        self._trunks.carry_out(self._plan.route(slot, source))

    async def remove(self, peer: PeerId) -> None:
        """Close the peer's transport and forget it; nothing if there is none of this name."""
        self._remove(peer, "removed")

    def subscribe(self, callback: Callable[[SfuEvent], None]) -> Callable[[], None]:
        """Call `callback` with each event from now on; returns what ends that. It must not block."""
        token = object()
        self._subscribers[token] = callback

        def unsubscribe() -> None:
            self._subscribers.pop(token, None)

        return unsubscribe

    def stats(self) -> SfuStats:
        """The sum of the workers, as they reported last, and a row for each."""
        sums = totals([record.totals() for record in self._fleet.records])
        return replace(
            sums,
            closed=dict(Counter(sums.closed) + self._closed),
            workers=tuple(record.row() for record in self._fleet.records),
            refused_peers=dict(self._refused),
        )

    def peer_stats(self, peer: PeerId) -> PeerStats | None:
        """One peer, at most two seconds old; None when there is none of this name, or nothing is known of it yet."""
        home = self._plan.home(peer)
        return None if home is None else self._fleet.records[home].peers.get(peer)

    def replace_worker(self, index: int) -> None:
        """Drain a worker: it takes no new peers, those without a call are moved, and when no call is left, or after
        `worker_drain_s`, a new process takes its place. Raises `NotFound`."""
        if not 0 <= index < len(self._fleet.records):
            raise NotFound(f"There is no media worker {index}; there are {len(self._fleet.records)}.")
        self._fleet.drain(self._fleet.records[index])

    def worker_of(self, peer: PeerId) -> int | None:
        """The worker a peer is at."""
        return self._plan.home(peer)

    def pid_of(self, index: int) -> int:
        """The process of a worker; 0 while there is none."""
        child = self._fleet.children.get(index)
        return 0 if child is None else child.pid

    def _heard(self, worker: int, event: SfuEvent) -> None:
        """A worker reports an event. Pipes and peers that were moved are nobody's business."""
        if isinstance(event, MessageElsewhere):
            self._trunks.deliver(event, worker)
            return
        peer = subject_of(event)
        if isinstance(event, EncodingsWanted) and self._plan.home(peer) != worker:
            self._trunks.wanted(event, worker)
        removed = isinstance(event, PeerClosed) and event.reason == "removed"
        # That a peer is removed is told where it is decided: it may have come back since.
        if self._plan.home(peer) != worker or removed:
            return
        if isinstance(event, PeerClosed):
            self._forget(peer)
        self._publish(event)

    def _lost(self, worker: int, reason: str) -> None:
        """A worker is gone, with its peers."""
        peers, changes = self._plan.lose_worker(worker)
        self._trunks.carry_out(changes)
        self._closed[reason] += len(peers)
        for peer in peers:
            self._publish(PeerClosed(peer, reason))

    def _drained(self, worker: int) -> bool:
        """Whether a worker has no call left. Its peers without one are moved, if there is another worker."""
        peers = self._plan.peers_at(worker)
        idle = [peer for peer in peers if not self._plan.is_routed(peer)]
        if any(record.state is WorkerState.RUNNING for record in self._fleet.records):
            for peer in idle[:_MOVED_AT_ONCE]:
                self._remove(peer, "worker-replaced")
                self._closed["worker-replaced"] += 1
            return not peers
        return len(idle) == len(peers)

    def _room(self, near: Collection[PeerId] | None) -> WorkerRecord:
        """A worker for a new peer."""
        serving = [self._fleet.records[index] for index in self._fleet.children]
        homes = [home for each in near or () if (home := self._plan.home(each)) is not None]
        # Somebody in a call comes in where there is little room; a draining worker is better than none.
        preferred = [record for record in serving if not record.refuses]
        tolerable = [record for record in serving if near is not None and record.state is WorkerState.FULL]
        draining = [record for record in serving if record.state is WorkerState.DRAINING]
        if len(draining) < len(serving):
            draining = []
        for records in (preferred, tolerable, draining):
            chosen = place([record.candidate() for record in records], homes)
            if chosen is not None:
                return self._fleet.records[chosen]
        self._refused.update({record.refuses for record in serving if record.refuses})
        raise AtCapacity

    async def _ask(self, child: Child, peer: PeerId, offer: PeerOffer) -> str:
        reply = await child.ask(messages.Answer(child.next_id(), peer, offer), messages.Answered, _ANSWER_S)
        self._trunks.renegotiated(peer)
        return reply.sdp

    def _remove(self, peer: PeerId, reason: str) -> None:
        home = self._plan.home(peer)
        if home is None:
            return
        child = self._fleet.children[home]
        self._forget(peer)
        try:
            child.post(messages.Remove(child.next_id(), peer))
        except (Unavailable, LimitReached):
            _LOG.debug("a worker that has gone need not be told")
        self._publish(PeerClosed(peer, reason))

    def _forget(self, peer: PeerId) -> None:
        home = self._plan.home(peer)
        if home is not None:
            self._fleet.records[home].peers.pop(peer, None)
        self._trunks.carry_out(self._plan.remove(peer))

    def _publish(self, event: SfuEvent) -> None:
        for callback in list(self._subscribers.values()):
            try:
                callback(event)
            except Exception:
                # One subscriber's bug must not stop the media of every call.
                _LOG.exception("a subscriber failed", extra={"event": type(event).__name__})
