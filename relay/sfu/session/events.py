"""What the SFU tells its owner, and the values its face is made of."""

from dataclasses import dataclass, field

from relay.ids import PeerId


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
    address: tuple[str, int]


@dataclass(frozen=True, slots=True)
class PeerClosed:
    """The peer is gone: `consent-expired`, `dtls-failed`, `dtls-closed`, `timeout` or `removed`; or its worker is gone,
    `worker-lost` or `worker-replaced`, and its client can begin anew at once."""

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


@dataclass(frozen=True, slots=True)
class EncodingsWanted:
    """Which encodings of a simulcast source somebody may be shown; the others can be paused where they are made."""

    source: SourceRef
    rids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SpeakerChanged:
    """Of the several voices that a peer hears, the one in this slot has the word now."""

    slot: SlotRef


@dataclass(frozen=True, slots=True)
class MessageElsewhere:
    """A message of a data channel is for a peer of another worker: for `SfuPool`, which brings it there."""

    peer: PeerId
    """Who said it."""
    slot: SlotRef
    label: str
    payload: bytes
    text: bool


SfuEvent = (
    PeerConnected
    | PathChanged
    | PeerClosed
    | SourceStarted
    | SlotStarted
    | EncodingsWanted
    | SpeakerChanged
    | MessageElsewhere
)


def subject_of(event: SfuEvent) -> PeerId:
    """The peer that an event is about."""
    match event:
        case SourceStarted(source) | EncodingsWanted(source):
            return source.peer
        case SlotStarted(slot) | SpeakerChanged(slot):
            return slot.peer
        case _:
            return event.peer


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
    address: tuple[str, int] | None
    streams: tuple[StreamStats, ...]
    downlink: DownlinkState | None = None
    """None before it is connected."""


@dataclass(frozen=True, slots=True)
class WorkerStats:
    """One of the workers."""

    index: int
    state: str
    """`starting`, `running`, `draining` or `full`."""
    peers: int
    packets_in: int
    packets_out: int
    cpu_ratio: float
    """Of one core, over the last seconds."""
    residence_counts: tuple[int, ...]
    """By the bounds of the whole."""
    piped_streams: int = 0
    """Sources that come from or go to other workers."""
    lost: int = 0
    """How often it has died or hung, and was replaced."""


@dataclass(frozen=True, slots=True)
class SfuStats:
    """The media plane as a whole, or one worker of it."""

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
    piped_streams: int = 0
    """Sources that come from or go to other workers."""
    cpu_s: float = 0.0
    """CPU time used so far."""
    workers: tuple[WorkerStats, ...] = ()
    """By index; a worker says nothing of itself here."""
    refused_peers: dict[str, int] = field(default_factory=dict)
    """New peers that were refused because no worker had room, by reason."""
    tcp_connections: int = 0
    refused_connections: dict[str, int] = field(default_factory=dict)
    """TCP connections that were not taken, or closed because they served nobody, by reason."""
