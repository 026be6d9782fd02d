"""Source descriptions (RFC 3550 §6.5); of the items WebRTC needs CNAME, MID and RID (RFC 9143, RFC 8852)."""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Final

from relay.errors import Malformed, Misuse
from relay.sfu.wire.rtcp.framing import push

_SSRC: Final = struct.Struct("!I")


class ItemType(IntEnum):
    """The registered item types that relay names; others are kept as numbers."""

    CNAME = 1
    RTP_STREAM_ID = 12
    REPAIRED_RTP_STREAM_ID = 13
    MID = 15


@dataclass(frozen=True, slots=True)
class Item:
    """One item; `text` is UTF-8 by the RFC, but kept as the bytes that came."""

    type: int
    text: bytes


@dataclass(frozen=True, slots=True)
class Chunk:
    """The items of one source."""

    ssrc: int
    items: tuple[Item, ...] = ()

    def serialise(self) -> bytes:
        """The chunk, ended and padded with zeros to a whole word."""
        parts = [_SSRC.pack(self.ssrc)]
        for item in self.items:
            if not 1 <= item.type <= 255 or len(item.text) > 255:
                raise Misuse("an SDES item has a type of 1 to 255 and at most 255 bytes")
            parts.append(bytes((item.type, len(item.text))) + item.text)
        data = b"".join(parts)
        return data + bytes(4 - len(data) % 4)


@dataclass(frozen=True, slots=True)
class SourceDescription:
    """Names of sources."""

    PACKET_TYPE: ClassVar[int] = 202

    chunks: tuple[Chunk, ...] = ()

    @classmethod
    def parse(cls, count: int, body: bytes) -> "SourceDescription":
        """From a packet's count and body. Raises Malformed."""
        chunks = []
        offset = 0
        for _ in range(count):
            chunk, offset = _pull_chunk(body, offset)
            chunks.append(chunk)
        return cls(tuple(chunks))

    def serialise(self) -> bytes:
        """The packet."""
        return push(self.PACKET_TYPE, len(self.chunks), b"".join(chunk.serialise() for chunk in self.chunks))


def _pull_chunk(body: bytes, offset: int) -> tuple[Chunk, int]:
    if len(body) - offset < 8:
        raise Malformed("SDES chunk is cut short", offset)
    (ssrc,) = _SSRC.unpack_from(body, offset)
    offset += _SSRC.size
    items = []
    while body[offset]:
        item, offset = _pull_item(body, offset)
        items.append(item)
    return Chunk(ssrc, tuple(items)), (offset | 3) + 1


def _pull_item(body: bytes, offset: int) -> tuple[Item, int]:
    # An item is followed by another or by the zero that ends the chunk, so one more byte must be there.
    end = offset + 2 + (body[offset + 1] if offset + 1 < len(body) else 0)
    if end >= len(body):
        raise Malformed("SDES item overruns its chunk", offset)
    return Item(body[offset], body[offset + 2 : end]), end
