"""What `relay.sfu.dataplane.rewrite` does, told the other way round: by the set of numbers that were closed up."""

from dataclasses import dataclass

from relay.sfu.dataplane import Drop

MAX_SHIFTS = 32


@dataclass(frozen=True)
class SourcePacket:
    position: int
    timestamp: int
    received_ns: int
    marker: bool = False
    keyframe: bool = False
    newest: bool = True
    empty: bool = False
    picture: int | None = None
    wide: bool = True
    level: int | None = None
    key: int | None = None


@dataclass(frozen=True)
class Labelled:
    sequence: int
    timestamp: int
    picture: int | None
    level: int | None
    key: int | None


class PictureOracle:
    """Picture ids of all sources on one line."""

    def __init__(self) -> None:
        self.last: tuple[int, int, int] | None = None
        """Picture id, TL0PICIDX and KEYIDX that left last."""

    def begin_source(self) -> None:
        self.source: int | None = None
        self.wide = False
        self.offsets: tuple[int, int, int] | None = None

    def label(self, packet: SourcePacket) -> tuple[int | None, int | None, int | None]:
        self.wide |= packet.wide and packet.picture is not None
        picture = self._unwrap(packet.picture or 0)
        level, key = packet.level or 0, packet.key or 0
        if self.offsets is None:
            before = self.last or (picture - 1, level - 1, key - 1)
            self.offsets = before[0] + 1 - picture, before[1] + 1 - level, before[2] + 1 - key
        out = picture + self.offsets[0], (level + self.offsets[1]) % 256, (key + self.offsets[2]) % 32
        self.source = picture if self.source is None else max(picture, self.source)
        last = self.last or (out[0], 0, 0)
        self.last = max(last[0], out[0]), *(out[1:] if packet.newest else last[1:])
        return out[0] % 2**15, out[1], out[2]

    def _unwrap(self, picture: int) -> int:
        if self.source is None:
            return picture
        modulus = 2**15 if self.wide else 2**7
        return self.source + (picture - self.source + modulus // 2) % modulus - modulus // 2


class RewriteOracle:
    def __init__(self, gated: bool, first_sequence: int, first_timestamp: int, clock_rate_hz: int) -> None:
        self.gated = gated
        self.next_number = first_sequence
        self.timestamp = first_timestamp
        self.clock_rate_hz = clock_rate_hz
        self.received_ns: int | None = None
        self.complete = True
        self.waiting = True
        self.source_highest = 0
        self.pictures = PictureOracle()

    def switch(self) -> None:
        self.waiting = True

    def label(self, packet: SourcePacket, since_last_ns: int = -1) -> Labelled | Drop:
        if self.waiting:
            if packet.empty:
                return Drop.PADDING_ONLY
            if not packet.newest or (self.gated and not packet.keyframe):
                return Drop.AWAITING_KEYFRAME
            self._start(packet, since_last_ns)
        if packet.position < self.origin:
            return Drop.BEFORE_SWITCH
        if packet.position < self._oldest_known():
            return Drop.TOO_LATE
        if packet.position > self.source_highest:
            self.source_highest = packet.position
            if packet.empty:
                self.closed.add(packet.position)
                return Drop.PADDING_ONLY
        number = self.first_number + packet.position - self.origin - sum(each < packet.position for each in self.closed)
        return self._leave(packet, number)

    def _start(self, packet: SourcePacket, since_last_ns: int) -> None:
        self.waiting = False
        self.first_number = self.next_number + (not self.complete)
        self.origin = packet.position
        self.source_highest = packet.position - 1
        self.closed: set[int] = set()
        units = 0
        if self.received_ns is not None:
            gap_ns = since_last_ns if since_last_ns >= 0 else packet.received_ns - self.received_ns
            units = max(1, gap_ns // 1000 * self.clock_rate_hz // 1_000_000)
        self.offset = self.timestamp + units - packet.timestamp
        self.pictures.begin_source()

    def _oldest_known(self) -> int:
        """Only the newest runs of closed-up numbers are remembered."""
        ends = [each + 1 for each in sorted(self.closed) if each + 1 not in self.closed]
        return [self.origin, *ends][-MAX_SHIFTS:][0]

    def _leave(self, packet: SourcePacket, number: int) -> Labelled:
        timestamp = (packet.timestamp + self.offset) % 2**32
        labels: tuple[int | None, int | None, int | None] = None, None, None
        if packet.picture is not None:
            labels = self.pictures.label(packet)
        if number >= self.next_number:
            self.next_number = number + 1
            self.complete = packet.marker or not self.gated
            ahead = (timestamp - self.timestamp + 2**31) % 2**32 - 2**31
            if ahead >= 0 or ahead < -10 * self.clock_rate_hz:
                self.timestamp, self.received_ns = timestamp, packet.received_ns
        return Labelled(number % 2**16, timestamp, *labels)
