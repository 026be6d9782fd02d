"""The selective-forwarding unit: peers with named sources and slots, and routes between them."""

from relay.sfu.session.events import (
    PathChanged,
    PeerClosed,
    PeerConnected,
    PeerOffer,
    PeerStats,
    SfuEvent,
    SfuStats,
    SlotRef,
    SlotStarted,
    SourceRef,
    SourceStarted,
    StreamStats,
    WorkerStats,
)

__all__ = [
    "PathChanged",
    "PeerClosed",
    "PeerConnected",
    "PeerOffer",
    "PeerStats",
    "SfuEvent",
    "SfuStats",
    "SlotRef",
    "SlotStarted",
    "SourceRef",
    "SourceStarted",
    "StreamStats",
    "WorkerStats",
]
