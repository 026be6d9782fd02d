"""Clips play in real time and never go back; the time here is moved by the test."""

from fractions import Fraction

import pytest
from aiortc import MediaStreamError

from relay.client import clip as module
from relay.client.clip import Clip, ClipPacket, ClipTrack

CLIP = Clip(
    "VP8",
    1000,
    (ClipPacket(b"key", 0, True), ClipPacket(b"one", 40, False), ClipPacket(b"two", 80, False)),
    duration=120,
)


class FakeLoop:
    """The clock of an event loop, which passes when somebody sleeps."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.slept_s: list[float] = []

    def time(self) -> float:
        return self.now_s

    async def sleep(self, delay_s: float) -> None:
        self.slept_s.append(round(delay_s, 6))
        self.now_s += delay_s


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> FakeLoop:
    fake = FakeLoop()
    monkeypatch.setattr(module, "asyncio", fake)
    monkeypatch.setattr(fake, "get_running_loop", lambda: fake, raising=False)
    return fake


async def _play(track: ClipTrack, packets: int) -> list[tuple[bytes, int | None]]:
    played = [await track.recv() for _ in range(packets)]
    return [(bytes(packet), packet.pts) for packet in played]


async def test_rounds_follow_each_other_without_a_step_back(loop: FakeLoop) -> None:
    assert await _play(ClipTrack(CLIP), 7) == [
        (b"key", 0),
        (b"one", 40),
        (b"two", 80),
        (b"key", 120),
        (b"one", 160),
        (b"two", 200),
        (b"key", 240),
    ]
    assert loop.slept_s == [0.04] * 6


async def test_a_slow_reader_gets_what_is_due_at_once(loop: FakeLoop) -> None:
    track = ClipTrack(CLIP)
    await _play(track, 1)
    loop.now_s += 0.1
    await _play(track, 3)
    assert loop.slept_s == [0.02]


async def test_after_a_pause_a_new_round_begins_at_the_present_time(loop: FakeLoop) -> None:
    track = ClipTrack(CLIP)
    await _play(track, 2)
    loop.now_s += 60.0
    assert await _play(track, 3) == [(b"key", 60_040), (b"one", 60_080), (b"two", 60_120)]


async def test_restarting_begins_a_round_with_a_keyframe_just_after_what_was_played(loop: FakeLoop) -> None:
    track = ClipTrack(CLIP)
    await _play(track, 2)
    track.restart()
    assert await _play(track, 4) == [(b"key", 41), (b"one", 81), (b"two", 121), (b"key", 161)]


async def test_restarting_before_the_first_packet_changes_nothing(loop: FakeLoop) -> None:
    track = ClipTrack(CLIP)
    track.restart()
    assert await _play(track, 2) == [(b"key", 0), (b"one", 40)]


async def test_packets_carry_their_time_base_and_keyframes() -> None:
    track = ClipTrack(CLIP)
    key, delta = await track.recv(), await track.recv()
    assert key.time_base == delta.time_base == Fraction(1, 1000)
    assert (key.is_keyframe, delta.is_keyframe) == (True, False)


async def test_a_stopped_track_ends() -> None:
    track = ClipTrack(CLIP)
    track.stop()
    with pytest.raises(MediaStreamError):
        await track.recv()


def test_a_clip_knows_its_rate() -> None:
    assert CLIP.duration_s == 0.12
    assert CLIP.bitrate_bps == pytest.approx(9 * 8 / 0.12)
    assert CLIP.kind == "video"
