"""Goodbye (RFC 3550 §6.6)."""

import struct
from dataclasses import dataclass
from typing import ClassVar

from relay.errors import Malformed, Misuse
from relay.sfu.wire.rtcp.framing import push, require


@dataclass(frozen=True, slots=True)
class Goodbye:
    """These sources have left."""

    PACKET_TYPE: ClassVar[int] = 203

    ssrcs: tuple[int, ...]
    reason: bytes = b""
    """UTF-8 by the RFC, but kept as the bytes that came; at most 255."""

    @classmethod
    def parse(cls, count: int, body: bytes) -> "Goodbye":
        """From a packet's count and body. Raises Malformed."""
        require(body, 4 * count, "BYE")
        ssrcs = struct.unpack_from(f"!{count}I", body)
        rest = body[4 * count :]
        if rest and rest[0] > len(rest) - 1:
            raise Malformed("BYE reason overruns the packet", 4 * count)
        return cls(ssrcs, rest[1 : 1 + rest[0]] if rest else b"")

    def serialise(self) -> bytes:
        """The packet."""
        if len(self.reason) > 255:
            raise Misuse("a BYE reason has at most 255 bytes")
        reason = bytes((len(self.reason),)) + self.reason if self.reason else b""
        body = struct.pack(f"!{len(self.ssrcs)}I", *self.ssrcs) + reason
        return push(self.PACKET_TYPE, len(self.ssrcs), body + bytes(-len(body) % 4))
