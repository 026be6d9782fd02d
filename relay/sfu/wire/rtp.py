"""RTP packets (RFC 3550 §5.1), header extensions (RFC 8285) and retransmissions (RFC 4588).

The packet path works on bytes in place, compiled; this is its readable twin: for tests, and for what is built rarely.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from relay.errors import Malformed, Misuse

_FIXED: Final = struct.Struct("!BBHII")
_EXTENSION: Final = struct.Struct("!HH")
_OSN: Final = struct.Struct("!H")
ONE_BYTE_PROFILE: Final = 0xBEDE
TWO_BYTE_PROFILE: Final = 0x1000
"""The low four bits are application bits, ignored."""
_STOP_ID: Final = 15
"""In the one-byte form: ignore what follows (RFC 8285 §4.2)."""


@dataclass(frozen=True, slots=True)
class Extension:
    """One header extension element."""

    id: int
    """1…14 in the one-byte form, 1…255 in the two-byte form."""
    value: bytes


@dataclass(frozen=True, slots=True)
class Packet:
    """One RTP packet."""

    payload_type: int
    sequence: int
    """16 bits."""
    timestamp: int
    """32 bits, in units of the payload's clock."""
    ssrc: int
    marker: bool = False
    payload: bytes = b""
    csrcs: tuple[int, ...] = ()
    extensions: tuple[Extension, ...] = ()
    profile_extension: tuple[int, bytes] | None = None
    """(profile, data) of an extension that is not RFC 8285's; excludes `extensions`."""
    padding_bytes: int = 0
    """How much padding follows the payload, its count included."""

    def extension(self, identifier: int) -> bytes | None:
        """The value of the first extension with this id, or None."""
        return next((item.value for item in self.extensions if item.id == identifier), None)

    def serialise(self) -> bytes:
        """The packet; extensions in the one-byte form if all fit it. Misuse if a field does not fit."""
        block = self._extension_block()
        first = 0x80 | bool(self.padding_bytes) << 5 | bool(block) << 4 | len(self.csrcs)
        if len(self.csrcs) > 15 or not 0 <= self.payload_type <= 127 or not 0 <= self.padding_bytes <= 255:
            raise Misuse("an RTP packet has up to 15 CSRCs, a payload type of 7 bits and up to 255 bytes of padding")
        second = self.marker << 7 | self.payload_type
        header = _FIXED.pack(first, second, self.sequence, self.timestamp, self.ssrc)
        csrcs = struct.pack(f"!{len(self.csrcs)}I", *self.csrcs)
        padding = bytes(self.padding_bytes - 1) + bytes((self.padding_bytes,)) if self.padding_bytes else b""
        return header + csrcs + block + self.payload + padding

    def _extension_block(self) -> bytes:
        if self.profile_extension is not None:
            return _push_block(*self.profile_extension)
        if not self.extensions:
            return b""
        if all(1 <= item.id < _STOP_ID and 1 <= len(item.value) <= 16 for item in self.extensions):
            return _push_block(ONE_BYTE_PROFILE, b"".join(map(_push_one_byte, self.extensions)))
        return _push_block(TWO_BYTE_PROFILE, b"".join(map(_push_two_byte, self.extensions)))


def parse(data: bytes | memoryview) -> Packet:
    """The packet in a datagram. Raises Malformed."""
    data = bytes(data)
    if len(data) < _FIXED.size:
        raise Malformed("RTP header is cut short", len(data))
    first, second, sequence, timestamp, ssrc = _FIXED.unpack_from(data)
    if first >> 6 != 2:
        raise Malformed("RTP version is not 2", 0)
    csrc_count = first & 0x0F
    offset = _FIXED.size + 4 * csrc_count
    if offset > len(data):
        raise Malformed("RTP contributing sources are cut short", _FIXED.size)
    extension, offset = _pull_block(data, offset) if first & 0x10 else (None, offset)
    end = len(data) - _padding_bytes(data, offset) if first & 0x20 else len(data)
    elements = _elements(*extension) if extension else None
    return Packet(
        payload_type=second & 0x7F,
        sequence=sequence,
        timestamp=timestamp,
        ssrc=ssrc,
        marker=bool(second & 0x80),
        payload=data[offset:end],
        csrcs=struct.unpack_from(f"!{csrc_count}I", data, _FIXED.size),
        extensions=tuple(elements or ()),
        profile_extension=extension if elements is None else None,
        padding_bytes=len(data) - end,
    )


def to_rtx(packet: Packet, payload_type: int, ssrc: int, sequence: int) -> Packet:
    """`packet` as a retransmission in its own stream: the payload begins with the original sequence number (§4)."""
    payload = _OSN.pack(packet.sequence) + packet.payload
    return replace(packet, payload_type=payload_type, ssrc=ssrc, sequence=sequence, payload=payload)


def from_rtx(packet: Packet, payload_type: int, ssrc: int) -> Packet:
    """The original of a retransmission. Malformed if it holds none (senders probe with empty ones)."""
    if len(packet.payload) < _OSN.size:
        raise Malformed("RTX packet without an original sequence number", len(packet.payload))
    (sequence,) = _OSN.unpack_from(packet.payload)
    payload = packet.payload[_OSN.size :]
    return replace(packet, payload_type=payload_type, ssrc=ssrc, sequence=sequence, payload=payload, padding_bytes=0)


def _padding_bytes(data: bytes, offset: int) -> int:
    padding = data[-1] if len(data) > offset else 0
    if not 1 <= padding <= len(data) - offset:
        raise Malformed("RTP padding count is wrong", len(data) - 1)
    return padding


def _pull_block(data: bytes, offset: int) -> tuple[tuple[int, bytes], int]:
    start = offset + _EXTENSION.size
    if start > len(data):
        raise Malformed("RTP extension header is cut short", offset)
    profile, words = _EXTENSION.unpack_from(data, offset)
    end = start + 4 * words
    if end > len(data):
        raise Malformed("RTP extension overruns the packet", offset)
    return (profile, data[start:end]), end


def _elements(profile: int, data: bytes) -> list[Extension] | None:
    """The elements of an RFC 8285 block, or None if it is some other profile's."""
    if profile == ONE_BYTE_PROFILE:
        return list(_one_byte(data))
    if profile & 0xFFF0 == TWO_BYTE_PROFILE:
        return list(_two_byte(data))
    return None


def _one_byte(data: bytes) -> Iterator[Extension]:
    offset = 0
    while offset < len(data) and (identifier := data[offset] >> 4) != _STOP_ID:
        size = (data[offset] & 0x0F) + 1
        offset += 1
        if identifier == 0:
            continue
        yield Extension(identifier, _value(data, offset, size))
        offset += size


def _two_byte(data: bytes) -> Iterator[Extension]:
    offset = 0
    while offset < len(data):
        identifier = data[offset]
        offset += 1
        if identifier == 0:
            continue
        size = _value(data, offset, 1)[0]
        yield Extension(identifier, _value(data, offset + 1, size))
        offset += 1 + size


def _value(data: bytes, offset: int, size: int) -> bytes:
    if offset + size > len(data):
        raise Malformed("RTP extension element overruns its block", offset)
    return data[offset : offset + size]


def _push_one_byte(item: Extension) -> bytes:
    return bytes((item.id << 4 | len(item.value) - 1,)) + item.value


def _push_two_byte(item: Extension) -> bytes:
    if not 1 <= item.id <= 255 or len(item.value) > 255:
        raise Misuse("a header extension has an id of 1 to 255 and at most 255 bytes")
    return bytes((item.id, len(item.value))) + item.value


def _push_block(profile: int, data: bytes) -> bytes:
    data += bytes(-len(data) % 4)
    return _EXTENSION.pack(profile, len(data) // 4) + data
