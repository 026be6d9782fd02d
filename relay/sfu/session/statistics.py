"""The numbers of a peer and of a worker, read when somebody asks."""

from collections import Counter

from relay.sfu.ports import Forwarder, Kind, SlotStats
from relay.sfu.session.events import DownlinkState, PeerStats, SfuStats, StreamStats
from relay.sfu.session.keyframe_requests import KeyframeDesk
from relay.sfu.session.peer import Peer, Stream
from relay.sfu.session.streams import Streams
from relay.sfu.session.transports import Transports


def of_peer(peer: Peer, forwarder: Forwarder, downlink: DownlinkState | None) -> PeerStats:
    """One peer: its RTT is the median of what its receivers' reports gave."""
    slots = [(stream, forwarder.slot_stats(stream.handle)) for stream in peer.slots.values()]
    rtts = sorted(stats.rtt_ms for _, stats in slots if stats.rtt_ms >= 0)
    streams = [_up(stream, forwarder) for stream in peer.sources.values()]
    streams += [_down(stream, stats) for stream, stats in slots]
    return PeerStats(
        peer=peer.id,
        state=peer.transport.state.name.lower(),
        rtt_ms=rtts[len(rtts) // 2] if rtts else None,
        address=None if peer.address is None else peer.address[:2],
        streams=tuple(streams),
        downlink=downlink,
    )


def of_worker(
    forwarder: Forwarder,
    peers: int,
    streams: Streams,
    keyframes: KeyframeDesk,
    closed: Counter[str],
    transports: Transports,
    piped_streams: int,
) -> SfuStats:
    """The worker as a whole."""
    bounds, counts = forwarder.residence()
    sources, slots = streams.counts
    return SfuStats(
        peers=peers,
        sources=sources,
        slots=slots,
        counters={**forwarder.counters(), "plis_sent": keyframes.sent},
        residence_bounds_s=tuple(bounds),
        residence_counts=tuple(counts),
        closed=dict(closed),
        control_drops=dict(transports.drops()),
        piped_streams=piped_streams,
    )


def _up(stream: Stream, forwarder: Forwarder) -> StreamStats:
    """Of all encodings together; jitter and loss of the one that fares worst."""
    each = [forwarder.track_stats(encoding.handle) for encoding in stream.encodings]
    return StreamStats(
        name=stream.name,
        direction="up",
        kind=_kind(stream),
        packets=sum(stats.packets for stats in each),
        bytes=sum(stats.bytes for stats in each),
        lost=sum(stats.lost for stats in each),
        loss_fraction=max(encoding.loss_fraction for encoding in stream.encodings),
        jitter_ms=max(stats.jitter_ms for stats in each),
        nacks=sum(stats.nacks_sent for stats in each),
        plis=0,
        retransmitted=sum(stats.recovered for stats in each),
        keyframes=sum(stats.keyframes for stats in each),
    )


def _down(stream: Stream, stats: SlotStats) -> StreamStats:
    return StreamStats(
        name=stream.name,
        direction="down",
        kind=_kind(stream),
        packets=stats.packets,
        bytes=stats.bytes,
        lost=stats.dropped,
        loss_fraction=stats.remote_fraction_lost,
        jitter_ms=stats.remote_jitter_ms,
        nacks=stats.nacks_received,
        plis=stats.plis_received,
        retransmitted=stats.retransmitted,
    )


def _kind(stream: Stream) -> str:
    return Kind(stream.kind).name.lower()
