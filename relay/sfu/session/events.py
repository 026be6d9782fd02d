"""What the SFU tells its owner, and the values its face is made of."""

from dataclasses import dataclass, field

from relay.ids import PeerId
from relay.sfu.ports import Address


@dataclass(frozen=True, slots=True)
class PeerOffer:
    """A participant's SDP offer, with what its media sections are for."""

    sdp: str
    sources: dict[str, str]
    """MID → name of the source sent in that section."""
    slots: dict[str, str]
    """MID → name of the slot received in that section."""


@dataclass(frozen=True, slots=True)
class SourceRef:
    """A source of a peer."""

    peer: PeerId
    source: str


@dataclass(frozen=True, slots=True)
class SlotRef:
    """A slot of a peer."""

    peer: PeerId
    slot: str


@dataclass(frozen=True, slots=True)
class PeerConnected:
    """ICE and DTLS are done; media may flow. `setup_ms` counts from the offer."""

    peer: PeerId
    setup_ms: float


@dataclass(frozen=True, slots=True)
class PathChanged:
    """The peer moved to another address and keeps its call."""

    peer: PeerId
    address: Address


@dataclass(frozen=True, slots=True)
class PeerClosed:
    """The peer is gone: `consent-expired`, `dtls-failed`, `dtls-closed`, `timeout` or `removed`."""

    peer: PeerId
    reason: str


@dataclass(frozen=True, slots=True)
class SourceStarted:
    """The first packet of a source arrived."""

    source: SourceRef


@dataclass(frozen=True, slots=True)
class SlotStarted:
    """The first packet (video: keyframe) since the slot was routed has left; `elapsed_ms` counts from the routing."""

    slot: SlotRef
    elapsed_ms: float


SfuEvent = PeerConnected | PathChanged | PeerClosed | SourceStarted | SlotStarted


@dataclass(frozen=True, slots=True)
class StreamStats:
    """One source (uplink) or slot (downlink) of a peer, running totals."""

    name: str
    direction: str
    """`up` or `down`."""
    kind: str
    """`audio` or `video`."""
    packets: int
    bytes: int
    lost: int
    loss_fraction: float
    """0 to 1, over the last report interval."""
    jitter_ms: float
    nacks: int
    plis: int
    retransmitted: int
    """Down: sent again. Up: recovered by retransmission."""
    keyframes: int = 0


@dataclass(frozen=True, slots=True)
class DownlinkState:
    """What is sent to a peer, beside what its downlink carries."""

    state: str
    """`unknown`: the peer tells nothing; `open`: every slot has its best; `limited`: some have less, or are paused."""
    available_bps: int | None
    allocated_bps: int
    loss_fraction: float
    """Of what feedback told of last, smoothed."""
    queue_delay_ms: float
    paused_slots: int


@dataclass(frozen=True, slots=True)
class PeerStats:
    """One connected peer."""

    peer: PeerId
    state: str
    rtt_ms: float | None
    address: Address | None
    streams: tuple[StreamStats, ...]
    downlink: DownlinkState | None = None
    """None before it is connected."""


@dataclass(frozen=True, slots=True)
class SfuStats:
    """The worker as a whole."""

    peers: int
    sources: int
    slots: int
    counters: dict[str, int]
    """By name, from the packet path: packets and bytes in and out, drops by reason, NACK, PLI and RTX totals."""
    residence_bounds_s: tuple[float, ...]
    residence_counts: tuple[int, ...]
    """One more than the bounds: the last counts what is above them."""
    closed: dict[str, int] = field(default_factory=dict)
    """Peers closed so far, by reason."""
    control_drops: dict[str, int] = field(default_factory=dict)
    """STUN, DTLS and RTCP datagrams refused by the control side, by reason."""
