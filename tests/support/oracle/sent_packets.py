"""The send history and its condensing of feedback, one packet at a time: what the compiled one must agree with."""

from relay.sfu.ports import ArrivalGroup, Feedback, ProbeArrivals
from relay.sfu.wire.rtcp.twcc import REFERENCE_US, TransportFeedback

_GROUP_NS = 5_000_000
_CAUGHT_UP_US = 5_000
_BURST_US = 100_000
_WRAP_US = (1 << 24) * REFERENCE_US


class SentPacket:
    __slots__ = ("cluster", "fate", "sent_ns", "size_bytes", "total_bytes")

    def __init__(self, size_bytes: int, sent_ns: int, cluster: int, total_bytes: int) -> None:
        self.size_bytes, self.sent_ns, self.cluster = size_bytes, sent_ns, cluster
        self.total_bytes = total_bytes
        self.fate = "unknown"


class SentPackets:
    """A bounded history by transport-wide sequence number."""

    def __init__(self, capacity: int = 8192) -> None:
        self.capacity = capacity
        self.size_bytes = 0
        self.next_sequence = 0
        """Unwrapped."""
        self._packets: dict[int, SentPacket] = {}
        self._covered_bytes = 0
        self._newest_covered = -1
        self._arrival_us: int | None = None
        self._group: list[int] | None = None

    def handle_sent(self, size_bytes: int, now: float, cluster: int = 0) -> int:
        """A packet leaves; its sequence number on the wire."""
        sequence = self.next_sequence
        self.next_sequence += 1
        self.size_bytes += size_bytes
        self._packets[sequence] = SentPacket(size_bytes, round(now * 1e9), cluster, self.size_bytes)
        self._packets.pop(sequence - self.capacity, None)
        return sequence & 0xFFFF

    @property
    def in_flight_bytes(self) -> int:
        """Sent after the newest packet that feedback told of."""
        return self.size_bytes - self._covered_bytes

    def condense(self, message: TransportFeedback) -> Feedback:
        arrivals = {sequence: self._unwrap_us(at_us) for sequence, at_us in message.arrivals()}
        groups: list[ArrivalGroup] = []
        probes: dict[int, ProbeArrivals] = {}
        received = received_bytes = lost = recovered = covered_bytes = unmatched = 0
        covered_until_ns = newest_sent_ns = 0
        for step in range(message.status_count):
            number = (message.base_sequence + step) & 0xFFFF
            sequence = self._unwrap_sequence(number)
            packet = self._packets.get(sequence)
            if packet is None:
                unmatched += 1
                continue
            arrived_us = arrivals.get(number)
            if packet.fate == "received" or (packet.fate == "lost" and arrived_us is None):
                continue
            if packet.fate == "unknown":
                covered_bytes += packet.size_bytes
                covered_until_ns = max(covered_until_ns, packet.sent_ns)
            if sequence > self._newest_covered:
                self._newest_covered, self._covered_bytes = sequence, packet.total_bytes
            if arrived_us is None:
                packet.fate = "lost"
                lost += 1
                continue
            recovered += packet.fate == "lost"
            packet.fate = "received"
            received += 1
            received_bytes += packet.size_bytes
            newest_sent_ns = max(newest_sent_ns, packet.sent_ns)
            self._add_to_group(packet, arrived_us, groups)
            if packet.cluster:
                _add_to_probe(probes, packet, arrived_us)
        return Feedback(
            tuple(groups),
            tuple(probes.values()),
            received,
            received_bytes,
            lost,
            recovered,
            covered_bytes,
            covered_until_ns / 1e9,
            newest_sent_ns / 1e9,
            unmatched,
        )

    def _unwrap_sequence(self, number: int) -> int:
        """The newest sent with these 16 bits."""
        newest = self.next_sequence - 1
        return newest - ((newest - number) & 0xFFFF)

    def _unwrap_us(self, at_us: int) -> int:
        if self._arrival_us is None:
            self._arrival_us = at_us
        step = (at_us - self._arrival_us + _WRAP_US // 2) % _WRAP_US - _WRAP_US // 2
        self._arrival_us += step
        return self._arrival_us

    def _add_to_group(self, packet: SentPacket, arrived_us: int, groups: list[ArrivalGroup]) -> None:
        """[first sent, last sent, first arrived, last arrived, bytes] grows, or is finished and another one begins."""
        group = self._group
        if group is None:
            self._group = [packet.sent_ns, packet.sent_ns, arrived_us, arrived_us, packet.size_bytes]
            return
        if packet.sent_ns < group[0]:
            return
        if packet.sent_ns - group[0] <= _GROUP_NS or _caught_up(group, packet, arrived_us):
            group[1] = max(group[1], packet.sent_ns)
            group[3] = max(group[3], arrived_us)
            group[4] += packet.size_bytes
            return
        groups.append(ArrivalGroup(group[1] / 1e9, group[3] / 1e6, group[4]))
        self._group = [packet.sent_ns, packet.sent_ns, arrived_us, arrived_us, packet.size_bytes]


def _caught_up(group: list[int], packet: SentPacket, arrived_us: int) -> bool:
    after_us = arrived_us - group[3]
    faster = after_us * 1000 < packet.sent_ns - group[1]
    return faster and after_us <= _CAUGHT_UP_US and arrived_us - group[2] < _BURST_US


def _add_to_probe(probes: dict[int, ProbeArrivals], packet: SentPacket, arrived_us: int) -> None:
    told = probes.get(packet.cluster)
    size, sent_s, arrived_s = packet.size_bytes, packet.sent_ns / 1e9, arrived_us / 1e6
    if told is None:
        probes[packet.cluster] = ProbeArrivals(
            packet.cluster, 1, size, sent_s, sent_s, size, arrived_s, size, arrived_s
        )
        return
    later, earlier = sent_s >= told.last_sent_s, arrived_s < told.first_arrived_s
    probes[packet.cluster] = ProbeArrivals(
        told.cluster,
        told.packets + 1,
        told.size_bytes + size,
        min(told.first_sent_s, sent_s),
        max(told.last_sent_s, sent_s),
        size if later else told.last_sent_bytes,
        min(told.first_arrived_s, arrived_s),
        size if earlier else told.first_arrived_bytes,
        max(told.last_arrived_s, arrived_s),
    )
