"""The peers of a worker: made by an offer, changed by further offers, gone by removal.

Rule: an offer either succeeds whole or leaves its peer as it was (a new one does not come into being).
"""

from collections.abc import Callable

from relay.config import SfuSettings
from relay.errors import LimitReached
from relay.ids import PeerId
from relay.sfu.negotiation import answer
from relay.sfu.negotiation.agreement import Agreement
from relay.sfu.ports import Forwarder, HostCandidate
from relay.sfu.session.peer import Peer
from relay.sfu.session.streams import Streams
from relay.sfu.session.transports import Transports
from relay.sfu.transport.dtls import Certificate, DtlsRole
from relay.sfu.transport.ice import ENTROPY_BYTES, IceCredentials
from relay.sfu.transport.peer import PeerTransport
from relay.sfu.wire.sdp import Fingerprint


class Peers:
    """Peers by name.

    given: settings, packet path, streams, transports, certificate, entropy. owned: `by_id`, `by_handle` (of the packet path), `candidates`.
    """

    def __init__(
        self,
        settings: SfuSettings,
        forwarder: Forwarder,
        streams: Streams,
        transports: Transports,
        certificate: Certificate,
        entropy: Callable[[int], bytes],
    ) -> None:
        self._settings = settings
        self._forwarder = forwarder
        self._streams = streams
        self._transports = transports
        self._certificate = certificate
        self._entropy = entropy
        self._fingerprint = Fingerprint.parse(f"sha-256 {certificate.fingerprint_sha256}")
        self.by_id: dict[PeerId, Peer] = {}
        self.by_handle: dict[int, Peer] = {}
        self.candidates: tuple[HostCandidate, ...] = ()

    def answer(self, peer_id: PeerId, agreement: Agreement, now: float, now_ns: int) -> str:
        """Carry out an offer and compose its answer. Raises `LimitReached`, and `Malformed` for unusable keys."""
        peer = self.by_id.get(peer_id)
        if peer is not None and peer.agreement.fingerprints != agreement.fingerprints:
            # Another certificate is another client: a reloaded page under the same name.
            self.remove(peer_id, now)
            peer = None
        peer = (
            self._create(peer_id, agreement, now, now_ns) if peer is None else self._renew(peer, agreement, now, now_ns)
        )
        local = answer.Local(
            peer.local.ufrag, peer.local.password, self._fingerprint, self.candidates, peer.session_id, peer.version
        )
        return answer.compose(agreement, local, peer.ssrcs)

    def remove(self, peer_id: PeerId, now: float) -> Peer | None:
        """Close and forget; None when there is none of this name."""
        peer = self.by_id.pop(peer_id, None)
        if peer is not None:
            self._transports.remove(peer, now)
            self._forget(peer)
        return peer

    def _create(self, peer_id: PeerId, agreement: Agreement, now: float, now_ns: int) -> Peer:
        local = self._credentials()
        transport = PeerTransport(
            local,
            _remote(agreement),
            self._certificate,
            agreement.fingerprints,
            DtlsRole.CLIENT if agreement.dtls_client else DtlsRole.SERVER,
        )
        session_id = int.from_bytes(self._entropy(7), "big")
        peer = Peer(peer_id, self._add_handle(), transport, agreement, local, session_id, now)
        try:
            self._streams.apply(peer, now_ns)
        except LimitReached:
            self._forget(peer)
            raise
        self._transports.add(peer, now)
        self.by_id[peer_id] = self.by_handle[peer.handle] = peer
        return peer

    def _add_handle(self) -> int:
        try:
            return self._forwarder.add_peer()
        except MemoryError as error:
            raise LimitReached(f"this worker carries {self._settings.max_peers} peers already") from error

    def _renew(self, peer: Peer, agreement: Agreement, now: float, now_ns: int) -> Peer:
        remote = _remote(agreement)
        before, peer.agreement = peer.agreement, agreement
        try:
            self._streams.apply(peer, now_ns)
        except LimitReached:
            peer.agreement = before
            self._streams.apply(peer, now_ns)
            raise
        if remote != _remote(before):
            peer.local = self._credentials()
            self._transports.restart(peer, remote, now)
        peer.version += 1
        return peer

    def _forget(self, peer: Peer) -> None:
        self.by_handle.pop(peer.handle, None)
        self._streams.remove_peer(peer)
        self._forwarder.remove_peer(peer.handle)

    def _credentials(self) -> IceCredentials:
        return IceCredentials.from_entropy(self._entropy(ENTROPY_BYTES))


def _remote(agreement: Agreement) -> IceCredentials:
    return IceCredentials(agreement.ufrag, agreement.password)
