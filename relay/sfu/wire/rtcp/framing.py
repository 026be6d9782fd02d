"""The header every RTCP packet begins with (RFC 3550 §6.4.1): version, padding, count, type, length."""

import struct
from dataclasses import dataclass
from typing import Final, Protocol

from relay.errors import Malformed, Misuse

_HEADER: Final = struct.Struct("!BBH")
_MAX_BODY_BYTES: Final = 0xFFFF * 4


class Packet(Protocol):
    """Any RTCP packet."""

    def serialise(self) -> bytes:
        """The packet with its header, a whole number of 32-bit words."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One packet with its header taken apart."""

    packet_type: int
    count: int
    """Five bits: a count, a subtype, or a feedback message type."""
    body: bytes
    """What follows the header, padding removed."""


def pull(data: bytes, offset: int) -> tuple[Frame, int]:
    """The packet at `offset` and the offset behind it. Raises Malformed (RFC 3550 A.2)."""
    if len(data) - offset < _HEADER.size:
        raise Malformed("RTCP header is cut short", offset)
    first, packet_type, words = _HEADER.unpack_from(data, offset)
    end = offset + _HEADER.size + 4 * words
    if first >> 6 != 2:
        raise Malformed("RTCP version is not 2", offset)
    if end > len(data):
        raise Malformed("RTCP length overruns the datagram", offset + 2)
    body = data[offset + _HEADER.size : end]
    if first & 0x20:
        body = _without_padding(body, offset)
    return Frame(packet_type, first & 0x1F, body), end


def _without_padding(body: bytes, offset: int) -> bytes:
    # Browsers pad transport-wide feedback to a word by 1 to 3 bytes and say so here, in any packet of a compound, though
    # RFC 3550 wants multiples of four and only at the end.
    padding = body[-1] if body else 0
    if padding == 0 or padding > len(body):
        raise Malformed("RTCP padding count is wrong", offset)
    return body[:-padding]


def push(packet_type: int, count: int, body: bytes, *, padded: bool = False) -> bytes:
    """A packet around `body`, which must be whole words (`padded`: is made so). Misuse if a field does not fit."""
    padding = -len(body) % 4 if padded else 0
    if padding:
        body += bytes(padding - 1) + bytes([padding])
    if len(body) % 4 or len(body) > _MAX_BODY_BYTES or not 0 <= count <= 31:
        raise Misuse(f"no RTCP packet of type {packet_type} holds {count} items in {len(body)} bytes")
    return _HEADER.pack(0x80 | (0x20 if padding else 0) | count, packet_type, len(body) // 4) + body


def require(body: bytes, size: int, what: str) -> None:
    """Malformed naming `what` unless `body` has at least `size` bytes."""
    if len(body) < size:
        raise Malformed(f"{what} is cut short", len(body))
