"""One worker on the running event loop: the socket, the timers and the subscribers around `session.worker`."""

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from relay.clock import Clock, SystemClock, cpu_s
from relay.config import SfuSettings
from relay.errors import Misuse, Unavailable
from relay.ids import PeerId
from relay.sfu.dataplane import Forwarder
from relay.sfu.media.layers import Layer
from relay.sfu.ports import Arrival, HostCandidate
from relay.sfu.session.data_channels import Deliver
from relay.sfu.session.events import PeerOffer, PeerStats, SfuEvent, SfuStats, SlotRef, SourceRef
from relay.sfu.session.pipes import PipeCommand, PipedStream
from relay.sfu.session.worker import Worker
from relay.sfu.shell import udp
from relay.sfu.shell.tcp import Owner, TcpPort
from relay.sfu.transport.connections import Refusal
from relay.sfu.transport.dtls import Certificate

_TICK_S = 0.01
_PACE_S = 0.001
_LOG = logging.getLogger(__name__)


class Sfu:
    """Forwards media between peers over one UDP and one TCP port. All methods are for the loop that ran `start`."""

    def __init__(self, settings: SfuSettings, clock: Clock | None = None) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._forwarder = Forwarder(
            max_peers=settings.max_peers,
            max_tracks=settings.max_streams,
            max_slots=settings.max_streams,
            max_connections=settings.max_tcp_connections,
            peer_rate_bps=settings.max_peer_bps,
        )
        certificate = Certificate.generate(self._clock.wall_ms() / 1000)
        self._worker = Worker(settings, self._forwarder, certificate, os.urandom)
        self._subscribers: dict[int, Callable[[SfuEvent], None]] = {}
        self._subscriptions = 0
        self._socket: socket.socket | None = None
        self._tcp = TcpPort(
            settings, self._clock, self._forwarder, Owner(self._arrived, self._worker.transports.is_bound)
        )
        self._tick_timer: asyncio.TimerHandle | None = None
        self._deadline_timer: asyncio.TimerHandle | None = None
        self._armed_s: float | None = None
        self._pace_timer: asyncio.TimerHandle | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Where the media port is bound. Raises `Misuse` before `start`."""
        if self._socket is None:
            raise Misuse("the SFU has not been started")
        host, port = self._socket.getsockname()[:2]
        return host, port

    async def start(self) -> None:
        """Bind the ports and begin to serve. Raises `Unavailable` when one cannot be had."""
        self._socket = udp.bind(self._settings)
        host, port = self.address
        hosts = udp.hosts(self._settings, host)
        candidates = [HostCandidate(each, port) for each in hosts]
        if self._settings.tcp:
            try:
                self._tcp.start(port)
            except Unavailable:
                self._socket.close()
                self._socket = None
                raise
            candidates += [HostCandidate(each, self._tcp.port, "tcp") for each in hosts]
        self._worker.open(tuple(candidates))
        self._forwarder.attach(self._socket.fileno())
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._readable)
        self._tick()
        _LOG.info("media port open", extra={"host": self.address[0], "port": self.address[1]})

    async def close(self) -> None:
        """Say goodbye to every peer and release the ports."""
        if self._socket is None:
            return
        now = self._clock.now_s()
        for peer in self.peer_ids():
            self._publish(self._worker.remove(peer, now))
        self._tcp.close()
        asyncio.get_running_loop().remove_reader(self._socket.fileno())
        for timer in (self._tick_timer, self._deadline_timer, self._pace_timer):
            if timer is not None:
                timer.cancel()
        self._socket.close()
        self._socket = None

    async def answer(self, peer: PeerId, offer: PeerOffer, near: Collection[PeerId] | None = None) -> str:
        """Answer an SDP offer: creates the peer, or renegotiates (also restarts ICE of) the one of this name.

        `near`, whom it is in a call with, matters to several workers; here everybody is.

        Raises `Malformed` for an offer against the rules of `negotiation.offer`, `LimitReached` beyond the configured
        numbers; the peer is then as before.
        """
        text = self._worker.answer(peer, offer, self._clock.now_s(), self._clock.wall_ns())
        self._arm()
        return text

    async def route(self, slot: SlotRef, source: SourceRef | None) -> None:
        """Feed a slot from a source, or from nothing. Both may be named before they are negotiated."""
        self._publish(self._worker.route(slot, source, self._clock.now_s(), self._clock.wall_ns()))
        self._arm()

    async def limit_layer(self, slot: SlotRef, spatial: int, temporal: int = 3) -> None:
        """Forward no more than this into a slot, however much its downlink carries: a picture that is shown small needs no more.

        `spatial` counts the encodings of a simulcast source, or the spatial layers of SVC, from 0, the smallest. It holds until it
        is set again; nothing happens if there is no such slot.
        """
        self._worker.layering.limit(slot, Layer(spatial, temporal))

    async def remove(self, peer: PeerId) -> None:
        """Close the peer's transport and forget it; nothing if there is none of this name."""
        self._publish(self._worker.remove(peer, self._clock.now_s()))

    def pipe(self, command: PipeCommand | Deliver) -> PipedStream | None:
        """Change what goes through pipes to other workers, or take a message that was said there. Raises as
        `Pipes.handle_command` does."""
        stream, events = self._worker.pipe(command, self._clock.now_s(), self._clock.wall_ns())
        self._publish(events)
        self._arm()
        return stream

    def peer_ids(self) -> list[PeerId]:
        """Everyone."""
        return list(self._worker.peers_by_id)

    def subscribe(self, callback: Callable[[SfuEvent], None]) -> Callable[[], None]:
        """Call `callback` with each event from now on; returns what ends that. It must not block."""
        self._subscriptions += 1
        token = self._subscriptions
        self._subscribers[token] = callback

        def unsubscribe() -> None:
            self._subscribers.pop(token, None)

        return unsubscribe

    def stats(self) -> SfuStats:
        """Totals of the worker."""
        connections = self._tcp.connections
        refused = {reason.value: connections.refused[reason] for reason in Refusal}
        return replace(
            self._worker.stats(), cpu_s=cpu_s(), tcp_connections=len(connections), refused_connections=refused
        )

    def peer_stats(self, peer: PeerId) -> PeerStats | None:
        """One peer; None when there is none of this name."""
        return self._worker.peer_stats(peer)

    def _readable(self) -> None:
        self._arrived(self._forwarder.pump())

    def _arrived(self, arrivals: list[Arrival]) -> None:
        self._publish(self._worker.handle_arrivals(arrivals, self._clock.now_s()))
        self._arm_pace()
        if arrivals:
            self._arm()

    def _tick(self) -> None:
        self._tick_timer = asyncio.get_running_loop().call_later(_TICK_S, self._tick)
        now = self._clock.now_s()
        self._publish(self._worker.handle_tick(now, self._clock.wall_ns()))
        self._tcp.handle_timeout(now)
        self._arm_pace()
        self._arm()

    def _pace(self) -> None:
        self._pace_timer = None
        self._forwarder.pace(self._clock.wall_ns())
        self._arm_pace()

    def _arm_pace(self) -> None:
        """Only while something waits, which is when a downlink is slower than what it is sent in bursts."""
        due_ns = self._forwarder.pace_due_ns()
        if due_ns and self._pace_timer is None:
            delay_s = max(_PACE_S, (due_ns - self._clock.wall_ns()) / 1e9)
            self._pace_timer = asyncio.get_running_loop().call_later(delay_s, self._pace)

    def _timeout(self) -> None:
        self._deadline_timer = self._armed_s = None
        self._publish(self._worker.handle_timeout(self._clock.now_s()))
        self._arm()

    def _arm(self) -> None:
        deadline = self._worker.deadline()
        if deadline == self._armed_s:
            return
        self._armed_s = deadline
        if self._deadline_timer is not None:
            self._deadline_timer.cancel()
            self._deadline_timer = None
        if deadline is not None:
            delay = max(0.0, deadline - self._clock.now_s())
            self._deadline_timer = asyncio.get_running_loop().call_later(delay, self._timeout)

    def _publish(self, events: Iterable[SfuEvent]) -> None:
        for event in events:
            for callback in list(self._subscribers.values()):
                try:
                    callback(event)
                except Exception:
                    # One subscriber's bug must not stop the media of every call.
                    _LOG.exception("a subscriber failed", extra={"event": type(event).__name__})
