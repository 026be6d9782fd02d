"""The transports of all peers of one port: which datagram is whose, and what its machine wants done.

owned: the router, the deadlines. The packet path is told of paths and keys; what others must know is returned as events.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from relay.sfu.ports import Address, Arrival, Forwarder
from relay.sfu.session.deadlines import Deadlines
from relay.sfu.session.events import PathChanged, PeerClosed, PeerConnected, SfuEvent
from relay.sfu.session.peer import Peer
from relay.sfu.transport.demux import Router
from relay.sfu.transport.ice import IceCredentials
from relay.sfu.transport.outputs import (
    ApplicationData,
    Closed,
    Connected,
    Output,
    PathRetired,
    PathSelected,
    PathValidated,
    Transmit,
    UfragRetired,
)
from relay.sfu.transport.peer import PeerState


@dataclass(frozen=True, slots=True)
class SctpArrived:
    """A packet for the data channels of a peer."""

    peer: Peer
    data: bytes


TransportEvent = SfuEvent | SctpArrived


class Transports:
    """Peers by address and username fragment; their timers."""

    def __init__(self, forwarder: Forwarder) -> None:
        self._forwarder = forwarder
        self._router: Router[Peer] = Router()
        self._deadlines: Deadlines[Peer] = Deadlines()
        self._present: set[Peer] = set()
        self._refused: Counter[str] = Counter()
        """What the machines of peers that are gone did not accept."""

    def add(self, peer: Peer, now: float) -> None:
        """Take checks for the peer's username fragment from now on."""
        self._router.add(peer.local.ufrag, peer)
        self._present.add(peer)
        peer.transport.start(now)
        self._deadlines.schedule(peer, peer.transport.deadline())

    def restart(self, peer: Peer, remote: IceCredentials, now: float) -> None:
        """The peer restarts ICE: take checks for its new fragment too; the path stays until one of them nominates."""
        self._router.add(peer.local.ufrag, peer)
        self._carry_out(peer, peer.transport.restart_ice(peer.local, remote, now), now)
        self._deadlines.schedule(peer, peer.transport.deadline())

    def remove(self, peer: Peer, now: float) -> None:
        """Say goodbye (DTLS close_notify) and forget the peer."""
        for output in peer.transport.close(now):
            if isinstance(output, Transmit):
                self._forwarder.transmit(output.data, output.address)
        self._router.forget(peer)
        self._deadlines.forget(peer)
        self._present.discard(peer)
        _count_refused(peer, self._refused)

    def handle_arrival(self, arrival: Arrival, now: float) -> list[TransportEvent]:
        """A STUN or DTLS datagram."""
        peer = self._router.find(arrival.data, arrival.address)
        if peer is None:
            return []
        outputs = peer.transport.handle_datagram(arrival.data, arrival.address, now)
        events = self._carry_out(peer, outputs, now)
        self._deadlines.schedule(peer, peer.transport.deadline())
        return events

    def send_application(self, peer: Peer, data: bytes, now: float) -> list[TransportEvent]:
        """Send a packet of data channels inside DTLS; nothing unless the peer is connected."""
        if peer.transport.state is not PeerState.CONNECTED:
            return []
        return self._carry_out(peer, peer.transport.send_application(data), now)

    def handle_stray(self, peer: Peer, address: Address, transaction_id: bytes, now: float) -> None:
        """Media that authenticates as the peer's came from an address that no check of its came from."""
        outputs = peer.transport.validate_path(address, transaction_id, now)
        if outputs:
            # The answer is a STUN response: it names nobody, and finds its way back by address.
            self._router.bind(address, peer)
        self._carry_out(peer, outputs, now)

    def is_bound(self, address: Address) -> bool:
        """Whether a check from there has authenticated, or one of ours is under way to there."""
        return self._router.owner(address) is not None

    def handle_lost(self, address: Address, now: float) -> list[TransportEvent]:
        """The connection to there has ended."""
        peer = self._router.owner(address)
        if peer is None:
            return []
        self._router.unbind(address, peer)
        events = self._carry_out(peer, peer.transport.lose_path(address, now), now)
        self._deadlines.schedule(peer, peer.transport.deadline())
        return events

    def handle_timeout(self, now: float) -> list[TransportEvent]:
        """Let every machine whose time has come act."""
        events: list[TransportEvent] = []
        for peer in self._deadlines.due(now):
            events += self._carry_out(peer, peer.transport.handle_timeout(now), now)
            self._deadlines.schedule(peer, peer.transport.deadline())
        return events

    def deadline(self) -> float | None:
        """When to call `handle_timeout`."""
        return self._deadlines.next()

    def drops(self) -> Counter[str]:
        """Datagrams that no peer was found for, and those that a peer's machines did not accept, by reason."""
        drops = Counter({reason.value: number for reason, number in self._router.unrouted.items()})
        drops.update(self._refused)
        for peer in self._present:
            _count_refused(peer, drops)
        return drops

    def _carry_out(self, peer: Peer, outputs: Iterable[Output], now: float) -> list[TransportEvent]:
        events = (self._carry_out_one(peer, output, now) for output in outputs)
        return [event for event in events if event is not None]

    def _carry_out_one(self, peer: Peer, output: Output, now: float) -> TransportEvent | None:
        match output:
            case Transmit(data, address):
                self._forwarder.transmit(data, address)
            case PathValidated(address):
                self._router.bind(address, peer)
            case PathRetired(address):
                self._router.unbind(address, peer)
            case UfragRetired(ufrag):
                self._router.remove(ufrag)
            case PathSelected(address):
                return self._select(peer, address)
            case Connected(keys):
                self._forwarder.set_keys(peer.handle, keys.profile.number, keys.receive, keys.send)
                peer.connected = True
                return PeerConnected(peer.id, (now - peer.offered_s) * 1000)
            case Closed(reason):
                return PeerClosed(peer.id, reason.value)
            case ApplicationData(data):
                return SctpArrived(peer, data)
        return None

    def _select(self, peer: Peer, address: Address) -> SfuEvent | None:
        moved = peer.address is not None and peer.address != address
        peer.address = address
        self._forwarder.set_path(peer.handle, address)
        return PathChanged(peer.id, address[:2]) if moved else None


def _count_refused(peer: Peer, into: Counter[str]) -> None:
    ignored, unvalidated = peer.transport.ignored_checks, peer.transport.unvalidated_dtls
    for reason, number in ignored.items():
        into[f"check_{reason.value}"] += number
    if unvalidated:
        into["dtls_before_check"] += unvalidated
