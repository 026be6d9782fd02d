"""What the packet path hands out. `relay.sfu.ports` defines these values and says what every field means; here they
stand again, field by field, because the packet path imports nothing of relay. A test compares the two."""

from typing import NamedTuple


class Arrival(NamedTuple):
    """As `relay.sfu.ports.Arrival`."""

    kind: int
    peer: int
    address: tuple[str, int] | tuple[str, int, int]
    data: bytes
    received_ns: int


class Notice(NamedTuple):
    """As `relay.sfu.ports.Notice`."""

    kind: int
    handle: int
    at_ns: int


class ReceptionReport(NamedTuple):
    """As `relay.sfu.ports.ReceptionReport`."""

    ssrc: int
    fraction_lost: int
    cumulative_lost: int
    extended_highest_sequence: int
    jitter: int
    last_sr: int
    delay_since_last_sr: int


class SenderInfo(NamedTuple):
    """As `relay.sfu.ports.SenderInfo`."""

    ssrc: int
    ntp: int
    rtp_timestamp: int
    packets: int
    octets: int


class TrackStats(NamedTuple):
    """As `relay.sfu.ports.TrackStats`."""

    packets: int
    bytes: int
    lost: int
    recovered: int
    duplicates: int
    jitter_ms: float
    nacks_sent: int
    keyframes: int
    last_packet_ns: int


class SlotStats(NamedTuple):
    """As `relay.sfu.ports.SlotStats`."""

    packets: int
    bytes: int
    dropped: int
    nacks_received: int
    retransmitted: int
    plis_received: int
    remote_fraction_lost: float
    remote_jitter_ms: float
    rtt_ms: float
    first_packet_ns: int


class ArrivalGroup(NamedTuple):
    """As `relay.sfu.ports.ArrivalGroup`."""

    sent_s: float
    arrived_s: float
    size_bytes: int


class ProbeArrivals(NamedTuple):
    """As `relay.sfu.ports.ProbeArrivals`."""

    cluster: int
    packets: int
    size_bytes: int
    first_sent_s: float
    last_sent_s: float
    last_sent_bytes: int
    first_arrived_s: float
    first_arrived_bytes: int
    last_arrived_s: float


class Feedback(NamedTuple):
    """As `relay.sfu.ports.Feedback`."""

    groups: tuple[ArrivalGroup, ...]
    probes: tuple[ProbeArrivals, ...]
    received_packets: int
    received_bytes: int
    lost_packets: int
    recovered_packets: int
    covered_bytes: int
    covered_until_s: float
    newest_sent_s: float
    unmatched: int
    messages: int = 1
    pause_s: float = 0.0
    waited_s: float = 0.0


class Downlink(NamedTuple):
    """As `relay.sfu.ports.Downlink`."""

    peer: int
    sent_bytes: int
    in_flight_bytes: int
    feedback: Feedback | None
    remb_bps: int
