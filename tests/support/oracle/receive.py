"""What `relay.sfu.dataplane.receive` does, with sets and unbounded integers (RFC 3550 A.1, A.3, A.8; RFC 4585 §6.2.1)."""

from relay.sfu.dataplane import Drop

WINDOW = 2048
MAX_MISSING = 1024
MAX_TRIES = 10
REORDERING_NS = 10_000_000
MIN_SPACING_NS = 20_000_000


def extend(reference: int, sequence: int) -> int:
    """The number nearest to `reference` whose low 16 bits are `sequence`; halfway counts as behind."""
    return reference + (sequence - reference + 0x8000) % 0x10000 - 0x8000


class ReceptionOracle:
    def __init__(self, clock_rate_hz: int) -> None:
        self.clock_rate_hz = clock_rate_hz
        self.base: int | None = None
        self.highest = 0
        self.seen: set[int] = set()
        self.received = 0
        self.missing: dict[int, tuple[int, int]] = {}
        """Position → when it was noticed or asked for last, how often it was asked for."""
        self.given_up = False
        self.jitter_q4 = 0
        self.transit: int | None = None
        self.prior = (0, 0)

    def note(self, sequence: int, timestamp: int, now_ns: int, recovered: bool = False) -> tuple[int, int, int]:
        if self.base is None:
            self.base = 0x10000 + sequence
            self.highest = self.base - 1
        position = extend(self.highest, sequence)
        round_trip_ns = 0
        if position > self.highest:
            self._advance(position, now_ns)
        elif self.highest - position >= WINDOW:
            return Drop.TOO_LATE, position, 0
        elif position in self.seen:
            return Drop.DUPLICATE, position, 0
        else:
            asked_ns, tries = self.missing.pop(position, (0, 0))
            round_trip_ns = now_ns - asked_ns if tries == 1 else 0
            self.base = min(self.base, position)
        self.seen.add(position)
        if not recovered:
            self.received += 1
            self._jitter(timestamp, now_ns)
        return Drop.KEPT, position, round_trip_ns

    def _advance(self, position: int, now_ns: int) -> None:
        skipped = range(self.highest + 1, position)
        if len(self.missing) + len(skipped) > MAX_MISSING:
            self.missing, self.given_up = {}, True
        else:
            self.missing |= dict.fromkeys(skipped, (now_ns, 0))
        self.highest = position

    def _jitter(self, timestamp: int, now_ns: int) -> None:
        transit = now_ns * self.clock_rate_hz // 1_000_000_000 - timestamp
        if self.transit is not None:
            step = abs((transit - self.transit + 2**31) % 2**32 - 2**31)
            if step < 5 * self.clock_rate_hz:
                self.jitter_q4 += step - (self.jitter_q4 + 8 >> 4)
        self.transit = transit

    def ask(self, now_ns: int, round_trip_ns: int) -> list[int]:
        """Sequence numbers to ask for now."""
        if self.missing and self.highest - min(self.missing) >= WINDOW:
            self.missing, self.given_up = {}, True
        asked = []
        for position, (at_ns, tries) in sorted(self.missing.items()):
            if 0 <= now_ns - at_ns < (max(MIN_SPACING_NS, round_trip_ns) if tries else REORDERING_NS):
                continue
            if tries == MAX_TRIES:
                self.missing, self.given_up = {}, True
                break
            asked.append(position & 0xFFFF)
            self.missing[position] = (now_ns, tries + 1)
        return asked

    @property
    def expected(self) -> int:
        return 0 if self.base is None else self.highest - self.base + 1

    def fraction_lost(self) -> int:
        expected, received = self.expected - self.prior[0], self.received - self.prior[1]
        self.prior = self.expected, self.received
        if expected <= 0 or received >= expected:
            return 0
        return min(255, (expected - received) * 256 // expected)
