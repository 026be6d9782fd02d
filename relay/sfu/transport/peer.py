"""One peer's transport: ICE finds and keeps the path, DTLS secures it, the keys go to the packet path.

A switchboard: it hands each datagram to the machine that it is for, and what the machines say to each other and to the
outside. SRTP never comes here.

    outputs = transport.handle_datagram(data, address, now)
    for output in outputs:
        match output:
            case Transmit(datagram, to): ...      # send
            case PathValidated(address): ...      # packets from there are this peer's
            case PathRetired(address): ...        # no longer
            case PathSelected(address): ...       # send this peer's packets there
            case UfragRetired(ufrag): ...         # stop routing checks for it
            case Connected(keys): ...             # start SRTP
            case ApplicationData(data): ...       # SCTP
            case Closed(reason, detail): ...      # forget the peer everywhere
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from enum import Enum
from typing import Final

from relay.errors import Malformed, Misuse
from relay.sfu.transport.certificate import Certificate
from relay.sfu.transport.demux import Kind, classify
from relay.sfu.transport.dtls import Dtls, DtlsRole, DtlsState
from relay.sfu.transport.ice import IceCredentials, IceLite, IgnoredCheck
from relay.sfu.transport.outputs import (
    Closed,
    CloseReason,
    Connected,
    ConsentExpired,
    DtlsOutput,
    IceOutput,
    Output,
    PathSelected,
    Transmit,
)
from relay.sfu.transport.path_validation import PathValidation
from relay.sfu.wire import stun
from relay.sfu.wire.address import Address
from relay.sfu.wire.sdp import Fingerprint


class PeerState(Enum):
    """How far a peer's transport has come. The value is for logs and metrics."""

    NEW = "new"
    """No path yet."""
    SECURING = "securing"
    """A path; the handshake goes on."""
    CONNECTED = "connected"
    """Secured."""
    CLOSED = "closed"


TRANSITIONS: Final[dict[tuple[PeerState, type[Output]], PeerState]] = {
    (PeerState.NEW, PathSelected): PeerState.SECURING,
    (PeerState.NEW, Closed): PeerState.CLOSED,
    (PeerState.SECURING, PathSelected): PeerState.SECURING,
    (PeerState.SECURING, Connected): PeerState.CONNECTED,
    (PeerState.SECURING, Closed): PeerState.CLOSED,
    (PeerState.CONNECTED, PathSelected): PeerState.CONNECTED,
    (PeerState.CONNECTED, Closed): PeerState.CLOSED,
}


def transition(state: PeerState, output: type[Output]) -> PeerState:
    """The state after one of the machines has put out `output`. Misuse if the pair is not in TRANSITIONS."""
    if (state, output) not in TRANSITIONS:
        raise Misuse(f"the transport is {state.value}: {output.__name__} cannot happen")
    return TRANSITIONS[state, output]


class PeerTransport:
    """One peer's transport.

    given: credentials, certificate, promised fingerprints, role. owned: the two machines and the state. Raises Malformed if no
    fingerprint uses a hash function that we accept.
    """

    def __init__(
        self,
        local: IceCredentials,
        remote: IceCredentials | None,
        certificate: Certificate,
        remote_fingerprints: Sequence[Fingerprint],
        dtls_role: DtlsRole,
    ) -> None:
        self._local = local
        self._ice = IceLite(local, remote)
        self._dtls = Dtls(certificate, remote_fingerprints, dtls_role)
        self._validation = None if remote is None else PathValidation(local, remote)
        self._state = PeerState.NEW
        self.unvalidated_dtls = 0
        """DTLS datagrams dropped because no check has authenticated from their address."""

    @property
    def state(self) -> PeerState:
        """How far it has come."""
        return self._state

    @property
    def selected(self) -> Address | None:
        """Where the peer's packets go."""
        return self._ice.selected

    @property
    def ignored_checks(self) -> Counter[IgnoredCheck]:
        """The STUN datagrams that did not count, by reason."""
        return self._ice.ignored

    def start(self, now: float) -> None:
        """Begin to wait for the peer; it closes as NEVER_CONNECTED if no check comes within the consent time."""
        self._ice.start(now)

    def set_remote(self, remote: IceCredentials) -> None:
        """Tell the peer's credentials once its answer has come."""
        self._ice.set_remote(remote)
        self._validation = PathValidation(self._local, remote)

    def restart_ice(self, local: IceCredentials, remote: IceCredentials | None, now: float) -> list[Output]:
        """Take new credentials. Path and keys stay until the peer nominates with them; then UfragRetired comes."""
        self._local = local
        self._validation = None if remote is None else PathValidation(local, remote)
        return self._from_ice(self._ice.restart(local, remote), now)

    def handle_datagram(self, data: bytes, address: Address, now: float) -> list[Output]:
        """Take a STUN or DTLS datagram from `address`; anything else is the packet path's and is ignored here."""
        if self._state is PeerState.CLOSED:
            return []
        kind = classify(data)
        if kind is Kind.STUN:
            return self._handle_stun(data, address, now)
        if kind is Kind.DTLS and self._ice.is_valid(address):
            return self._from_dtls(self._dtls.handle_datagram(data, now))
        self.unvalidated_dtls += kind is Kind.DTLS
        return []

    def validate_path(self, address: Address, transaction_id: bytes, now: float) -> list[Output]:
        """SRTP of this peer came from `address`, from which no check has: ask it to prove that it is there.

        A PathRetired among the outputs is for an address that was asked before and given up.
        """
        if self._validation is None or self._state is not PeerState.CONNECTED or self._ice.is_valid(address):
            return []
        outputs = self._validation.ask(address, transaction_id, now)
        return [each for each in outputs if isinstance(each, Transmit) or not self._ice.is_valid(each.address)]

    def lose_path(self, address: Address, now: float) -> list[Output]:
        """The connection to `address` has ended. The peer goes on at another of its paths, or may come back by a new one."""
        return [] if self._state is PeerState.CLOSED else self._from_ice(self._ice.lose(address), now)

    def handle_timeout(self, now: float) -> list[Output]:
        """Do what is due."""
        if self._state is PeerState.CLOSED:
            return []
        outputs = self._from_ice(self._ice.handle_timeout(now), now)
        return outputs + self._from_dtls(self._dtls.handle_timeout(now))

    def deadline(self) -> float | None:
        """When `handle_timeout` has something to do, in the unit of `now`; None if never."""
        if self._state is PeerState.CLOSED:
            return None
        deadlines = (self._ice.deadline(), self._dtls.deadline())
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def send_application(self, data: bytes) -> list[Output]:
        """Send an SCTP packet inside DTLS. Misuse unless CONNECTED."""
        return self._from_dtls(self._dtls.send_application(data))

    def close(self, _now: float) -> list[Output]:
        """Say goodbye and end. Nothing if already ended."""
        return self._from_dtls(self._dtls.close())

    def _handle_stun(self, data: bytes, address: Address, now: float) -> list[Output]:
        # Only the answer to a check of ours is taken apart here; it is rare, and everything else is the ICE agent's.
        if stun.is_response(data) and self._validation is not None:
            with suppress(Malformed):
                if self._validation.confirms(stun.parse(data), address):
                    return self._from_ice(self._ice.adopt(address, now), now)
        return self._from_ice(self._ice.handle_datagram(data, address, now), now)

    def _from_ice(self, given: Iterable[IceOutput], now: float) -> list[Output]:
        outputs: list[Output] = []
        for output in given:
            if isinstance(output, ConsentExpired):
                outputs += self._expire(output)
                continue
            outputs.append(output)
            if isinstance(output, PathSelected):
                outputs += self._secure(now)
        return outputs

    def _secure(self, now: float) -> list[Output]:
        self._state = transition(self._state, PathSelected)
        return self._from_dtls(self._dtls.start(now)) if self._dtls.state is DtlsState.NEW else []

    def _expire(self, expired: ConsentExpired) -> list[Output]:
        # Without consent nothing may be sent, the goodbye neither: it is made and dropped.
        self._dtls.close()
        self._state = transition(self._state, Closed)
        return [Closed(CloseReason.CONSENT_EXPIRED if expired.heard else CloseReason.NEVER_CONNECTED)]

    def _from_dtls(self, given: Iterable[DtlsOutput]) -> list[Output]:
        outputs: list[Output] = []
        for output in given:
            if isinstance(output, bytes):
                # Without a path (its connection has ended) it is as if it were lost: DTLS says it again.
                if self._ice.selected is not None:
                    outputs.append(Transmit(output, self._ice.selected))
                continue
            outputs.append(output)
            if isinstance(output, Connected | Closed):
                self._state = transition(self._state, type(output))
        return outputs
