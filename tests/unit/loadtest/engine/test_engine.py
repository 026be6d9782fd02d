"""The bots' media engine over real sockets: what one bot sends another receives, measures and asks for again."""

import asyncio
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from loadtest.engine import TRAILER, Engine, Media
from loadtest.measure.histogram import Histogram

GCM, CM = 0x0007, 0x0001
KEY_BYTES = {GCM: 28, CM: 30}
KEYFRAME, DELTA, REST = b"\x10\x00", b"\x10\x01", b"\x00\x55"


def clip(frames: int = 20, packets: int = 3) -> Media:
    """Frames 5 ms apart, the first a VP8 keyframe."""
    payloads = [
        (REST if packet else KEYFRAME if frame == 0 else DELTA) + bytes(300)
        for frame in range(frames)
        for packet in range(packets)
    ]
    return Media(payloads, range(0, frames * packets, packets), range(0, frames * 450, 450), frames * 450, 90_000)


class LossyWire:
    """A socket pair's middle: passes datagrams both ways, without those that `drop` names."""

    def __init__(self) -> None:
        self.drop: Callable[[bytes], bool] = lambda _data: False
        self._sockets = [bound(), bound()]
        self._ends: list[tuple[str, int]] = []
        self._stopping = False
        self._thread = threading.Thread(target=self._pass)

    def address(self, side: int) -> tuple[str, int]:
        host, port = self._sockets[side].getsockname()
        return host, port

    def connect(self, *ends: tuple[str, int]) -> None:
        self._ends = list(ends)
        self._thread.start()

    def close(self) -> None:
        self._stopping = True
        self._thread.join()
        for each in self._sockets:
            each.close()

    def _pass(self) -> None:
        import select

        while not self._stopping:
            for ready in select.select(self._sockets, [], [], 0.01)[0]:
                side = self._sockets.index(ready)
                data = ready.recv(2048)
                if not self.drop(data):
                    self._sockets[1 - side].sendto(data, self._ends[1 - side])


def bound() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    made.setblocking(False)
    return made


@dataclass
class Pair:
    engine: Engine
    sender: int
    receiver: int
    bots: tuple[int, int]
    wire: LossyWire


@contextmanager
def pair(profile: int = GCM, stamp_id: int = 3, rtx: bool = True) -> Iterator[Pair]:
    engine, wire = Engine(1), LossyWire()
    sockets = [bound(), bound()]
    bots = [engine.add_bot(each.fileno()) for each in sockets]
    keys = [os.urandom(KEY_BYTES[profile]) for _ in range(2)]
    for side, bot in enumerate(bots):
        engine.set_keys(bot, profile, keys[side], keys[1 - side])
        engine.set_path(bot, *wire.address(side))
    wire.connect(*(each.getsockname() for each in sockets))
    repair = {"rtx_ssrc": 78, "rtx_payload_type": 97} if rtx else {}
    sender = engine.add_sender(
        bots[0], engine.add_media(clip()), payload_type=96, ssrc=77, stamp_id=stamp_id, mid_id=1, mid=b"0", **repair
    )
    receiver = engine.add_receiver(
        bots[1], ssrc=77, clock_rate_hz=90_000, video=True, histogram=0, stamp_id=stamp_id, **repair
    )
    engine.expect(receiver, True)
    stopping = threading.Event()

    def work() -> None:
        while not stopping.is_set():
            engine.poll()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield Pair(engine, sender, receiver, (bots[0], bots[1]), wire)
    finally:
        stopping.set()
        engine.stop()
        thread.join()
        wire.close()
        for each in sockets:
            each.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("profile", [GCM, CM])
@pytest.mark.parametrize("stamp_id", [3, TRAILER])
async def test_what_is_sent_arrives_whole_and_stamped(profile: int, stamp_id: int) -> None:
    with pair(profile, stamp_id) as made:
        made.engine.play(made.sender, True)
        await until(lambda: made.engine.reception(made.receiver).frames >= 30)
        reception, latency = made.engine.reception(made.receiver), Histogram(made.engine.histogram(0))
    assert reception.missing == reception.duplicates == reception.broken_frames == 0
    assert latency.count == pytest.approx(reception.packets, abs=3)
    assert reception.first_frame_ns >= reception.first_packet_ns > 0


async def test_nothing_leaves_after_the_end() -> None:
    with pair() as made:
        made.engine.play(made.sender, True)
        await until(lambda: made.engine.transmission(made.sender).frames > 3)
        made.engine.play(made.sender, False)
        stopped_at = made.engine.transmission(made.sender).packets
        await asyncio.sleep(0.05)
        assert made.engine.transmission(made.sender).packets == stopped_at
        made.engine.play(made.sender, True)
        await until(lambda: made.engine.transmission(made.sender).packets > stopped_at + 3)


def every(n: int, payload_types: frozenset[int]) -> Callable[[bytes], bool]:
    """Drop each n-th RTP packet of these payload types."""
    count = 0

    def drop(data: bytes) -> bool:
        nonlocal count
        if data[1] & 0x7F not in payload_types or 192 <= data[1] <= 223:
            return False
        count += 1
        return count % n == 0

    return drop


@pytest.mark.parametrize("rtx", [True, False])
async def test_what_is_lost_is_asked_for_and_comes(rtx: bool) -> None:
    with pair(rtx=rtx) as made:
        made.wire.drop = every(7, frozenset({96}))
        made.engine.play(made.sender, True)
        await until(lambda: made.engine.reception(made.receiver).repaired >= 15)
        reception, sent = made.engine.reception(made.receiver), made.engine.transmission(made.sender)
    assert reception.missing - reception.repaired <= 2
    assert sent.retransmitted >= reception.repaired
    assert reception.nacks >= reception.repaired


async def test_what_never_comes_is_given_up_and_a_keyframe_asked_for() -> None:
    with pair() as made:
        made.engine.play(made.sender, True)
        await until(lambda: made.engine.reception(made.receiver).frames > 5)
        lossy = every(40, frozenset({96}))
        made.wire.drop = lambda data: lossy(data) or data[1] & 0x7F == 97
        await until(lambda: made.engine.reception(made.receiver).keyframe_requests > 0)
        await until(lambda: made.engine.transmission(made.sender).keyframe_requests > 0)
        reception = made.engine.reception(made.receiver)
        made.wire.drop = lambda _data: False
        await until(lambda: made.engine.reception(made.receiver).frames > reception.frames + 10)
    assert reception.missing > reception.repaired
    assert reception.broken_frames > 0


async def test_an_outage_is_a_freeze_and_a_gap() -> None:
    with pair() as made:
        made.engine.play(made.sender, True)
        await until(lambda: made.engine.reception(made.receiver).frames > 20)
        made.wire.drop = lambda _data: True
        await asyncio.sleep(0.4)
        made.wire.drop = lambda _data: False
        await until(lambda: made.engine.reception(made.receiver).freeze_ms >= 300)
        assert made.engine.reception(made.receiver).freezes > 0
        assert made.engine.reception(made.receiver).longest_gap_ms >= 300


async def test_stun_and_dtls_come_out_and_rubbish_is_counted() -> None:
    engine, own, other = Engine(1), bound(), bound()
    bot = engine.add_bot(own.fileno())
    for data in (
        b"\x00\x01" + bytes(20),
        bytes([22]) + bytes(30),
        b"\x80\x60" + bytes(40),
        b"\x80\xc8" + bytes(40),
        b"x",
    ):
        other.sendto(data, own.getsockname())
    arrivals = []
    while len(arrivals) < 2:
        arrivals += engine.poll()
    totals = engine.totals()
    assert [(each.bot, each.data[0], (each.host, each.port)) for each in arrivals] == [
        (bot, 0, other.getsockname()),
        (bot, 22, other.getsockname()),
    ]
    assert engine.transmit(bot, b"hello", *other.getsockname())
    assert totals["unprotect_failed"] + totals["malformed"] >= 2
    own.close()
    other.close()


def test_wrong_use_is_refused() -> None:
    engine, own = Engine(1), bound()
    bot, media = engine.add_bot(own.fileno()), engine.add_media(clip())
    with pytest.raises(ValueError, match="frame"):
        engine.add_media(Media([b"x"], [], [], 1, 90_000))
    with pytest.raises(ValueError, match="fit"):
        engine.add_media(Media([bytes(3000)], [0], [0], 1, 90_000))
    with pytest.raises(IndexError):
        engine.set_path(bot + 1, "127.0.0.1", 1)
    with pytest.raises(ValueError, match="IPv4"):
        engine.set_path(bot, "::1", 1)
    with pytest.raises(ValueError, match="profile"):
        engine.set_keys(bot, 99, bytes(28), bytes(28))
    with pytest.raises(ValueError, match="no such media"):
        engine.add_sender(bot, media + 1, payload_type=96, ssrc=1)
    with pytest.raises(ValueError, match="histogram"):
        engine.add_receiver(bot, ssrc=1, clock_rate_hz=90_000, video=True, histogram=1)
    with pytest.raises(IndexError):
        engine.reception(0)
    engine.remove_bot(bot)
    with pytest.raises(IndexError):
        engine.remove_bot(bot)
    own.close()


def test_the_compiled_buckets_are_those_of_the_histogram() -> None:
    """Every latency the engine notes lies in the bucket that the Python twin would choose."""
    engine, own, other = Engine(1), bound(), bound()
    engine.add_bot(own.fileno())
    other.sendto(b"\x00\x01" + bytes(20), own.getsockname())
    engine.poll()
    lag = Histogram(engine.histogram(-1))
    assert lag.count == 1
    own.close()
    other.close()
