"""The downlinks of all connected peers: who is looked at when, and what each of their slots shows.

owned: a `PeerDownlink` for each peer, the rates of sources, the times. `now_ns` is the clock that stamps packets: estimates
compare the times of sending with those of feedback.
"""

from collections.abc import Iterator
from typing import Final

from relay.sfu.media.layers import Content
from relay.sfu.ports import Downlink, Forwarder
from relay.sfu.session.deadlines import Deadlines
from relay.sfu.session.downlink import PeerDownlink, View
from relay.sfu.session.events import DownlinkState, SlotRef, SourceRef
from relay.sfu.session.layer_rates import SourceRates
from relay.sfu.session.layering import Layering
from relay.sfu.session.peer import Peer, StreamOwner
from relay.sfu.session.sender_caps import SenderCaps
from relay.sfu.session.streams import Streams

_LOOK_S: Final = 0.25
"""Between looks at a peer that tells nothing."""
_SHARED: Final = frozenset({"document", "screen"})


class Downlinks:
    """Peers by handle. given: packet path, streams, layering."""

    def __init__(self, forwarder: Forwarder, streams: Streams, layering: Layering) -> None:
        self._forwarder = forwarder
        self._layering = layering
        self._streams = streams
        self._rates = SourceRates(forwarder)
        self._caps = SenderCaps(forwarder, streams)
        self._downlinks: dict[int, tuple[Peer, PeerDownlink]] = {}
        self._deadlines: Deadlines[int] = Deadlines()

    def add(self, peer: Peer) -> None:
        """The peer can be sent to."""
        if peer.handle not in self._downlinks:
            self._downlinks[peer.handle] = peer, PeerDownlink(peer.handle, self._forwarder, self._layering.select)
            self._deadlines.schedule(peer.handle, 0.0)

    def remove(self, peer: Peer) -> None:
        """The peer is gone."""
        self._downlinks.pop(peer.handle, None)
        self._deadlines.forget(peer.handle)
        self._caps.remove(peer.handle)
        for stream in peer.sources.values():
            self._rates.forget(stream.handle)

    def handle_tick(self, now_ns: int) -> None:
        """Take what peers told, and look at those that told nothing for a while."""
        now = now_ns / 1e9
        for report in self._forwarder.downlinks(now_ns):
            self._take(report, now)
        for handle in self._deadlines.due(now):
            if handle in self._downlinks:
                self._take(self._forwarder.downlink(handle), now)
        self._caps.handle_tick(now)

    def state(self, peer: Peer) -> DownlinkState | None:
        """None before the peer is connected."""
        entry = self._downlinks.get(peer.handle)
        return None if entry is None else entry[1].state()

    def _take(self, report: Downlink, now: float) -> None:
        entry = self._downlinks.get(report.peer)
        if entry is None:
            return
        peer, downlink = entry
        shown = list(self._shown(peer, now))
        views = [view for view, _ in shown]
        downlink.handle_report(report, views, now)
        self._tell_senders(peer, shown, downlink.rooms_bps(views, now), now)
        deadline = downlink.deadline()
        self._deadlines.schedule(report.peer, now + _LOOK_S if deadline is None else max(deadline, now + 0.01))

    def _tell_senders(
        self, receiver: Peer, shown: list[tuple[View, StreamOwner]], rooms_bps: dict[int, float], now: float
    ) -> None:
        """What a sender sends besides what this receiver is shown is not this receiver's affair."""
        slots = {view.slot for view, _ in shown}
        for sender in {view.sender: owner for view, owner in shown}.values():
            if isinstance(sender, Peer):
                other_bps = sum(
                    self._rates.sending_bps(stream.handle, now, simulcast=len(stream.encodings) > 1)
                    for stream in sender.sources.values()
                    if slots.isdisjoint(self._streams.routes.handles_of(SourceRef(sender.id, stream.name)))
                )
                self._caps.handle_room(sender, receiver.handle, rooms_bps[sender.handle] + other_bps, now)

    def _shown(self, peer: Peer, now: float) -> Iterator[tuple[View, StreamOwner]]:
        for name, stream in peer.slots.items():
            fed = self._streams.source_into(SlotRef(peer.id, name))
            if fed is None:
                continue
            source, track = fed
            encoding = self._streams.encoding_of(track)
            if encoding is None:
                continue
            owner = encoding[0]
            content = Content.DETAIL if source.source in _SHARED else Content.MOTION
            rates_bps = self._rates.of(track, now).rates_bps()
            view = View(stream.handle, stream.kind, content, rates_bps)
            if isinstance(owner, Peer):
                follows, bound = self._caps.follows(owner.handle, now), self._caps.binds(owner.handle)
                view = view._replace(sender=owner.handle, follows=follows, bound=bound)
            yield view, owner
