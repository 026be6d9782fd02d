"""Real WebRTC clients (aiortc) over several media worker processes: through pipes, and when a worker dies or hangs."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from relay.client.clip import ClipTrack
from relay.client.webrtc import Participant
from relay.config import SfuSettings
from relay.errors import Malformed, Misuse, NotFound, Unavailable
from relay.ids import PeerId
from relay.sfu import PeerClosed, PeerConnected, PeerOffer, SfuEvent, SlotRef, SlotStarted, SourceRef
from relay.sfu.shell.pool import SfuPool
from tests.support.clips import sound, video
from tests.support.running_relay import ON_ANY_MACHINE

pytestmark = pytest.mark.calls
KIOSK, SEAT, WATCHER = PeerId("kiosk"), PeerId("seat"), PeerId("watcher")
SLOTS = ["microphone", "camera"]


@asynccontextmanager
async def pool(workers: int = 2, **settings: float) -> AsyncIterator[SfuPool]:
    running = SfuPool(SfuSettings(host="127.0.0.1", workers=workers, **ON_ANY_MACHINE, **settings))  # type: ignore[arg-type]
    await running.start()
    try:
        yield running
    finally:
        await running.close()


async def until(condition: Callable[[], bool], timeout_s: float = 30.0) -> None:
    """Return when the condition holds; the time-out only bounds a failing test."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.02)


async def join(sfu: SfuPool, name: PeerId, participant: Participant, near: list[PeerId] | None = None) -> None:
    offer = await participant.offer()
    await participant.accept(await sfu.answer(name, PeerOffer(offer.sdp, dict(offer.sources), dict(offer.slots)), near))
    await participant.wait_connected()


async def connect(sfu: SfuPool, sender: PeerId, receiver: PeerId) -> None:
    for source in SLOTS:
        await sfu.route(SlotRef(receiver, source), SourceRef(sender, source))


def publisher() -> Participant:
    return Participant({"microphone": ClipTrack(sound()), "camera": ClipTrack(video("VP8"))}, SLOTS)


def receives(participant: Participant, beyond: int = 5) -> bool:
    return all(participant.received[slot].frames > beyond for slot in SLOTS)


def worker_of(sfu: SfuPool, peers: int) -> list[int]:
    return [row.index for row in sfu.stats().workers if row.peers == peers]


async def test_peers_of_different_workers_see_each_other_through_a_pipe() -> None:
    events: list[SfuEvent] = []
    async with pool() as sfu, publisher() as kiosk, publisher() as seat, Participant({}, SLOTS) as watcher:
        sfu.subscribe(events.append)
        await join(sfu, KIOSK, kiosk)
        await join(sfu, SEAT, seat)
        await join(sfu, WATCHER, watcher, near=[SEAT])
        assert sorted(row.peers for row in sfu.stats().workers) == [1, 2]
        await connect(sfu, KIOSK, SEAT)
        await connect(sfu, SEAT, KIOSK)
        await connect(sfu, KIOSK, WATCHER)
        await until(lambda: receives(kiosk) and receives(seat) and receives(watcher))
        # Two sources each way, whatever the number of slots.
        await until(lambda: [row.piped_streams for row in sfu.stats().workers] == [4, 4])
        await until(lambda: (stats := sfu.peer_stats(SEAT)) is not None and len(stats.streams) == 4)
        for name in (KIOSK, SEAT, WATCHER):
            for slot in SLOTS:
                await sfu.route(SlotRef(name, slot), None)
        await until(lambda: [row.piped_streams for row in sfu.stats().workers] == [0, 0])
        sums = sfu.stats()

    assert {event.slot.peer for event in events if isinstance(event, SlotStarted)} == {KIOSK, SEAT, WATCHER}
    assert {event.peer for event in events if isinstance(event, PeerConnected)} == {KIOSK, SEAT, WATCHER}
    assert sums.counters["drop_auth_failed"] == sums.counters["drop_replayed"] == 0


async def test_a_call_comes_back_when_its_worker_is_killed_and_another_never_stops() -> None:
    closed: list[SfuEvent] = []
    async with pool() as sfu, publisher() as kiosk, publisher() as seat, publisher() as other:
        sfu.subscribe(lambda event: closed.append(event) if isinstance(event, PeerClosed) else None)
        await join(sfu, KIOSK, kiosk)
        await join(sfu, SEAT, seat, near=[KIOSK])
        await join(sfu, WATCHER, other)
        await connect(sfu, KIOSK, SEAT)
        await connect(sfu, WATCHER, WATCHER)
        await until(lambda: receives(seat) and receives(other))

        (victim,) = worker_of(sfu, peers=2)
        before = sfu.stats().counters["packets_in"]
        os.kill(sfu.pid_of(victim), signal.SIGKILL)
        await until(lambda: len(closed) == 2)
        assert {(event.peer, event.reason) for event in closed} == {(KIOSK, "worker-lost"), (SEAT, "worker-lost")}
        assert sfu.stats().counters["packets_in"] >= before
        heard = other.received["microphone"].frames
        async with publisher() as kiosk_again, Participant({}, SLOTS) as seat_again:
            await join(sfu, KIOSK, kiosk_again)
            await join(sfu, SEAT, seat_again, near=[KIOSK])
            await connect(sfu, KIOSK, SEAT)
            await until(lambda: receives(seat_again))
            await until(lambda: other.received["microphone"].frames > heard + 10)
        await until(lambda: sfu.stats().workers[victim].state == "running")
        assert [row.lost for row in sfu.stats().workers] == [int(row.index == victim) for row in sfu.stats().workers]
        assert WATCHER not in {event.peer for event in closed if isinstance(event, PeerClosed)}


async def test_a_worker_that_hangs_is_replaced_and_an_offer_waits_for_its_successor() -> None:
    closed: list[SfuEvent] = []
    async with pool(workers=1, worker_silence_s=1.0) as sfu, publisher() as kiosk, publisher() as again:
        sfu.subscribe(lambda event: closed.append(event) if isinstance(event, PeerClosed) else None)
        await join(sfu, KIOSK, kiosk)
        os.kill(sfu.pid_of(0), signal.SIGSTOP)
        await until(lambda: len(closed) == 1)
        # On a machine that is busy a start takes longer than an offer waits; clients ask again.
        for _ in range(5):
            with suppress(Unavailable):
                await join(sfu, KIOSK, again)
                break
        assert again.state == "connected"
        assert sfu.stats().workers[0].lost == 1


async def test_a_drained_worker_moves_the_idle_at_once_and_a_call_when_it_is_over() -> None:
    closed: list[SfuEvent] = []
    async with pool() as sfu, publisher() as kiosk, publisher() as seat, publisher() as idle:
        sfu.subscribe(lambda event: closed.append(event) if isinstance(event, PeerClosed) else None)
        await join(sfu, KIOSK, kiosk)
        await join(sfu, SEAT, seat, near=[KIOSK])
        await join(sfu, WATCHER, idle, near=[KIOSK])
        await connect(sfu, KIOSK, SEAT)
        await until(lambda: receives(seat))
        (drained,) = worker_of(sfu, peers=3)
        first = sfu.pid_of(drained)
        sfu.replace_worker(drained)
        await until(lambda: closed == [PeerClosed(WATCHER, "worker-replaced")])
        assert sfu.stats().workers[drained].state == "draining"
        async with publisher() as elsewhere:
            await join(sfu, WATCHER, elsewhere, near=[KIOSK])
            assert sfu.stats().workers[drained].peers == 2
            heard = seat.received["microphone"].frames
            await until(lambda: seat.received["microphone"].frames > heard + 10)
            for slot in SLOTS:
                await sfu.route(SlotRef(SEAT, slot), None)
            await until(lambda: sfu.pid_of(drained) not in (0, first))
        assert {event.peer for event in closed} == {KIOSK, SEAT, WATCHER}
        assert sfu.stats().workers[drained].lost == 0


async def test_what_a_worker_refuses_is_refused_here() -> None:
    async with pool(workers=1) as sfu:
        with pytest.raises(Malformed, match="type=value"):
            await sfu.answer(KIOSK, PeerOffer("nonsense", {}, {}))
        assert sfu.peer_stats(KIOSK) is None
        assert sfu.stats().workers[0].peers == 0
        with pytest.raises(NotFound):
            sfu.replace_worker(7)


async def test_workers_that_cannot_start_are_said_to() -> None:
    async with pool(workers=1) as first:
        taken = SfuPool(SfuSettings(host="127.0.0.1", port=first.address[1], workers=1))
        with pytest.raises(Unavailable):
            await taken.start()
        with pytest.raises(Misuse):
            _ = taken.address
