"""The bots' media engine over real sockets: what one bot sends another receives, measures and asks for again."""

import asyncio
from collections.abc import Callable

import pytest

from loadtest.engine import TRAILER, Engine, Media
from loadtest.measure.histogram import Histogram
from tests.support.engine_pair import CM, GCM, bound, clip, pair


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
        engine.add_receiver(bot, ssrc=1, codec="VP8", histogram=1)
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
