"""One slot's packets in order, and what of them is missing: packets in, whole frames and gaps out. Pure.

A missing packet is waited for `REORDER_S` at most, for it may come by retransmission from the source's uplink. Then it is lost:
video goes on at its next keyframe, which is asked for; audio goes on at once.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from relay.errors import Malformed
from relay.recorder.frames import DEPACKETISERS, Depacketiser, Frame
from relay.recorder.timeline import Clocks, Timeline
from relay.sfu.wire.rtp import Packet

REORDER_S: Final = 0.4
MAX_WAITING: Final = 2048
MAX_HELD_FRAMES: Final = 1024
KEYFRAME_INTERVAL_S: Final = 1.0
_CYCLE: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class TimedFrame:
    """A frame and when it was, on the recorder's clock."""

    at_s: float
    frame: Frame
    lost: int = 0
    """Packets that are missing in front of it."""


class Reception:
    """given: the encoding of each payload type, clock rate. owned: the order, the frame in the making, the time line."""

    def __init__(self, encodings: Mapping[int, str], rate_hz: int, clocks: Clocks) -> None:
        self._encodings = encodings
        self._is_video = rate_hz != 48_000
        self.timeline = Timeline(clocks, rate_hz)
        self.packets = self.lost = self.duplicates = self.malformed = 0
        self._waiting: dict[int, tuple[Packet, float]] = {}
        self._next: int | None = None
        self._encoding = ""
        self._depacketiser: Depacketiser | None = None
        self._broken = self._is_video
        """A keyframe is needed to go on."""
        self._missing = 0
        self._held: deque[tuple[Frame, int]] = deque(maxlen=MAX_HELD_FRAMES)
        self._asked_s = float("-inf")

    def push(self, packet: Packet, now_s: float) -> None:
        """Take a packet in, in whatever order."""
        if packet.payload_type not in self._encodings:
            self.malformed += 1
            return
        self.packets += 1
        self.timeline.heard(packet.timestamp, now_s)
        if self._next is None:
            self._next = packet.sequence
        ahead = (packet.sequence - self._next) % _CYCLE
        if ahead >= _CYCLE // 2 or packet.sequence in self._waiting:
            self.duplicates += 1
            return
        self._waiting[packet.sequence] = (packet, now_s)
        self._advance(now_s)

    def take(self, now_s: float) -> list[TimedFrame]:
        """The frames that are whole and whose time is known."""
        self._advance(now_s)
        if not self.timeline.ready(now_s):
            return []
        frames = [TimedFrame(self.timeline.at_s(frame.timestamp), frame, lost) for frame, lost in self._held]
        self._held.clear()
        return frames

    def wants_keyframe(self, now_s: float) -> bool:
        """Whether to ask for a keyframe now."""
        due = self._broken and self.packets > 0 and now_s >= self._asked_s + KEYFRAME_INTERVAL_S
        if due:
            self._asked_s = now_s
        return due

    def _advance(self, now_s: float) -> None:
        while self._waiting and self._next is not None:
            if self._next in self._waiting:
                packet, _ = self._waiting.pop(self._next)
                self._next = (self._next + 1) % _CYCLE
                self._consume(packet)
                continue
            oldest_s = min(at_s for _, at_s in self._waiting.values())
            if now_s < oldest_s + REORDER_S and len(self._waiting) < MAX_WAITING:
                return
            self._give_up(self._next)

    def _give_up(self, expected: int) -> None:
        """What is missing up to the first that has come is lost."""
        first = min(self._waiting, key=lambda sequence: (sequence - expected) % _CYCLE)
        count = (first - expected) % _CYCLE
        self.lost += count
        self._missing += count
        self._next = first
        self._break()

    def _break(self) -> None:
        self._broken = self._is_video
        if self._depacketiser is not None:
            self._depacketiser.reset()

    def _consume(self, packet: Packet) -> None:
        encoding = self._encodings[packet.payload_type]
        if encoding != self._encoding or self._depacketiser is None:
            self._encoding, self._depacketiser = encoding, DEPACKETISERS[encoding]()
        try:
            frame = self._depacketiser.push(packet)
        except Malformed:
            self.malformed += 1
            self._break()
            return
        if frame is None or (self._broken and not frame.keyframe):
            return
        self._broken = False
        self._held.append((frame, self._missing))
        self._missing = 0
