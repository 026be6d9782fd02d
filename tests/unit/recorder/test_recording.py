"""A whole recording in virtual time: picture and sound stay together over everything a network does, and holes are told."""

import pytest

from relay.client.webrtc import VideoCodec
from relay.recorder.recording import Bounds
from tests.support.recorded_call import EPOCH_S, Network, RecordedCall, Speaker

IN_SYNC_S = 0.040
"""A picture and its sound further apart are seen apart (ITU-R BT.1359: −125 … +45 ms); a frame alone lasts 40 ms."""
ONE_FILE = Bounds(900.0, 1 << 30)
NOBODY = None


def recorded(
    speakers: list[tuple[float, float, Speaker | None]], network: Network | None = None, bounds: Bounds = ONE_FILE
) -> RecordedCall:
    call = RecordedCall(network or Network(), bounds)
    call.play(speakers)
    return call


def assert_in_sync(call: RecordedCall, expected: list[float], *, late_s: float = 0.1) -> None:
    """Each of these claps was seen and heard together, where it was."""
    seen, heard = call.claps()
    for clap_s in expected:
        sights = [at_s for at_s in seen if -0.05 <= at_s - clap_s < late_s]
        sounds = [at_s for at_s in heard if -0.05 <= at_s - clap_s < late_s]
        assert sights, (clap_s, seen)
        assert sounds, (clap_s, heard)
        assert abs(sights[0] - sounds[0]) <= IN_SYNC_S, (clap_s, sights, sounds)


@pytest.mark.parametrize("codec", ["VP8", "H264"])
def test_picture_and_sound_stay_together_while_numbers_and_timestamps_wrap(codec: VideoCodec) -> None:
    speaker = Speaker("k-1", codec)
    call = recorded([(0.0, 12.0, speaker)])
    assert_in_sync(call, speaker.claps_between(0.5, 11.5))
    assert call.lines("gap") == []
    assert len(call.lines("segment")) == 1


@pytest.mark.parametrize("seed", range(3))
def test_reports_that_are_stamped_late_do_not_part_them(seed: int) -> None:
    speaker = Speaker("k-1", late_reports_s=0.25)
    call = recorded([(0.0, 24.0, speaker)], Network(seed))
    # The first reports are all there is to go by; a late one among them is outvoted soon.
    assert_in_sync(call, speaker.claps_between(8.0, 23.5), late_s=0.3)


def test_reordered_and_lost_packets_come_again_and_leave_no_gap() -> None:
    speaker = Speaker("k-1")
    call = recorded([(0.0, 12.0, speaker)], Network(loss=0.05, reordering_s=0.06))
    assert call.lost > 30
    assert_in_sync(call, speaker.claps_between(0.5, 11.5))
    assert call.lines("gap") == []
    assert all(slot["lost"] == 0 for slot in call.lines("end")[0]["totals"].values())


def test_what_is_lost_for_good_is_a_gap_and_the_rest_is_in_sync() -> None:
    speaker = Speaker("k-1")
    call = recorded([(0.0, 24.0, speaker)], Network(loss=0.01, repaired=False))
    gaps = [row for row in call.lines("gap") if row["slot"] == "camera"]
    assert gaps
    assert {row["cause"] for row in call.lines("gap")} == {"loss"}
    totals = call.lines("end")[0]["totals"]
    assert sum(row["packets"] for row in gaps) == totals["camera"]["lost"] > 0
    seen, _ = call.claps()
    assert_in_sync(call, [at_s for at_s in speaker.claps_between(0.5, 23.5) if _is_whole(call, at_s)])
    assert len(seen) >= 3


def test_a_source_that_stops_and_comes_back_is_a_gap_though_no_number_is_missing() -> None:
    speaker = Speaker("k-1", silent=((5.0, 9.0, "video"), (12.0, 15.0, "audio")))
    call = recorded([(0.0, 20.0, speaker)])
    gaps = [(row["slot"], row["cause"], row["packets"], row["until_ms"] - row["at_ms"]) for row in call.lines("gap")]
    assert [gap[:3] for gap in gaps] == [("camera", "silence", 0), ("microphone", "silence", 0)]
    assert abs(gaps[0][3] - 4000) <= 80
    assert abs(gaps[1][3] - 3000) <= 80
    assert_in_sync(call, [at_s for at_s in speaker.claps_between(0.5, 19.5) if _is_whole(call, at_s)])


def test_another_source_of_the_slots_is_in_sync_at_once_though_its_clock_is_another() -> None:
    first = Speaker("k-1", delay_s=0.02)
    second = Speaker("k-2", phase_s=0.7, clock_s=5_000.0, delay_s=0.15)
    call = recorded([(0.0, 8.3, first), (8.3, 9.0, NOBODY), (9.0, 20.0, second), (20.0, 28.0, first)])
    assert_in_sync(call, first.claps_between(0.5, 8.0))
    assert_in_sync(call, second.claps_between(11.0, 19.5), late_s=0.3)
    assert_in_sync(call, first.claps_between(22.5, 27.5))
    names = {track["source"] for row in call.lines("segment") for track in row["tracks"]}
    assert names == {f"kiosk/{who} {what}" for who in ("k-1", "k-2") for what in ("camera", "microphone")}
    assert [row["participant"] for row in call.lines("source") if row["slot"] == "camera"] == [
        "kiosk/k-1",
        "",
        "kiosk/k-2",
        "kiosk/k-1",
    ]


def test_segments_that_follow_each_other_lose_nothing_and_stay_in_sync() -> None:
    speaker = Speaker("k-1")
    call = recorded([(0.0, 16.0, speaker)], bounds=Bounds(3.0, 1 << 30))
    assert len(call.lines("segment")) >= 4
    assert_in_sync(call, speaker.claps_between(0.5, 15.5))
    assert call.lines("gap") == []
    frames = sum(slots["frames"] for row in call.lines("segment-end") for slots in row["slots"].values())
    assert frames >= 16 * (25 + 50) - 20


def _is_whole(call: RecordedCall, at_s: float) -> bool:
    """Whether no gap is near this clap."""
    at_ms = (EPOCH_S + at_s) * 1000
    return not any(row["at_ms"] - 200 <= at_ms <= row["until_ms"] + 200 for row in call.lines("gap"))
