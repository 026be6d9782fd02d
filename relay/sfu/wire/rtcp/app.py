"""Application-defined packets (RFC 3550 §6.7), passed through."""

import struct
from dataclasses import dataclass
from typing import ClassVar, Final

from relay.errors import Malformed, Misuse
from relay.sfu.wire.rtcp.framing import push, require

_HEAD: Final = struct.Struct("!I4s")


@dataclass(frozen=True, slots=True)
class App:
    """An application's own message."""

    PACKET_TYPE: ClassVar[int] = 204

    subtype: int
    ssrc: int
    name: bytes
    """Four bytes of ASCII."""
    data: bytes = b""
    """Whole words."""

    @classmethod
    def parse(cls, count: int, body: bytes) -> "App":
        """From a packet's subtype and body. Raises Malformed."""
        require(body, _HEAD.size, "APP")
        if len(body) % 4:
            raise Malformed("APP data is not whole words", len(body))
        ssrc, name = _HEAD.unpack_from(body)
        return cls(count, ssrc, name, body[_HEAD.size :])

    def serialise(self) -> bytes:
        """The packet."""
        if len(self.name) != 4:
            raise Misuse("the name of an APP packet has four bytes")
        return push(self.PACKET_TYPE, self.subtype, _HEAD.pack(self.ssrc, self.name) + self.data)
