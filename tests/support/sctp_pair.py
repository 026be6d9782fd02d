"""Two SCTP associations back to back on a virtual network.

pair = SctpPair(Network(Conditions(loss=0.1), seed=42))
pair.send(OutboundMessage(1, 51, b"hello"))
pair.run(10.0)
assert pair.messages(pair.right) == [...]
"""

import random
from typing import TypeVar

from relay.sfu.transport.sctp import Association, Message, SctpLimits
from relay.sfu.transport.sctp.outbound import OutboundMessage
from relay.sfu.transport.sctp.outputs import AssociationOutput
from tests.support.network import Datagram, Link, Network

_OutputT = TypeVar("_OutputT")


class Side:
    """One association, and what it has told."""

    def __init__(self, name: str, link: Link, limits: SctpLimits, seed: int) -> None:
        self.address = (name, 1)
        self.link = link
        """Towards the other side."""
        self.association = Association(limits, random.Random(seed).randbytes)
        self.outputs: list[AssociationOutput] = []

    def of(self, kind: type[_OutputT]) -> list[_OutputT]:
        """The outputs of one type so far."""
        return [output for output in self.outputs if isinstance(output, kind)]

    def take(self, outputs: list[AssociationOutput] | None, now: float) -> None:
        """Send packets, note the rest."""
        for output in outputs or ():
            if isinstance(output, bytes):
                self.link.send(Datagram(output, self.address, self.address), now)
            else:
                self.outputs.append(output)


class SctpPair:
    """Left speaks first; with `both`, right does too."""

    def __init__(
        self, network: Network | None = None, limits: SctpLimits | None = None, *, seed: int = 1, both: bool = False
    ) -> None:
        self.network = network or Network()
        self.now = 0.0
        limits = limits or SctpLimits()
        self.left = Side("left", self.network.forward, limits, seed)
        self.right = Side("right", self.network.back, limits, seed + 1)
        self.left.take(self.left.association.connect(0.0), 0.0)
        if both:
            self.right.take(self.right.association.connect(0.0), 0.0)

    def send(self, message: OutboundMessage, side: Side | None = None) -> bool:
        """Whether there was room for it."""
        sender = side or self.left
        outputs = sender.association.send(message, self.now)
        sender.take(outputs, self.now)
        return outputs is not None

    def run(self, seconds: float) -> None:
        """Let `seconds` of virtual time pass."""
        until = self.now + seconds
        while self.now < until:
            self._step()
            times = [side.association.deadline() for side in (self.left, self.right)]
            times += [link.deadline() for link in self.network.links]
            upcoming = min((time for time in times if time is not None), default=until)
            self.now = min(max(self.now + 1e-6, upcoming), until)

    def _step(self) -> None:
        for sender, receiver in ((self.left, self.right), (self.right, self.left)):
            for datagram in sender.link.arrivals(self.now):
                receiver.take(receiver.association.handle_packet(datagram.data, self.now), self.now)
        for side in (self.left, self.right):
            deadline = side.association.deadline()
            if deadline is not None and deadline <= self.now:
                side.take(side.association.handle_timeout(self.now), self.now)


def payloads(side: Side, stream: int | None = None) -> list[bytes]:
    """What a side was told, of one stream or of all."""
    return [message.payload for message in side.of(Message) if stream in (None, message.stream)]
