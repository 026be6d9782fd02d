"""The doors between the rooms of the SFU: what the control side asks of the packet path.

`relay.sfu.dataplane.Forwarder` is the compiled implementation of the `Forwarder` protocol. Handles (`int`) are issued
by it and are never reused while anything refers to them. Every method returns at once and is called from the thread of
the event loop, between batches. Times are nanoseconds of CLOCK_REALTIME, as the kernel stamps datagrams.
"""

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple, Protocol

Address = tuple[str, int] | tuple[str, int, int]
"""Host (IPv4 or IPv6 text), port, and if there are several, the number of the door of ours that leads there
(`relay.sfu.wire.address`): give it back as it came."""


class HostCandidate(NamedTuple):
    """An address of ours that peers may send to (RFC 8445 §5.1.1.1)."""

    host: str
    """IPv4 or IPv6 text without scope."""
    port: int
    transport: str = "udp"
    """`udp`, or `tcp`: passive (RFC 6544)."""


class Kind(IntEnum):
    """The kind of a media stream (RFC 8866 §5.14)."""

    AUDIO = 0
    VIDEO = 1


class CodecFamily(IntEnum):
    """Which payload format the packet path looks into, to find keyframes and rewrite descriptors."""

    OPAQUE = 0
    OPUS = 1
    VP8 = 2
    VP9 = 3
    H264 = 4
    H265 = 5
    AV1 = 6
    RED = 7
    """Redundant audio (RFC 2198); receivers that take only plain Opus get the primary block of each packet."""


class Extension(IntEnum):
    """RTP header extensions (RFC 8285) that the packet path knows; ids on the wire differ per peer."""

    MID = 1
    RID = 2
    REPAIRED_RID = 3
    ABS_SEND_TIME = 4
    TRANSPORT_CC = 5
    AUDIO_LEVEL = 6
    VIDEO_ORIENTATION = 7
    ABS_CAPTURE_TIME = 8
    PLAYOUT_DELAY = 9
    DEPENDENCY_DESCRIPTOR = 10


class Payload(NamedTuple):
    """One negotiated payload type of one media section.

    `codec` is an id of the negotiation for "the same codec with compatible parameters": a packet goes from a track to a
    slot when both list the same `codec`, and its payload type is rewritten from one to the other.
    """

    codec: int
    family: CodecFamily
    payload_type: int
    rtx_payload_type: int
    """-1 when RTX (RFC 4588) is not negotiated for it."""
    clock_rate_hz: int


class Arrival(NamedTuple):
    """A datagram that is not media: the control side must act on it.

    `peer` is the handle that owns `address`, or -1. `data` is as received for STUN and DTLS, and unprotected for RTCP
    packets which the packet path does not consume itself.
    """

    kind: int
    """`ArrivalKind`."""
    peer: int
    address: Address
    data: bytes
    received_ns: int


class ArrivalKind(IntEnum):
    """What an `Arrival` carries (RFC 7983)."""

    STUN = 0
    DTLS = 1
    RTCP = 2
    STRAY = 3
    """SRTP of `peer` that authenticated, from an address which is not one of its own; `data` is empty."""
    ENDED = 6  # the connection to `address`, as its reader says


class NoticeKind(IntEnum):
    """What the packet path noticed."""

    KEYFRAME_WANTED = 0
    """A slot needs a keyframe of track or encoding `handle` (a new connection, a change of layer, a PLI or FIR of its receiver,
    loss not repaired)."""
    TRACK_STARTED = 1
    """The first packet of track `handle` arrived; of its encodings, the first of any."""
    SLOT_STARTED = 2
    """The first packet (video: keyframe) since `connect` left through slot `handle`."""
    KEYFRAME_SEEN = 3
    """A keyframe of track or encoding `handle` began to arrive."""
    TRACK_ENDED = 4
    """RTCP BYE for track or encoding `handle`."""


class Notice(NamedTuple):
    """Something the control side may want to act on."""

    kind: int
    """`NoticeKind`."""
    handle: int
    """Track or slot handle, as the kind says."""
    at_ns: int


class ReceptionReport(NamedTuple):
    """What to tell a sender about one of its tracks (RFC 3550 §6.4.1)."""

    ssrc: int
    fraction_lost: int
    """In 1/256, since the previous call."""
    cumulative_lost: int
    extended_highest_sequence: int
    jitter: int
    """In units of the clock rate."""
    last_sr: int
    delay_since_last_sr: int
    """In 1/65536 s."""


class SenderInfo(NamedTuple):
    """What to tell a receiver about one of its slots (RFC 3550 §6.4.1), on the time line of the source."""

    ssrc: int
    ntp: int
    """64 bits: seconds since 1900 and fraction, on the clock of the source."""
    rtp_timestamp: int
    packets: int
    octets: int


class TrackStats(NamedTuple):
    """Running totals of one incoming track."""

    packets: int
    bytes: int
    lost: int
    """Expected minus received, retransmissions counted as received."""
    recovered: int
    """Packets that arrived by retransmission."""
    duplicates: int
    jitter_ms: float
    nacks_sent: int
    keyframes: int
    last_packet_ns: int


class SlotStats(NamedTuple):
    """Running totals of one outgoing slot, with what its receiver reported last."""

    packets: int
    bytes: int
    dropped: int
    nacks_received: int
    """Sequence numbers asked for again."""
    retransmitted: int
    plis_received: int
    remote_fraction_lost: float
    remote_jitter_ms: float
    rtt_ms: float
    """-1.0 until measured."""
    first_packet_ns: int
    """When the first packet after the last `connect` left; 0 before."""


class ArrivalGroup(NamedTuple):
    """Packets that left as one burst."""

    sent_s: float
    """The last of them."""
    arrived_s: float
    """The last of them."""
    size_bytes: int


class ProbeArrivals(NamedTuple):
    """What this message says of one probe; records of the same cluster in later messages add to it."""

    cluster: int
    packets: int
    size_bytes: int
    first_sent_s: float
    last_sent_s: float
    last_sent_bytes: int
    """Size of the packet sent last: it lies outside the time between first and last."""
    first_arrived_s: float
    first_arrived_bytes: int
    """Size of the packet that arrived first, likewise."""
    last_arrived_s: float


class Feedback(NamedTuple):
    """Transport-wide feedback of one peer, condensed: bursts and sums, so that its price does not grow with the packet rate.

    The rules of condensing are those of libwebrtc's inter-arrival filter (draft-ietf-rmcat-gcc-02 §5.2): a group spans at most
    5 ms of sending; packets that caught up with it on the way (they arrive within 5 ms, faster than they were sent) belong to
    it too, up to 100 ms of arrival. A group is handed over when the next one has begun. Each packet is counted once as received
    and at most once before as lost. Times are seconds: sending on the relay's clock, arrival on the receiver's, which has
    another zero and another speed.
    """

    groups: Sequence[ArrivalGroup]
    """In the order of sending."""
    probes: Sequence[ProbeArrivals]
    received_packets: int
    received_bytes: int
    lost_packets: int
    recovered_packets: int
    """Of the received ones: told lost by an earlier message."""
    covered_bytes: int
    """Received and lost."""
    covered_until_s: float
    """When the last packet that the message tells of was sent; 0: it told of nothing new."""
    newest_sent_s: float
    """When the last packet that arrived was sent; 0: none did."""
    unmatched: int
    """Sequence numbers that were never sent, or left the history."""
    messages: int = 1
    """That were joined."""
    pause_s: float = 0.0
    """The longest time without a message before one of them."""
    waited_s: float = 0.0
    """Since the last of them came."""


class Downlink(NamedTuple):
    """What left for one peer, and what the peer said of it since the last look."""

    peer: int
    sent_bytes: int
    """All RTP that ever left, after SRTP: media, repair and padding."""
    in_flight_bytes: int
    """What left after the newest packet that feedback told of; 0 for a peer without transport-wide numbers."""
    feedback: Feedback | None
    """All transport-wide feedback messages as one; None: there was none."""
    remb_bps: int
    """The receiver's own estimate; 0: there was none."""


class Forwarder(Protocol):
    """The packet path of one worker: datagram in → datagram out."""

    def attach(self, fd: int) -> None:
        """Use the bound, non-blocking UDP socket `fd` (the caller keeps it open) and turn on kernel receive timestamps."""

    def pump(self) -> list[Arrival]:
        """Receive, forward and send until the socket would block or the share of one wake-up is used; return the rest."""

    def open_connection(self, fd: int) -> Address:
        """Take a TCP connection, open until `close_connection`: its frames (RFC 4571) are datagrams from and to this address."""

    def pump_connection(self, door: int) -> list[Arrival]:
        """As `pump`, from the connection whose address has this door. Raises `EOFError` when it has ended."""

    def close_connection(self, door: int) -> None:
        """Forget it; a peer whose path it was has none until `set_path`."""

    def transmit(self, data: bytes, address: Address) -> bool:
        """Send one control datagram as it is; False when the socket would block."""

    def transmit_rtcp(self, peer: int, compound: bytes) -> bool:
        """Protect a compound RTCP packet and send it to the peer's path; False when it has no keys, no path, or would block."""

    def add_peer(self, trusted: bool = False) -> int:
        """A peer without path and keys; a trusted one, the end of a pipe, may send at any rate. Raises `MemoryError` beyond the configured number of peers."""

    def remove_peer(self, peer: int) -> None:
        """Forget the peer with its tracks, slots, addresses and keys."""

    def set_path(self, peer: int, address: Address) -> None:
        """From now on send to `address`, and take datagrams from it as the peer's; earlier addresses stay valid for receiving."""

    def set_keys(self, peer: int, profile: int, receive: bytes, send: bytes) -> None:
        """SRTP master key + salt for each direction; `profile` is the DTLS-SRTP protection profile id (RFC 5764, 7714)."""

    def set_extensions(self, peer: int, ids: Mapping[int, int]) -> None:
        """Negotiated header extension ids of this peer, both directions: {`Extension`: id on the wire}."""

    def add_track(self, peer: int, kind: int, mid: bytes, ssrc: int, rtx_ssrc: int, payloads: Sequence[Payload]) -> int:
        """Expect a stream. `ssrc` 0: learn it from the MID extension (RFC 8843) or, failing that, from a payload type only it has."""

    def add_encodings(self, track: int, rids: Sequence[bytes]) -> Sequence[int]:
        """The track, just added without SSRC, is sent as several encodings (RFC 8853), known by their RIDs, lowest first.

        Returns a handle for each; the first is the track's own. What is about one stream (reports, statistics, SSRC, notices of
        keyframes) goes by the handle of the encoding, what is about the source (`connect`, `remove_track`, `layer_rates`) by any.
        """

    def add_encoding(self, track: int, ssrc: int, rtx_ssrc: int) -> int:
        """One more encoding of a track whose SSRC is known, above those it has; its handle."""

    def remove_track(self, track: int) -> None:
        """Stop taking this stream; slots connected to it are disconnected."""

    def add_slot(self, peer: int, kind: int, ssrc: int, rtx_ssrc: int, payloads: Sequence[Payload]) -> int:
        """An outgoing stream under the relay's own SSRCs. `rtx_ssrc` 0: repair by sending the packet itself again."""

    def set_parity(self, slot: int, ssrc: int, payload_type: int, group: int) -> None:
        """Send a parity packet (FlexFEC) for each `group` packets of the slot, up to 15; 0: none. The SSRC stays."""

    def remove_slot(self, slot: int) -> None:
        """Stop sending this stream."""

    def connect(self, slot: int, track: int) -> None:
        """Feed the slot from the track; video starts at its next keyframe, sequence numbers and timestamps go on without a step."""

    def disconnect(self, slot: int) -> None:
        """Feed the slot from nothing."""

    def select_layer(self, slot: int, spatial: int, temporal: int) -> None:
        """The most that the slot forwards from now on; `spatial` -1 pauses it, and what waits of it
        does not leave. A slot begins with everything wanted.

        `spatial` is the place of an encoding (simulcast) or a spatial layer (SVC), 0 the least; 0, 0 of a source with one layer
        forwards it. Another encoding is taken up at its next keyframe, for which a `KEYFRAME_WANTED` of its handle is given; SVC
        goes down at the next picture and up at a keyframe or where the codec allows it, temporal layers likewise. Where a wanted
        encoding is not sent, the next lower one is forwarded meanwhile.
        """

    def carry_encoding(self, slot: int, encoding: int) -> None:
        """The slot, not connected yet, forwards this encoding of its source and no other, also while that one is silent: at the
        other end of a pipe somebody chooses."""

    def slot_layer(self, slot: int) -> tuple[int, int]:
        """The spatial (-1: nothing) and temporal layer that leaves now."""

    def layer_rates(self, track: int) -> Sequence[tuple[int, int, int]]:
        """(spatial, temporal, bytes) for each layer of the source heard so far: running totals, each with all that the layer
        depends on, so that the difference of two calls is what a slot that forwards this layer would have been sent."""

    def tick(self, now_ns: int) -> None:
        """Every 10–20 ms: ask senders for missing packets, tell them what arrived (transport-cc), retry what could not be sent."""

    def notices(self) -> list[Notice]:
        """What happened since the last call; bounded, repeated wishes for one track are one notice."""

    def downlinks(self, now_ns: int = 0) -> list[Downlink]:
        """Of every peer that sent feedback or an estimate since the last call, unless that can wait (`set_settled`); 0: of all."""

    def downlink(self, peer: int) -> Downlink:
        """The totals of one peer; what it said is left for `downlinks`."""

    def set_settled(self, peer: int, settled: bool) -> None:
        """The downlink is known to carry all there is: frames leave in longer bursts, and feedback that tells neither of losses,
        nor of a probe, nor of a delay that grows, is told four times a second."""

    def set_pace(self, peer: int, rate_bps: int, window_bytes: int) -> None:
        """Pictures leave for the peer at this rate, sound at once; while more than `window_bytes` is in flight, hardly any.

        What waits too long is given up, and its slot goes on at the next keyframe. A rate of 0: everything leaves as it comes.
        """

    def probe(self, peer: int, cluster: int, rate_bps: int, size_bytes: int, packets: int) -> None:
        """Send so much, and so many packets, at this rate: what waits, then repetitions of recent packets, then padding. Needs
        a slot with RTX; nothing is sent otherwise. Feedback tells of it by `cluster`."""

    def pace(self, now_ns: int) -> None:
        """Let leave what waited for its time; `pump` and `tick` do so too."""

    def pace_due_ns(self) -> int:
        """When to call `pace`; 0: nothing waits."""

    def reception_report(self, track: int, now_ns: int) -> ReceptionReport | None:
        """A report block for the track's sender; None before its first packet."""

    def sender_info(self, slot: int, now_ns: int) -> SenderInfo | None:
        """A sender report for the slot's receiver; None before the first packet, or before the source sent one itself."""

    def track_ssrc(self, track: int) -> int:
        """The SSRC of the track; 0 until it is known."""

    def loudness(self, track: int) -> tuple[int, int]:
        """Running totals of an audio track: packets that told their level (RFC 6464), and the sum of 127 − level: 127 is as loud
        as can be."""

    def track_stats(self, track: int) -> TrackStats:
        """Totals of a track."""

    def slot_stats(self, slot: int) -> SlotStats:
        """Totals of a slot."""

    def counters(self) -> Mapping[str, int]:
        """Totals of the worker by name: packets and bytes in and out, system calls, drops by reason (`drop_<reason>`)."""

    def residence(self) -> tuple[Sequence[float], Sequence[int]]:
        """Residence time histogram: upper bounds in seconds, and counts (one more: above the last bound)."""
