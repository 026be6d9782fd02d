"""The selective-forwarding unit: peers with named sources and slots, and routes between them."""

from relay.sfu.session.events import (
    EncodingsWanted,
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
    SpeakerChanged,
    StreamStats,
    WorkerStats,
)

__all__ = [
    "EncodingsWanted",
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
    "SpeakerChanged",
    "StreamStats",
    "WorkerStats",
]
