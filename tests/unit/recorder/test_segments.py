"""Which file a frame goes to."""

import io

import av

from relay.recorder.frames import Format, Frame
from relay.recorder.matroska import opus_head
from relay.recorder.reception import TimedFrame
from relay.recorder.segments import (
    LEAVING_S,
    START_PATIENCE_S,
    Append,
    Begin,
    Finish,
    Output,
    Segments,
    WantKeyframe,
)

VOICE = Format("A_OPUS", opus_head())
SILENCE = b"\xf8\xff\xfe"
"""A packet of Opus."""


def sound(at_s: float) -> TimedFrame:
    return TimedFrame(at_s, Frame(round(at_s * 48_000), SILENCE, True, VOICE))


def sight(at_s: float, *, keyframe: bool = False, width: int = 192) -> TimedFrame:
    form = Format("V_VP8", b"", width, 144) if keyframe else None
    return TimedFrame(at_s, Frame(round(at_s * 90_000), b"sight", keyframe, form))


class Disk:
    """The files as they would be."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.finished: list[str] = []
        self.wanted: list[str] = []

    def take(self, outputs: list[Output]) -> None:
        for output in outputs:
            match output:
                case Begin(file, data):
                    assert file not in self.files
                    self.files[file] = data
                case Append(file, data):
                    self.files[file] += data
                case Finish(file):
                    self.finished.append(file)
                case WantKeyframe(slot):
                    self.wanted.append(slot)

    def times_ms(self, file: str) -> dict[str, list[int]]:
        with av.open(io.BytesIO(self.files[file])) as container:
            times: dict[str, list[int]] = {stream.type: [] for stream in container.streams}
            for packet in container.demux():
                if packet.size:
                    times[packet.stream.type].append(int(packet.pts))
        return times


def test_sound_and_picture_begin_together_and_the_file_is_written_every_second() -> None:
    disk, segments = Disk(), Segments("c1", 900.0, 1 << 30)
    disk.take(segments.push("microphone", [sound(10.0)], 10.1))
    disk.take(segments.handle_time(10.2, unready=True))
    assert disk.files == {}, "the camera is heard, and has shown no keyframe"
    disk.take(segments.push("camera", [sight(10.04, keyframe=True)], 10.3))
    for tenth in range(1, 15):
        disk.take(segments.push("microphone", [sound(10.0 + tenth / 10)], 10.3 + tenth / 10))
        disk.take(segments.handle_time(10.3 + tenth / 10, unready=False))
    written = disk.times_ms("c1-0001.mkv")
    assert (written["audio"][:9], written["video"]) == ([100 * n for n in range(9)], [40])
    disk.take(segments.end(12.0))
    assert disk.times_ms("c1-0001.mkv")["audio"][-1] == 1400
    assert disk.finished == ["c1-0001.mkv"]


def test_a_source_without_a_keyframe_does_not_hold_the_others_for_long() -> None:
    disk, segments = Disk(), Segments("c1", 900.0, 1 << 30)
    disk.take(segments.push("microphone", [sound(10.0)], 10.0))
    disk.take(segments.handle_time(10.0 + START_PATIENCE_S, unready=True))
    assert list(disk.files) == ["c1-0001.mkv"]


def test_a_new_source_begins_a_segment_and_a_running_picture_loses_nothing_between_them() -> None:
    disk, segments = Disk(), Segments("c1", 900.0, 1 << 30)
    disk.take(segments.push("camera", [sight(10.0, keyframe=True)], 10.0))
    disk.take(segments.handle_time(10.0, unready=False))
    disk.take(segments.push("microphone", [sound(11.0)], 11.0))
    disk.take(segments.handle_time(11.0, unready=False))
    assert list(disk.files) == ["c1-0001.mkv", "c1-0002.mkv"]
    for second in range(20):
        disk.take(segments.push("camera", [sight(11.1 + second)], 11.1 + second))
        disk.take(segments.handle_time(11.1 + second, unready=False))
    assert disk.wanted == ["camera"] * 20, "it is asked until it comes"
    assert disk.finished == []
    disk.take(segments.push("camera", [sight(31.2, keyframe=True), sight(31.3)], 31.3))
    disk.take(segments.handle_time(31.4, unready=False))
    assert disk.finished == ["c1-0001.mkv"]
    disk.take(segments.end(32.0))
    assert len(disk.times_ms("c1-0001.mkv")["video"]) == 21
    second_file = disk.times_ms("c1-0002.mkv")
    assert (len(second_file["video"]), len(second_file["audio"])) == (2, 1)


def test_no_time_is_bent_to_fit_a_file() -> None:
    """A frame earlier than the new segment stays in the old one, keyframe or not."""
    disk, segments = Disk(), Segments("c1", 2.0, 1 << 30)
    disk.take(segments.push("camera", [sight(10.0, keyframe=True)], 10.0))
    disk.take(segments.push("microphone", [sound(10.0)], 10.0))
    disk.take(segments.handle_time(10.0, unready=False))
    disk.take(segments.push("microphone", [sound(12.1)], 12.1))
    disk.take(segments.handle_time(12.1, unready=False))
    disk.take(segments.push("camera", [sight(11.9, keyframe=True), sight(12.2, keyframe=True)], 12.3))
    disk.take(segments.end(12.4))
    assert disk.times_ms("c1-0001.mkv") == {"video": [0, 1900], "audio": [0, 2100]}
    assert disk.times_ms("c1-0002.mkv")["video"] == [100]


def test_another_size_or_source_and_a_full_or_old_file_begin_a_segment() -> None:
    disk, segments = Disk(), Segments("c1", 60.0, 1 << 30)
    segments.label("camera", "kiosk/k-1 camera", 10.0)
    disk.take(segments.push("camera", [sight(10.0, keyframe=True)], 10.0))
    disk.take(segments.handle_time(10.0, unready=False))
    disk.take(segments.push("camera", [sight(11.0, keyframe=True, width=320)], 11.0))
    disk.take(segments.handle_time(11.0, unready=False))
    assert len(disk.files) == 2
    segments.label("camera", "kiosk/k-2 camera", 12.0)
    disk.take(segments.push("camera", [sight(12.0, keyframe=True, width=320)], 12.0))
    disk.take(segments.handle_time(12.0, unready=False))
    assert disk.finished == ["c1-0001.mkv", "c1-0002.mkv"]
    disk.take(segments.handle_time(72.5, unready=False))
    assert len(disk.files) == 4
    disk.take(segments.end(73.0))

    small = Segments("c2", 900.0, 100)
    disk.take(small.push("microphone", [sound(10.0 + n / 10) for n in range(30)], 10.0))
    for at_s in (10.0, 12.2, 12.3):
        disk.take(small.handle_time(at_s, unready=False))
    assert "c2-0002.mkv" in disk.files


def test_two_sizes_before_the_first_file_are_two_files() -> None:
    disk, segments = Disk(), Segments("c1", 900.0, 1 << 30)
    disk.take(segments.push("camera", [sight(10.0, keyframe=True), sight(10.1)], 10.1))
    disk.take(segments.push("camera", [sight(10.2, keyframe=True, width=320), sight(10.3)], 10.3))
    disk.take(segments.end(11.0))
    assert [len(disk.times_ms(file)["video"]) for file in ("c1-0001.mkv", "c1-0002.mkv")] == [2, 2]


def test_a_source_that_has_left_holds_no_file_open_and_what_was_on_its_way_is_kept() -> None:
    disk, segments = Disk(), Segments("c1", 900.0, 1 << 30)
    segments.label("camera", "kiosk/k-1 camera", 9.0)
    disk.take(segments.push("camera", [sight(10.0, keyframe=True)], 10.0))
    disk.take(segments.handle_time(10.0, unready=False))
    disk.take(segments.push("microphone", [sound(10.5)], 10.5))
    segments.label("camera", "", 10.5)
    disk.take(segments.push("camera", [sight(10.5)], 10.6))
    disk.take(segments.handle_time(10.6, unready=False))
    assert disk.finished == []
    disk.take(segments.handle_time(10.6 + LEAVING_S, unready=False))
    assert disk.finished == ["c1-0001.mkv"]
    disk.take(segments.push("camera", [sight(20.0, keyframe=True)], 20.0))
    disk.take(segments.end(21.0))
    assert disk.times_ms("c1-0001.mkv") == {"video": [0, 500]}
