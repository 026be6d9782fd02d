"""Two transport peers back to back on a virtual network. Milliseconds of real time, any amount of virtual.

    pair = PeerPair(Network(Conditions(loss=0.1), seed=42))
    pair.run(10.0)
    assert pair.left.transport.state is PeerState.CONNECTED

Each side is a `PeerTransport` (ICE-lite, as in the product) beside a `CheckSender` (the other half of ICE, which only a
full agent has).
"""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from relay.sfu.transport import (
    Certificate,
    DtlsRole,
    IceCredentials,
    Kind,
    Output,
    PeerTransport,
    Transmit,
    classify,
)
from relay.sfu.wire import stun
from tests.support.checks import CheckSender, Nominates
from tests.support.network import Address, Datagram, Link, Network

_OutputT = TypeVar("_OutputT")

LEFT_CERTIFICATE = Certificate.generate(1_700_000_000.0)
RIGHT_CERTIFICATE = Certificate.generate(1_700_000_000.0)


def credentials(seed: int) -> IceCredentials:
    """Credentials that differ by `seed`."""
    return IceCredentials.from_entropy(seed.to_bytes(24, "little"))


class Endpoint:
    """One side: where it is, its machines, and what they have said so far."""

    def __init__(self, address: Address, transport: PeerTransport, checks: CheckSender) -> None:
        self.address = address
        self.transport = transport
        self.checks = checks
        self.outputs: list[tuple[float, Output]] = []
        """All but Transmit, with the time."""

    def of(self, kind: type[_OutputT]) -> list[_OutputT]:
        """The outputs of one type so far."""
        return [output for _, output in self.outputs if isinstance(output, kind)]

    def time_of(self, kind: type[Output]) -> float:
        """When the first output of this type came."""
        return next(time for time, output in self.outputs if isinstance(output, kind))

    def take(self, outputs: Iterable[Output], now: float) -> Iterator[tuple[bytes, Address]]:
        """Note the outputs; give what is to be sent."""
        for output in outputs:
            if isinstance(output, Transmit):
                yield output.data, output.address
            else:
                self.outputs.append((now, output))


class PeerPair:
    """Left (DTLS client) and right (DTLS server)."""

    def __init__(self, network: Network | None = None, *, nominates: Nominates = Nominates.ALWAYS) -> None:
        self.network = network or Network()
        self.now = 0.0
        ours, theirs = credentials(1), credentials(2)
        left = PeerTransport(ours, theirs, LEFT_CERTIFICATE, [RIGHT_CERTIFICATE.fingerprint], DtlsRole.CLIENT)
        right = PeerTransport(theirs, ours, RIGHT_CERTIFICATE, [LEFT_CERTIFICATE.fingerprint], DtlsRole.SERVER)
        self.left = Endpoint(("192.0.2.1", 1111), left, CheckSender(ours, theirs, nominates=nominates))
        self.right = Endpoint(("198.51.100.2", 2222), right, CheckSender(theirs, ours, nominates=nominates))
        for endpoint in self._endpoints:
            endpoint.transport.start(0.0)

    def run(self, seconds: float) -> None:
        """Let `seconds` of virtual time pass."""
        until = self.now + seconds
        while True:
            self._step()
            upcoming = [deadline for deadline in self._deadlines() if deadline is not None]
            self.now = max(self.now, min([*upcoming, until]))
            if self.now >= until:
                self._step()
                return

    def send(self, endpoint: Endpoint, outputs: Iterable[Output]) -> None:
        """Carry out what a direct call on an endpoint's transport has returned."""
        for data, address in endpoint.take(outputs, self.now):
            self._link_from(endpoint).send(Datagram(data, endpoint.address, address), self.now)

    @property
    def _endpoints(self) -> tuple[Endpoint, Endpoint]:
        return self.left, self.right

    def _link_from(self, endpoint: Endpoint) -> Link:
        return self.network.forward if endpoint is self.left else self.network.back

    def _deadlines(self) -> Iterator[float | None]:
        for endpoint in self._endpoints:
            yield endpoint.transport.deadline()
            yield endpoint.checks.deadline()
        for link in self.network.links:
            yield link.deadline()

    def _step(self) -> None:
        for link in self.network.links:
            for datagram in link.arrivals(self.now):
                self._deliver(datagram)
        for endpoint, other in ((self.left, self.right), (self.right, self.left)):
            self.send(endpoint, endpoint.transport.handle_timeout(self.now))
            for check in endpoint.checks.handle_timeout(self.now):
                self._link_from(endpoint).send(Datagram(check, endpoint.address, other.address), self.now)

    def _deliver(self, datagram: Datagram) -> None:
        """To whoever is at the destination; nobody if they have moved."""
        for endpoint in self._endpoints:
            if endpoint.address == datagram.destination:
                if _is_answer(datagram.data):
                    endpoint.checks.handle_answer(datagram.data)
                else:
                    self.send(endpoint, endpoint.transport.handle_datagram(datagram.data, datagram.source, self.now))


def _is_answer(data: bytes) -> bool:
    return classify(data) is Kind.STUN and stun.parse(data).cls is not stun.MessageClass.REQUEST
