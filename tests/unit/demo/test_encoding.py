"""Clips decode to what was put in, start and repeat with a keyframe, and never reorder."""

from fractions import Fraction

import av
import pytest

from relay.client.webrtc import VideoCodec
from relay.demo import encoding
from relay.errors import Misuse
from tests.support.clips import FRAMES_PER_S, sound, square_pictures, video


@pytest.mark.parametrize(("codec", "decoder"), [("VP8", "vp8"), ("H264", "h264")])
def test_a_clip_decodes_frame_by_frame(codec: VideoCodec, decoder: str) -> None:
    clip = video(codec)
    context = av.CodecContext.create(decoder, "r")
    decoded = [frame for each in clip.packets for frame in context.decode(av.Packet(each.data))] + context.decode(None)
    assert len(decoded) == len(clip.packets) == 30
    assert {(frame.width, frame.height) for frame in decoded} == {(192, 144)}
    first, last = decoded[0].to_ndarray(format="gray"), decoded[-1].to_ndarray(format="gray")
    assert first[56, 10] > 200 > last[56, 10]


@pytest.mark.parametrize("codec", ["VP8", "H264"])
def test_times_rise_evenly_and_keyframes_come_every_two_seconds(codec: VideoCodec) -> None:
    clip = encoding.encode_video(square_pictures(70), codec, FRAMES_PER_S, 100_000)
    step = clip.clock_rate_hz // FRAMES_PER_S
    assert [each.at for each in clip.packets] == list(range(0, 70 * step, step))
    assert clip.duration == 70 * step
    assert [index for index, each in enumerate(clip.packets) if each.keyframe] == [0, 30, 60]


def test_h264_is_a_byte_stream_with_its_parameter_sets() -> None:
    """RFC 6184 §8.4: a receiver that joins later finds SPS and PPS before every IDR picture."""
    for each in video("H264").packets:
        units = [unit[0] & 0x1F for unit in each.data.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1") if unit]
        assert ({7, 8, 5} <= set(units)) == each.keyframe


def test_sound_is_opus_of_20_ms() -> None:
    clip = sound()
    context = av.CodecContext.create("libopus", "r")
    context.sample_rate, context.layout = 48_000, "stereo"
    packet = av.Packet(clip.packets[10].data)
    packet.time_base = Fraction(1, 48_000)
    (frame,) = context.decode(packet)
    assert frame.samples == encoding.AUDIO_FRAME_SAMPLES
    assert {after.at - before.at for before, after in zip(clip.packets, clip.packets[1:], strict=False)} == {960}
    assert clip.duration == 960 * len(clip.packets)


def test_a_film_is_scaled() -> None:
    picture = next(encoding.film_pictures("carphone_pristine.mp4", (320, 240)))
    assert (picture.width, picture.height, picture.format.name) == (320, 240, "yuv420p")


def test_no_pictures_are_no_clip() -> None:
    with pytest.raises(Misuse, match="needs pictures"):
        encoding.encode_video([], "VP8", 15, 100_000)


def test_without_the_films_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "find_spec", lambda name: None)
    with pytest.raises(Misuse, match=r"relay\[demo\]"):
        encoding.film_path("bikes.mp4")
