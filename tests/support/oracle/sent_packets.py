"""The send history and its condensing of feedback, one packet at a time: what the compiled one must agree with."""

from relay.sfu.media.bandwidth.feedback import ArrivalGroup, Feedback, ProbeArrivals
from relay.sfu.wire.rtcp.twcc import REFERENCE_US, TransportFeedback

_GROUP_S = 0.005
_BURST_S = 0.1
_WRAP_US = (1 << 24) * REFERENCE_US


class SentPacket:
    __slots__ = ("cluster", "fate", "sent_s", "size_bytes", "total_bytes")

    def __init__(self, size_bytes: int, sent_s: float, cluster: int, total_bytes: int) -> None:
        self.size_bytes, self.sent_s, self.cluster = size_bytes, sent_s, cluster
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
        self._group: list[float] | None = None

    def handle_sent(self, size_bytes: int, now: float, cluster: int = 0) -> int:
        """A packet leaves; its sequence number on the wire."""
        sequence = self.next_sequence
        self.next_sequence += 1
        self.size_bytes += size_bytes
        self._packets[sequence] = SentPacket(size_bytes, now, cluster, self.size_bytes)
        self._packets.pop(sequence - self.capacity, None)
        return sequence & 0xFFFF

    @property
    def in_flight_bytes(self) -> int:
        """Sent after the newest packet that feedback told of."""
        return self.size_bytes - self._covered_bytes

    def condense(self, message: TransportFeedback) -> Feedback:
        arrivals = {sequence: self._unwrap_us(at_us) / 1e6 for sequence, at_us in message.arrivals()}
        groups: list[ArrivalGroup] = []
        probes: dict[int, ProbeArrivals] = {}
        received = received_bytes = lost = recovered = covered_bytes = unmatched = 0
        covered_until_s = newest_sent_s = 0.0
        for step in range(message.status_count):
            number = (message.base_sequence + step) & 0xFFFF
            sequence = self._unwrap_sequence(number)
            packet = self._packets.get(sequence)
            if packet is None:
                unmatched += 1
                continue
            arrived_s = arrivals.get(number)
            if packet.fate == "received" or (packet.fate == "lost" and arrived_s is None):
                continue
            if packet.fate == "unknown":
                covered_bytes += packet.size_bytes
                covered_until_s = max(covered_until_s, packet.sent_s)
            if sequence > self._newest_covered:
                self._newest_covered, self._covered_bytes = sequence, packet.total_bytes
            if arrived_s is None:
                packet.fate = "lost"
                lost += 1
                continue
            recovered += packet.fate == "lost"
            packet.fate = "received"
            received += 1
            received_bytes += packet.size_bytes
            newest_sent_s = max(newest_sent_s, packet.sent_s)
            self._add_to_group(packet, arrived_s, groups)
            if packet.cluster:
                _add_to_probe(probes, packet, arrived_s)
        return Feedback(
            tuple(groups),
            tuple(probes.values()),
            received,
            received_bytes,
            lost,
            recovered,
            covered_bytes,
            covered_until_s,
            newest_sent_s,
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

    def _add_to_group(self, packet: SentPacket, arrived_s: float, groups: list[ArrivalGroup]) -> None:
        """[first sent, last sent, first arrived, last arrived, bytes] grows, or is finished and another one begins."""
        group = self._group
        if group is None:
            self._group = [packet.sent_s, packet.sent_s, arrived_s, arrived_s, packet.size_bytes]
            return
        if packet.sent_s < group[0]:
            return
        if packet.sent_s - group[0] <= _GROUP_S or _caught_up(group, packet, arrived_s):
            group[1] = max(group[1], packet.sent_s)
            group[3] = max(group[3], arrived_s)
            group[4] += packet.size_bytes
            return
        groups.append(ArrivalGroup(group[1], group[3], int(group[4])))
        self._group = [packet.sent_s, packet.sent_s, arrived_s, arrived_s, packet.size_bytes]


def _caught_up(group: list[float], packet: SentPacket, arrived_s: float) -> bool:
    after_s = arrived_s - group[3]
    faster = after_s - (packet.sent_s - group[1]) < 0
    return faster and after_s <= _GROUP_S and arrived_s - group[2] < _BURST_S


def _add_to_probe(probes: dict[int, ProbeArrivals], packet: SentPacket, arrived_s: float) -> None:
    told = probes.get(packet.cluster)
    size, sent_s = packet.size_bytes, packet.sent_s
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
