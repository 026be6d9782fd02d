"""A clapperboard: a clip whose picture turns white in the instant its sound beeps, and where both are found again."""

import asyncio
from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from typing import Any

import av
import numpy as np
from aiortc import MediaStreamTrack
from av.audio.frame import AudioFrame
from av.packet import Packet
from av.video.frame import VideoFrame

from relay.client.clip import Clip, ClipPacket
from relay.client.webrtc import VideoCodec
from relay.demo.encoding import encode_video

FRAMES_PER_S = 25
ROUND_S = 2
CLAP_S = 1.0
_LASTS_S = 0.12
_RATE_HZ = 48_000
_PACKET = 960


class ClapTrack(MediaStreamTrack):
    """Plays a round after another. All tracks of one `begin_s` are one clapperboard, however late each is read: what is late
    is sent late, with the time it had; nothing is passed over, for that would part picture and sound at their source."""

    def __init__(self, clip: Clip, begin_s: float) -> None:
        super().__init__()
        self.kind = clip.kind
        self._clip = clip
        self._begin_s = begin_s
        self._count = 0

    async def recv(self) -> "Packet[Any]":
        """The next frame, when it is due."""
        number, index = divmod(self._count, len(self._clip.packets))
        self._count += 1
        source = self._clip.packets[index]
        at = number * self._clip.duration + source.at
        due_s = self._begin_s + at / self._clip.clock_rate_hz
        await asyncio.sleep(max(0.0, due_s - asyncio.get_running_loop().time()))
        packet: Packet[Any] = Packet(source.data)
        packet.pts = packet.dts = at
        packet.time_base = Fraction(1, self._clip.clock_rate_hz)
        return packet


@cache
def claps(codec: VideoCodec) -> tuple[Clip, Clip]:
    """Picture and sound of one round."""
    return encode_video(_pictures(), codec, FRAMES_PER_S, 400_000), _sound()


def flashes(pictures: Iterable[tuple[float, Any]]) -> list[float]:
    """When the picture turned white."""
    return _rising((at_s, float(np.asarray(picture).mean()) > 180) for at_s, picture in pictures)


def beeps(sounds: Iterable[tuple[float, Any]]) -> list[float]:
    """When the sound began, to a millisecond or two."""
    found: list[float] = []
    for at_s, samples in sounds:
        loud = np.abs(np.asarray(samples, dtype=np.float64)).max(axis=0)
        loud = loud / (32768.0 if samples.dtype.kind == "i" else 1.0) > 0.1
        channels = 2 if samples.shape[0] == 1 else 1
        if loud.any() and (not found or at_s - found[-1] > ROUND_S / 2):
            found.append(at_s + int(loud.argmax()) / channels / _RATE_HZ)
    return found


def _rising(states: Iterable[tuple[float, bool]]) -> list[float]:
    found, before = [], True
    for at_s, state in states:
        if state and not before:
            found.append(at_s)
        before = state
    return found


def _pictures() -> list[VideoFrame]:
    pictures = []
    noise = np.random.default_rng(1)
    for number in range(FRAMES_PER_S * ROUND_S):
        white = CLAP_S <= number / FRAMES_PER_S < CLAP_S + _LASTS_S
        picture = noise.integers(215, 255, (144, 192, 3)) if white else noise.integers(0, 90, (144, 192, 3))
        pictures.append(VideoFrame.from_ndarray(picture.astype(np.uint8)).reformat(format="yuv420p"))
    return pictures


def _sound() -> Clip:
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = _RATE_HZ, "stereo", "s16"
    encoder.bit_rate, encoder.time_base = 48_000, Fraction(1, _RATE_HZ)
    encoder.options = {"application": "lowdelay", "frame_duration": "20"}
    times = np.arange(_RATE_HZ * ROUND_S) / _RATE_HZ
    tone = np.sin(2 * np.pi * 1000 * times) * ((times >= CLAP_S) & (times < CLAP_S + _LASTS_S)) * 20_000
    samples = np.repeat(tone.astype(np.int16), 2)
    data: list[bytes] = []
    for first in range(0, len(times), _PACKET):
        frame = AudioFrame.from_ndarray(samples[None, 2 * first : 2 * (first + _PACKET)], format="s16", layout="stereo")
        frame.sample_rate, frame.pts = _RATE_HZ, first
        data += [bytes(packet) for packet in encoder.encode(frame)]
    packets = tuple(ClipPacket(each, number * _PACKET, keyframe=True) for number, each in enumerate(data))
    return Clip("opus", _RATE_HZ, packets, len(packets) * _PACKET)
