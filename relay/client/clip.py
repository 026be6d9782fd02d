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
"""A player that lost more than this (a suspended process) goes on from now instead of catching up in a burst."""


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
    """Plays a clip round after round in real time; its timestamps never go back."""

    def __init__(self, clip: Clip) -> None:
        super().__init__()
        self.kind = clip.kind
        self._clip = clip
        self._played = 0
        self._start_s: float | None = None

    async def recv(self) -> "Packet[Any]":
        """The next encoded frame, when it is due."""
        if self.readyState != "live":
            raise MediaStreamError
        rounds, index = divmod(self._played, len(self._clip.packets))
        self._played += 1
        source = self._clip.packets[index]
        pts = rounds * self._clip.duration + source.at
        await self._wait_for(pts / self._clip.clock_rate_hz)
        packet: Packet[Any] = Packet(source.data)
        packet.pts = packet.dts = pts
        packet.time_base = Fraction(1, self._clip.clock_rate_hz)
        packet.is_keyframe = source.keyframe
        return packet

    async def _wait_for(self, due_s: float) -> None:
        now_s = asyncio.get_running_loop().time()
        if self._start_s is None or now_s - (self._start_s + due_s) > MAX_LATENESS_S:
            self._start_s = now_s - due_s
        delay_s = self._start_s + due_s - now_s
        if delay_s > 0:
            await asyncio.sleep(delay_s)
