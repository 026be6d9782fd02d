"""One slot's packets in order, and what of them is missing: packets in, whole frames with their times out. Pure.

A missing packet is asked for again, and waited for `REORDER_S` at most: the relay may have it, or get it from the source.
Then it is lost: video goes on at its next keyframe, which is asked for; audio goes on at once. Whatever is missing, for
whichever reason, is counted with the next frame that is whole, so that no hole is silent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from relay.errors import Malformed
from relay.recorder.frames import DEPACKETISERS, Depacketiser, Frame
from relay.recorder.timeline import RelayClock, Timeline
from relay.sfu.wire.rtp import Packet

REORDER_S: Final = 0.4
OPENING_S: Final = 0.1
"""The first packet that comes need not be the first that was sent."""
MAX_WAITING: Final = 2048
MAX_ASKED: Final = 256
MAX_HELD_FRAMES: Final = 1024
MAX_HELD_BYTES: Final = 16 * 1024 * 1024
"""Beyond these, times are told as well as they can be, rather than a frame be dropped."""
MAX_LATE: Final = 3000
"""A packet further behind is no late one: a stream that begins anew, once another follows it (RFC 3550 A.1)."""
KEYFRAME_INTERVAL_S: Final = 1.0
_CYCLE: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class TimedFrame:
    """A frame and when it was, on the recorder's clock."""

    at_s: float
    frame: Frame
    lost: int = 0
    """Packets that are missing, or were unusable, in front of it."""


class Reception:
    """given: the encoding of each payload type, clock rate. owned: the order, the frame in the making, the time line."""

    def __init__(self, encodings: Mapping[int, str], rate_hz: int, clock: RelayClock) -> None:
        self._encodings = encodings
        self._is_video = rate_hz != 48_000
        self.timeline = Timeline(clock, rate_hz)
        self.packets = self.lost = self.duplicates = self.late = self.malformed = 0
        self._waiting: dict[int, tuple[Packet, float]] = {}
        """In the order they came."""
        self._next: int | None = None
        self._open_at_s: float | None = None
        """The packets that come before are put in order."""
        self._restart: int | None = None
        """The number that would make two of a stream that begins anew."""
        self._encoding = ""
        self._depacketiser: Depacketiser | None = None
        self._broken = self._is_video
        """A keyframe is needed to go on."""
        self._missing = 0
        self._held: list[tuple[Frame, int]] = []
        self._held_bytes = 0
        self._timed: list[TimedFrame] = []
        self._asked_s = float("-inf")

    def push(self, packet: Packet, now_s: float) -> None:
        """Take a packet in, in whatever order."""
        if packet.payload_type not in self._encodings:
            self.malformed += 1
            return
        self.packets += 1
        self._open(packet, now_s)
        ahead = (packet.sequence - (self._next or 0)) % _CYCLE
        if packet.sequence in self._waiting:
            self.duplicates += 1
        elif ahead < _CYCLE // 2 or self._begins_anew(packet, now_s, _CYCLE - ahead):
            self.timeline.heard(packet.timestamp, now_s)
            self._waiting[packet.sequence] = (packet, now_s)
            self._restart = None
            self._advance(now_s)

    def take(self, now_s: float) -> list[TimedFrame]:
        """The frames that are whole and whose time is known."""
        self._advance(now_s)
        full = len(self._held) >= MAX_HELD_FRAMES or self._held_bytes >= MAX_HELD_BYTES
        if full or self.timeline.ready(now_s):
            self._tell_times()
        timed, self._timed = self._timed, []
        return timed

    def change_source(self) -> None:
        """Another source feeds the slot from now on: what is held is the former one's, and has its times."""
        self._tell_times()
        self.timeline.change_source()

    def missing(self) -> list[int]:
        """The numbers to ask for again."""
        if self._next is None or not self._waiting:
            return []
        span = max((sequence - self._next) % _CYCLE for sequence in self._waiting)
        numbers = ((self._next + step) % _CYCLE for step in range(min(span, MAX_ASKED)))
        return [number for number in numbers if number not in self._waiting]

    def wants_keyframe(self, now_s: float) -> bool:
        """Whether to ask for a keyframe now."""
        due = self._broken and self.packets > 0 and now_s >= self._asked_s + KEYFRAME_INTERVAL_S
        if due:
            self._asked_s = now_s
        return due

    def finish(self) -> None:
        """Nothing more comes: what was missing is lost, and times are told as well as they can be."""
        self._advance(float("inf"))
        self._tell_times()

    @property
    def unseen(self) -> int:
        """Packets that are missing, or were unusable, behind the last frame."""
        return self._missing

    @property
    def is_heard(self) -> bool:
        """Whether the source sends."""
        return self.timeline.is_heard

    def _open(self, packet: Packet, now_s: float) -> None:
        """Find the beginning of the stream."""
        if self._next is None or self._open_at_s is None:
            self._next, self._open_at_s = packet.sequence, now_s + OPENING_S
        elif now_s < self._open_at_s and 0 < (self._next - packet.sequence) % _CYCLE < MAX_LATE:
            self._next = packet.sequence

    def _begins_anew(self, packet: Packet, now_s: float, behind: int) -> bool:
        if behind <= MAX_LATE:
            self.late += 1
            return False
        if packet.sequence != self._restart:
            self._restart = (packet.sequence + 1) % _CYCLE
            return False
        while self._waiting and self._next is not None:
            self._give_up(self._next)
            self._advance(now_s)
        self._next = packet.sequence
        self._lose(1)
        return True

    def _advance(self, now_s: float) -> None:
        while self._waiting and self._next is not None and now_s >= (self._open_at_s or 0.0):
            if self._next in self._waiting:
                packet, _ = self._waiting.pop(self._next)
                self._next = (self._next + 1) % _CYCLE
                self._consume(packet)
                continue
            _, oldest_s = next(iter(self._waiting.values()))
            if now_s < oldest_s + REORDER_S and len(self._waiting) < MAX_WAITING:
                return
            self._give_up(self._next)

    def _give_up(self, expected: int) -> None:
        """What is missing up to the first that has come is lost."""
        first = min(self._waiting, key=lambda sequence: (sequence - expected) % _CYCLE)
        self._next = first
        self._lose((first - expected) % _CYCLE)

    def _lose(self, packets: int) -> None:
        self.lost += packets
        self._break(packets)

    def _break(self, packets: int) -> None:
        self._missing += packets
        self._broken = self._is_video
        if self._depacketiser is not None:
            self._depacketiser.reset()

    def _consume(self, packet: Packet) -> None:
        encoding = self._encodings[packet.payload_type]
        if encoding != self._encoding or self._depacketiser is None:
            self._encoding, self._depacketiser = encoding, DEPACKETISERS[encoding]()
        frame = self._pushed(self._depacketiser, packet)
        if frame is None or (self._broken and not frame.keyframe):
            return
        self._broken = False
        self._held.append((frame, self._missing))
        self._held_bytes += len(frame.data)
        self._missing = 0

    def _pushed(self, depacketiser: Depacketiser, packet: Packet) -> Frame | None:
        """Behind a frame that was not whole the packet may begin one that is."""
        for _ in range(2):
            try:
                return depacketiser.push(packet)
            except Malformed:
                self.malformed += 1
                self._break(1)
        return None

    def _tell_times(self) -> None:
        self._timed += [TimedFrame(self.timeline.at_s(frame.timestamp), frame, lost) for frame, lost in self._held]
        self._held, self._held_bytes = [], 0
