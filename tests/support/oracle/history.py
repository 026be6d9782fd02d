"""What `relay.sfu.dataplane.history` promises: everything it returns is true, and what is recent enough is there."""

from dataclasses import dataclass

VIDEO_PACKETS = 512
VIDEO_BYTES = 128 * 1024
LARGEST_PACKET = 1500
MIN_SPACING_NS = 10_000_000
MAX_RESENDS = 5

ANSWER, THROTTLED, UNKNOWN = range(3)


@dataclass
class SentOracle:
    position: int
    order: int
    resends: int = 0
    at_ns: int = 0


class HistoryOracle:
    """Keeps everything for ever."""

    def __init__(self) -> None:
        self.packets: dict[int, bytes] = {}
        self.arrived: list[int] = []
        self.sent: dict[int, SentOracle] = {}

    def keep(self, position: int, data: bytes) -> None:
        self.packets[position] = data
        self.arrived.append(position)

    def must_have(self, position: int) -> bool:
        """Whether the ring has no excuse: few positions and few bytes came after it."""
        if position not in self.packets or max(self.arrived) - position >= VIDEO_PACKETS:
            return False
        since = self.arrived[self.arrived.index(position) :]
        return sum(len(self.packets[each]) for each in since) <= VIDEO_BYTES - LARGEST_PACKET

    def note(self, sequence: int, position: int) -> None:
        self.sent[sequence] = SentOracle(position, len(self.sent))

    def recall(self, sequence: int, now_ns: int, round_trip_ns: int) -> tuple[int, int | None]:
        entry = self.sent.get(sequence)
        if entry is None:
            return UNKNOWN, None
        too_soon = entry.resends > 0 and now_ns - entry.at_ns < max(MIN_SPACING_NS, round_trip_ns)
        if entry.resends == MAX_RESENDS or too_soon:
            return THROTTLED, None
        entry.resends, entry.at_ns = entry.resends + 1, now_ns
        return ANSWER, entry.position
