"""Small encoded clips, made once a session: a moving square and a tone, cheap to send and to decode."""

from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np
from av.packet import Packet
from av.video.frame import VideoFrame

from relay.client.clip import Clip
from relay.client.webrtc import VideoCodec
from relay.demo.encoding import encode_sound, encode_video

FRAMES_PER_S = 15


def square_pictures(frames: int = 30, width: int = 192) -> list[VideoFrame]:
    """A white square that crosses a grey picture of 4:3."""
    pictures = []
    for number in range(frames):
        picture = np.full((width * 3 // 4, width, 3), 90, np.uint8)
        left = number * (width - 32) // frames
        picture[40:72, left : left + 32] = 255
        pictures.append(VideoFrame.from_ndarray(picture).reformat(format="yuv420p"))
    return pictures


@cache
def video(codec: VideoCodec = "VP8", width: int = 192) -> Clip:
    """Two seconds of the square, from a keyframe."""
    return encode_video(square_pictures(width=width), codec, FRAMES_PER_S, 100_000)


@cache
def busy_video() -> Clip:
    """Two seconds of noise: many packets, so that random loss soon has something to take."""
    die = np.random.default_rng(1)
    pictures = [
        VideoFrame.from_ndarray(die.integers(0, 256, (240, 320, 3), np.uint8)).reformat(format="yuv420p")
        for _ in range(2 * FRAMES_PER_S)
    ]
    return encode_video(pictures, "VP8", FRAMES_PER_S, 1_500_000)


@cache
def sound() -> Clip:
    """Five seconds of music and voices."""
    return encode_sound("bigbuckbunny.mp4")


def write_film(clip: Clip, path: Path, rounds: int) -> None:
    """A file of several rounds of an H.264 clip, in the container that the name of the file says."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("h264", rate=FRAMES_PER_S)
        stream.width, stream.height = 192, 144
        for number in range(rounds):
            for each in clip.packets:
                packet = Packet(each.data)
                packet.stream, packet.time_base = stream, Fraction(1, clip.clock_rate_hz)
                packet.pts = packet.dts = number * clip.duration + each.at
                packet.is_keyframe = each.keyframe
                container.mux(packet)
