"""Packets of a type or feedback format that relay has no class for, kept as they came."""

from dataclasses import dataclass

from relay.sfu.wire.rtcp.framing import push


@dataclass(frozen=True, slots=True)
class Unknown:
    """Any packet."""

    packet_type: int
    count: int
    body: bytes

    def serialise(self) -> bytes:
        """The packet; padded where its padding had been taken off."""
        return push(self.packet_type, self.count, self.body, padded=True)
