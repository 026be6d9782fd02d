"""Holes in what is written, whatever made them."""

from relay.recorder.frames import Frame
from relay.recorder.gaps import Gap, Gaps
from relay.recorder.reception import TimedFrame


def frame(at_s: float, lost: int = 0) -> TimedFrame:
    return TimedFrame(at_s, Frame(0, b"x", True), lost)


def noted(gaps: Gaps, times_s: list[float]) -> list[Gap]:
    return [gap for at_s in times_s for gap in gaps.note("camera", frame(at_s))]


def test_a_camera_that_stops_is_silent_soon_and_a_still_screen_is_not() -> None:
    camera = [n / 25 for n in range(100)]
    assert noted(Gaps(), [*camera, 4.6, 4.64]) == [Gap("camera", 3.96, 4.6, "silence")]
    assert noted(Gaps(), [float(n) for n in range(20)])[1:] == [], "a frame a second is what this source is used to"


def test_comfort_noise_is_no_gap() -> None:
    voice = [n / 50 for n in range(50)]
    assert noted(Gaps(), [*voice, *(1.0 + 0.4 * n for n in range(20)), *(8.7 + n / 50 for n in range(50))]) == []


def test_a_loss_is_told_from_the_last_frame_or_from_the_beginning_of_the_source() -> None:
    gaps = Gaps()
    gaps.change_source("camera", "kiosk/k-1 camera", 9.0)
    assert gaps.note("camera", frame(10.0, lost=3)) == [Gap("camera", 9.0, 10.0, "loss", 3)]
    assert gaps.note("camera", frame(10.04)) == []
    assert gaps.note("camera", frame(10.2, lost=1)) == [Gap("camera", 10.04, 10.2, "loss", 1)]


def test_the_end_of_a_source_or_of_the_recording_is_told_too() -> None:
    gaps = Gaps()
    gaps.change_source("camera", "kiosk/k-1 camera", 9.0)
    noted(gaps, [10.0, 10.04])
    assert gaps.change_source("camera", "kiosk/k-2 camera", 20.0) == [Gap("camera", 10.04, 20.0, "silence")]
    assert gaps.end({}, 30.0) == [], "a source that never sent has no gap"
    assert gaps.end({"camera": 4}, 30.0) == [Gap("camera", 20.0, 30.0, "loss", 4)]
    assert gaps.change_source("camera", "", 31.0) == []
    assert gaps.end({"camera": 4}, 32.0) == []
