"""Tells senders how much the downlinks of their receivers have room for (REMB).

Rooms are told with every look at a downlink, and forgotten when they are not renewed: a receiver that left, or is fed from
elsewhere, holds nobody back. What goes through a pipe to another worker has receivers that are not seen here; such a sender is
not bound.
"""

from dataclasses import dataclass, field
from typing import Final

from relay.sfu.media.sender_cap import SenderCap, shared_room
from relay.sfu.ports import Forwarder, Kind
from relay.sfu.session.events import SourceRef
from relay.sfu.session.keyframe_requests import RELAY_SSRC
from relay.sfu.session.peer import Peer, Stream
from relay.sfu.session.streams import Streams
from relay.sfu.wire.rtcp import compound
from relay.sfu.wire.rtcp.remb import Remb
from relay.sfu.wire.rtcp.rr import ReceiverReport

_FRESH_S: Final = 1.0
_MEASURE_S: Final = 0.25
_MAX_SSRCS: Final = 255


@dataclass(slots=True)
class _Sender:
    """One sender. owned: its cap, room by receiver and when that was told, when its rate was measured."""

    peer: Peer
    cap: SenderCap = field(default_factory=SenderCap)
    rooms: dict[int, tuple[float, float]] = field(default_factory=dict)
    measured_s: float = float("-inf")


class SenderCaps:
    """By handle of the sender. given: packet path, streams. owned: those who were ever bound, or may be."""

    def __init__(self, forwarder: Forwarder, streams: Streams) -> None:
        self._forwarder = forwarder
        self._streams = streams
        self._senders: dict[int, _Sender] = {}

    def handle_room(self, sender: Peer, receiver: int, room_bps: float, now: float) -> None:
        """The downlink of a receiver has room for so much from the sender."""
        known = self._senders.get(sender.handle)
        if known is None:
            known = self._senders[sender.handle] = _Sender(sender)
        known.rooms[receiver] = room_bps, now

    def follows(self, sender: int, now: float) -> bool:
        """Whether the sender keeps to what it was told, as far as is known."""
        known = self._senders.get(sender)
        return known is None or known.cap.follows(now)

    def binds(self, sender: int) -> bool:
        """Whether the sender would send more, were it not bound."""
        known = self._senders.get(sender)
        return known is not None and known.cap.binds

    def remove(self, peer: int) -> None:
        """A peer is gone, as sender and as receiver."""
        self._senders.pop(peer, None)
        for known in self._senders.values():
            known.rooms.pop(peer, None)

    def handle_tick(self, now: float) -> None:
        """Tell those who are to be told."""
        for known in self._senders.values():
            if now >= known.measured_s + _MEASURE_S:
                known.measured_s = now
                known.cap.handle_sent(self._received_bytes(known.peer), now)
            cap_bps = known.cap.handle_room(self._room_bps(known, now), now)
            if cap_bps is not None:
                self._tell(known.peer, cap_bps)

    def _room_bps(self, known: _Sender, now: float) -> float:
        known.rooms = {receiver: told for receiver, told in known.rooms.items() if now < told[1] + _FRESH_S}
        watched = [stream for stream in known.peer.sources.values() if stream.kind == Kind.VIDEO]
        if any(self._is_piped(known.peer, stream) for stream in known.peer.sources.values()):
            return float("inf")
        layered = all(len(stream.encodings) > 1 for stream in watched)
        return shared_room([room_bps for room_bps, _ in known.rooms.values()], layered=layered)

    def _is_piped(self, peer: Peer, stream: Stream) -> bool:
        slots = self._streams.routes.handles_of(SourceRef(peer.id, stream.name))
        owners = (self._streams.slot_of(slot) for slot in slots)
        return any(owner is not None and not isinstance(owner[0], Peer) for owner in owners)

    def _received_bytes(self, peer: Peer) -> int:
        encodings = [encoding for stream in peer.sources.values() for encoding in stream.encodings]
        return sum(self._forwarder.track_stats(encoding.handle).bytes for encoding in encodings)

    def _tell(self, peer: Peer, cap_bps: int) -> None:
        encodings = [encoding for stream in peer.sources.values() for encoding in stream.encodings]
        ssrcs = [ssrc for encoding in encodings if (ssrc := self._forwarder.track_ssrc(encoding.handle))]
        if ssrcs:
            remb = Remb(RELAY_SSRC, cap_bps, tuple(ssrcs[:_MAX_SSRCS]))
            self._forwarder.transmit_rtcp(peer.handle, compound.serialise((ReceiverReport(RELAY_SSRC, ()), remb)))
