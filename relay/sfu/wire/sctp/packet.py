"""SCTP packets: the common header and the chunks behind it (RFC 9260 §3)."""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from relay.errors import Malformed
from relay.sfu.wire.sctp.crc32c import crc32c

HEADER_BYTES: Final = 12
CHUNK_HEADER_BYTES: Final = 4

_HEADER: Final = struct.Struct("!HHI")
_CHUNK: Final = struct.Struct("!BBH")


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk, not yet understood. `body` is without padding."""

    kind: int
    flags: int
    body: bytes

    @property
    def size(self) -> int:
        """Bytes on the wire, with header and padding."""
        return CHUNK_HEADER_BYTES + len(self.body) + _padding(len(self.body))


@dataclass(frozen=True, slots=True)
class Packet:
    """One SCTP packet. A `tag` of 0 belongs to INIT alone."""

    source_port: int
    destination_port: int
    tag: int
    chunks: tuple[Chunk, ...]

    def serialise(self) -> bytes:
        """The bytes, with their checksum."""
        header = _HEADER.pack(self.source_port, self.destination_port, self.tag)
        body = b"".join(map(_serialise, self.chunks))
        checksum = crc32c(header + bytes(4) + body)
        return header + checksum.to_bytes(4, "little") + body


def parse(data: bytes) -> Packet:
    """A packet from bytes. Raises `Malformed` when it is cut short, or a chunk overruns it.

    The checksum is not looked at: DTLS has authenticated every byte (RFC 9653 lets two peers agree on sending none).
    """
    if len(data) < HEADER_BYTES + CHUNK_HEADER_BYTES:
        raise Malformed("SCTP packet without a chunk", len(data))
    source, destination, tag = _HEADER.unpack_from(data)
    return Packet(source, destination, tag, tuple(_chunks(data)))


def parameters(body: bytes, offset: int) -> Iterator[tuple[int, bytes]]:
    """The type-length-value parameters of a chunk's body from `offset` on (RFC 9260 §3.2.1). Raises `Malformed`."""
    while offset < len(body):
        if len(body) - offset < 4:
            raise Malformed("SCTP parameter is cut short", offset)
        kind, length = struct.unpack_from("!HH", body, offset)
        if length < 4 or offset + length > len(body):
            raise Malformed("SCTP parameter overruns its chunk", offset)
        yield kind, body[offset + 4 : offset + length]
        offset += length + _padding(length)


def serialise_parameters(items: Iterable[tuple[int, bytes]]) -> bytes:
    """Parameters one after the other; the last one is not padded, its chunk is."""
    parts = [struct.pack("!HH", kind, 4 + len(value)) + value for kind, value in items]
    return b"".join(part + bytes(_padding(len(part))) for part in parts[:-1]) + b"".join(parts[-1:])


def _chunks(data: bytes) -> Iterator[Chunk]:
    offset = HEADER_BYTES
    while offset < len(data):
        if len(data) - offset < CHUNK_HEADER_BYTES:
            raise Malformed("SCTP chunk is cut short", offset)
        kind, flags, length = _CHUNK.unpack_from(data, offset)
        if length < CHUNK_HEADER_BYTES or offset + length > len(data):
            raise Malformed("SCTP chunk overruns the packet", offset)
        yield Chunk(kind, flags, data[offset + CHUNK_HEADER_BYTES : offset + length])
        offset += length + _padding(length)


def _serialise(chunk: Chunk) -> bytes:
    length = CHUNK_HEADER_BYTES + len(chunk.body)
    return _CHUNK.pack(chunk.kind, chunk.flags, length) + chunk.body + bytes(_padding(length))


def _padding(length: int) -> int:
    return -length % 4
