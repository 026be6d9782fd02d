"""Encoded media in memory, played in a loop: nothing is encoded while it plays, so one machine can be many participants.

A pre-encoded stream cannot answer a keyframe request; encode a keyframe every two seconds or so.
"""

import asyncio
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from aiortc import MediaStreamError, MediaStreamTrack
from av.packet import Packet

ClipCodec = Literal["VP8", "H264", "opus"]
MAX_LATENESS_S = 0.5
"""A player nobody read for longer (a paused source, a suspended process) begins a new round instead of catching up."""


@dataclass(frozen=True, slots=True)
class ClipPacket:
    """One encoded frame; `at` is its presentation time in ticks of the clip."""

    data: bytes
    at: int
    keyframe: bool


@dataclass(frozen=True, slots=True)
class Clip:
    """Encoded frames in order of presentation, the first a keyframe at 0, none after `duration` (ticks)."""

    codec: ClipCodec
    clock_rate_hz: int
    packets: tuple[ClipPacket, ...]
    duration: int

    @property
    def kind(self) -> str:
        """`audio` or `video`."""
        return "audio" if self.codec == "opus" else "video"

    @property
    def duration_s(self) -> float:
        """Length of one round."""
        return self.duration / self.clock_rate_hz

    @property
    def bitrate_bps(self) -> float:
        """Average over one round, without packet headers."""
        return sum(len(packet.data) for packet in self.packets) * 8 / self.duration_s


class ClipTrack(MediaStreamTrack):
    """Plays a clip round after round in real time; its timestamps follow the time and never go back."""

    def __init__(self, clip: Clip) -> None:
        super().__init__()
        self.kind = clip.kind
        self._clip = clip
        self._start_s: float | None = None
        self._round_at = 0
        self._index = 0
        self._last_at = -1

    def restart(self) -> None:
        """Begin a new round now, with a keyframe: what an encoder does when it is asked for one."""
        self._index = len(self._clip.packets)
        self._round_at = self._last_at + 1 - self._clip.duration

    async def recv(self) -> "Packet[Any]":
        """The next encoded frame, when it is due."""
        if self.readyState != "live":
            raise MediaStreamError
        source = self._next()
        at = self._last_at = self._round_at + source.at
        await self._wait_until(at)
        packet: Packet[Any] = Packet(source.data)
        packet.pts = packet.dts = at
        packet.time_base = Fraction(1, self._clip.clock_rate_hz)
        packet.is_keyframe = source.keyframe
        return packet

    def _next(self) -> ClipPacket:
        if self._index >= len(self._clip.packets):
            self._index = 0
            self._round_at += self._clip.duration
        source = self._clip.packets[self._index]
        elapsed = self._elapsed()
        if elapsed - (self._round_at + source.at) > MAX_LATENESS_S * self._clip.clock_rate_hz:
            self._index, self._round_at, source = 0, elapsed, self._clip.packets[0]
        self._index += 1
        return source

    def _elapsed(self) -> int:
        """Since the first packet, in ticks."""
        now_s = asyncio.get_running_loop().time()
        if self._start_s is None:
            self._start_s = now_s
        return round((now_s - self._start_s) * self._clip.clock_rate_hz)

    async def _wait_until(self, at: int) -> None:
        delay_s = (at - self._elapsed()) / self._clip.clock_rate_hz
        if delay_s > 0:
            await asyncio.sleep(delay_s)
