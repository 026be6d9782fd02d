"""The control side of one worker: peers, routes, keyframes and reports around one packet path.

It composes; the rules are in the rooms that it joins. Sans-IO but for the packet path, which is handed in: everything
takes the time as arguments (`now` in seconds on the monotonic clock, `now_ns` on the clock that stamps datagrams) and
returns the events that the owner of the SFU should know.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from relay.config import SfuSettings
from relay.ids import PeerId
from relay.sfu.negotiation.offer import understand
from relay.sfu.ports import Arrival, ArrivalKind, Forwarder, HostCandidate, Notice, NoticeKind
from relay.sfu.session import reports, statistics
from relay.sfu.session.data_channels import DataChannels, Deliver, is_data
from relay.sfu.session.deadlines import Deadlines
from relay.sfu.session.downlinks import Downlinks
from relay.sfu.session.events import (
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
)
from relay.sfu.session.keyframe_requests import KeyframeDesk
from relay.sfu.session.layering import Layering
from relay.sfu.session.peer import StreamOwner
from relay.sfu.session.peers import Peers
from relay.sfu.session.pipes import ClosePipe, OpenPipe, PipeCommand, PipedStream, Pipes
from relay.sfu.session.speaking import Speaking
from relay.sfu.session.streams import Streams
from relay.sfu.session.transports import SctpArrived, TransportEvent, Transports
from relay.sfu.transport.dtls import Certificate

_TRANSACTION_ID_BYTES = 12


class Worker:
    """Peers and their media, by command and by what arrives.

    given: settings, packet path, certificate, entropy. owned: the rooms, the report times, counts of closed peers.
    """

    def __init__(
        self, settings: SfuSettings, forwarder: Forwarder, certificate: Certificate, entropy: Callable[[int], bytes]
    ) -> None:
        self._settings = settings
        self._forwarder = forwarder
        self._entropy = entropy
        self._codecs = frozenset(settings.video_codecs + settings.audio_codecs)
        self._streams = Streams(forwarder, self._new_ssrc)
        self.transports = Transports(forwarder)
        self._channels = DataChannels(self.transports, entropy, settings.max_data_bps)
        self.layering = Layering(forwarder, self._streams)
        self._pipes = Pipes(forwarder, self._streams, self.layering, self._new_ssrc)
        self._downlinks = Downlinks(forwarder, self._streams, self.layering)
        self._keyframes = KeyframeDesk(forwarder, self._streams, settings.keyframe_interval_ms / 1000)
        self._peers = Peers(settings, forwarder, self._streams, self.transports, certificate, entropy)
        self.peers_by_id = self._peers.by_id
        """Everyone; to be read."""
        self._speaking = Speaking(forwarder, self._streams, self._peers.by_id)
        self._report_times: Deadlines[StreamOwner] = Deadlines()
        self._closed: Counter[str] = Counter()

    def open(self, candidates: tuple[HostCandidate, ...]) -> None:
        """The addresses that answers shall name from now on."""
        self._peers.candidates = candidates

    def answer(self, peer: PeerId, offer: PeerOffer, now: float, now_ns: int) -> str:
        """Answer an offer: creates the peer, or renegotiates (also restarts ICE of) the one of this name.

        Raises `Malformed` for an offer against the rules of `negotiation.offer`, `LimitReached` beyond the configured
        numbers; the peer is then as before.
        """
        settings = self._settings
        agreement = understand(
            offer.sdp,
            offer.sources,
            offer.slots,
            self._codecs,
            max_bytes=settings.max_sdp_bytes,
            max_sections=settings.max_sections,
        )
        return self._peers.answer(peer, agreement, now, now_ns)

    def route(self, slot: SlotRef, source: SourceRef | None, now: float, now_ns: int) -> list[SfuEvent]:
        """Feed a slot from a source, or from nothing. Both may be named before they are negotiated."""
        if is_data(slot.slot):
            self._channels.route(slot, source)
            return []
        self._streams.route(slot, source, now_ns)
        self._speaking.routed(slot.peer)
        return self._handle_notices(now)

    def pipe(
        self, command: PipeCommand | Deliver, now: float, now_ns: int
    ) -> tuple[PipedStream | None, list[SfuEvent]]:
        """Change what goes through the pipes to other workers, or take a message that was said there. Raises as
        `Pipes.handle_command` does."""
        if isinstance(command, Deliver):
            return None, self._react(self._channels.deliver(command, now), now)
        before = self._pipes.find(command.pipe)
        if before is not None and isinstance(command, OpenPipe | ClosePipe):
            self._report_times.forget(before)
        stream = self._pipes.handle_command(command, now_ns)
        if isinstance(command, OpenPipe) and (end := self._pipes.find(command.pipe)) is not None:
            self._report_times.schedule(end, now)
        return stream, self._handle_notices(now)

    def remove(self, peer: PeerId, now: float) -> list[SfuEvent]:
        """Close the peer's transport and forget it; nothing if there is none of this name."""
        return self._gone(PeerClosed(peer, "removed"), now)

    def handle_arrivals(self, arrivals: Iterable[Arrival], now: float) -> list[SfuEvent]:
        """What `pump` returned, and what the packet path noticed meanwhile."""
        events: list[SfuEvent] = []
        for arrival in arrivals:
            if arrival.kind == ArrivalKind.STRAY:
                self._handle_stray(arrival, now)
            elif arrival.kind == ArrivalKind.ENDED:
                events += self._react(self.transports.handle_lost(arrival.address, now), now)
            elif arrival.kind != ArrivalKind.RTCP:
                events += self._react(self.transports.handle_arrival(arrival, now), now)
        return events + self._handle_notices(now)

    def handle_tick(self, now: float, now_ns: int) -> list[SfuEvent]:
        """Every 10 ms or so: repair, and the reports that are due."""
        self._forwarder.tick(now_ns)
        self._downlinks.handle_tick(now_ns)
        for peer in self._report_times.due(now):
            for packet in reports.compose(peer, self._forwarder, now_ns):
                self._forwarder.transmit_rtcp(peer.handle, packet)
            self._report_times.schedule(peer, now + self._settings.report_interval_ms / 1000)
        return [*self._handle_notices(now), *self._speaking.handle_tick(now), *self.layering.handle_tick(now)]

    def handle_timeout(self, now: float) -> list[SfuEvent]:
        """What is due by `deadline`."""
        events = self._react(self.transports.handle_timeout(now), now)
        events += self._react(self._channels.handle_timeout(now), now)
        self._keyframes.handle_timeout(now)
        return events

    def deadline(self) -> float | None:
        """When to call `handle_timeout`."""
        times = (self.transports.deadline(), self._keyframes.deadline(), self._channels.deadline())
        return min((time for time in times if time is not None), default=None)

    def stats(self) -> SfuStats:
        """Totals of the worker."""
        peers = len(self._peers.by_id)
        totals = statistics.of_worker(
            self._forwarder,
            peers,
            self._streams,
            self._keyframes,
            self._closed,
            self.transports,
            self._pipes.stream_count,
        )
        return replace(totals, counters={**totals.counters, **self._channels.counts})

    def peer_stats(self, peer: PeerId) -> PeerStats | None:
        """One peer; None when there is none of this name."""
        found = self._peers.by_id.get(peer)
        return None if found is None else statistics.of_peer(found, self._forwarder, self._downlinks.state(found))

    def _new_ssrc(self) -> int:
        return int.from_bytes(self._entropy(4), "big") | 1

    def _handle_stray(self, arrival: Arrival, now: float) -> None:
        peer = self._peers.by_handle.get(arrival.peer)
        if peer is not None:
            self.transports.handle_stray(peer, arrival.address, self._entropy(_TRANSACTION_ID_BYTES), now)

    def _react(self, events: Iterable[TransportEvent], now: float) -> list[SfuEvent]:
        told: list[SfuEvent] = []
        for event in events:
            if isinstance(event, SctpArrived):
                told += self._react(self._channels.handle_packet(event.peer, event.data, now), now)
                continue
            if isinstance(event, PeerClosed):
                told += self._gone(event, now)
                continue
            if isinstance(event, PeerConnected):
                self._report_times.schedule(self._peers.by_id[event.peer], now)
                self._downlinks.add(self._peers.by_id[event.peer])
            told.append(event)
        return told

    def _gone(self, event: PeerClosed, now: float) -> list[SfuEvent]:
        peer = self._peers.by_id.get(event.peer)
        if peer is None:
            return []
        self._downlinks.remove(peer)
        self._channels.remove(peer)
        self._peers.remove(event.peer, now)
        self._report_times.forget(peer)
        self._closed[event.reason] += 1
        return [event]

    def _handle_notices(self, now: float) -> list[SfuEvent]:
        events: list[SfuEvent] = []
        for notice in self._forwarder.notices():
            event = self._notice(notice, now)
            if event is not None:
                events.append(event)
        return events

    def _notice(self, notice: Notice, now: float) -> SfuEvent | None:
        match notice.kind:
            case NoticeKind.KEYFRAME_WANTED:
                self._keyframes.want(notice.handle, now)
            case NoticeKind.KEYFRAME_SEEN:
                self._keyframes.arrived(notice.handle)
            case NoticeKind.TRACK_STARTED:
                return self._source_started(notice)
            case NoticeKind.SLOT_STARTED:
                return self._slot_started(notice)
        return None

    def _source_started(self, notice: Notice) -> SfuEvent | None:
        owner = self._streams.encoding_of(notice.handle)
        return None if owner is None else SourceStarted(SourceRef(owner[0].id, owner[1].name))

    def _slot_started(self, notice: Notice) -> SfuEvent | None:
        found = self._streams.slot_of(notice.handle)
        if found is None:
            return None
        owner, stream, routed_ns = found
        if routed_ns is None:
            return None
        return SlotStarted(SlotRef(owner.id, stream.name), (notice.at_ns - routed_ns) / 1e6)
