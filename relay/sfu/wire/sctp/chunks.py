"""The chunks that a data channel's association understands: RFC 9260 §3.3, RFC 3758 §3.2 (FORWARD-TSN)."""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Final

from relay.errors import Malformed
from relay.sfu.wire.sctp.packet import Chunk, parameters, serialise_parameters

DATA_HEADER_BYTES: Final = 16
"""Of a DATA chunk, chunk header included."""

_UNORDERED: Final = 4
_FIRST: Final = 2
_LAST: Final = 1
_IMMEDIATE: Final = 8

_STATE_COOKIE: Final = 7
_SUPPORTED_EXTENSIONS: Final = 0x8008
_FORWARD_TSN_SUPPORTED: Final = 0xC000


class ChunkKind(IntEnum):
    """Chunk types (IANA "SCTP Chunk Types")."""

    DATA = 0
    INIT = 1
    INIT_ACK = 2
    SACK = 3
    HEARTBEAT = 4
    HEARTBEAT_ACK = 5
    ABORT = 6
    SHUTDOWN = 7
    SHUTDOWN_ACK = 8
    ERROR = 9
    COOKIE_ECHO = 10
    COOKIE_ACK = 11
    SHUTDOWN_COMPLETE = 14
    RE_CONFIG = 130
    FORWARD_TSN = 192


@dataclass(frozen=True, slots=True)
class Data:
    """A message, or a fragment of one (§3.3.1)."""

    _LAYOUT: ClassVar[struct.Struct] = struct.Struct("!IHHI")

    tsn: int
    stream: int
    sequence: int
    """Of the message in its stream; means nothing when unordered."""
    protocol: int
    payload: bytes
    unordered: bool = False
    first: bool = True
    last: bool = True
    immediate: bool = False
    """The sender asks for an acknowledgement at once (RFC 7053)."""

    @classmethod
    def parse(cls, chunk: Chunk) -> "Data":
        """Raises `Malformed`; a DATA chunk without user data is against §3.3.1."""
        if len(chunk.body) <= cls._LAYOUT.size:
            raise Malformed("DATA without user data")
        tsn, stream, sequence, protocol = cls._LAYOUT.unpack_from(chunk.body)
        unordered, first, last, immediate = (bool(chunk.flags & bit) for bit in (_UNORDERED, _FIRST, _LAST, _IMMEDIATE))
        payload = chunk.body[cls._LAYOUT.size :]
        return cls(tsn, stream, sequence, protocol, payload, unordered, first, last, immediate)

    def chunk(self) -> Chunk:
        """For the wire."""
        flags = _UNORDERED * self.unordered | _FIRST * self.first | _LAST * self.last | _IMMEDIATE * self.immediate
        header = self._LAYOUT.pack(self.tsn, self.stream, self.sequence, self.protocol)
        return Chunk(ChunkKind.DATA, flags, header + self.payload)


@dataclass(frozen=True, slots=True)
class Init:
    """INIT, and INIT ACK with a cookie (§3.3.2, §3.3.3)."""

    _LAYOUT: ClassVar[struct.Struct] = struct.Struct("!IIHHI")

    tag: int
    window: int
    outbound_streams: int
    inbound_streams: int
    tsn: int
    cookie: bytes = b""
    forward_tsn: bool = True
    extensions: bytes = bytes((ChunkKind.RE_CONFIG, ChunkKind.FORWARD_TSN))

    @classmethod
    def parse(cls, chunk: Chunk) -> "Init":
        """Raises `Malformed`, for a tag or stream counts of 0 too."""
        if len(chunk.body) < cls._LAYOUT.size:
            raise Malformed("INIT is cut short")
        tag, window, outbound, inbound, tsn = cls._LAYOUT.unpack_from(chunk.body)
        if not tag or not outbound or not inbound:
            raise Malformed("INIT with a tag or number of streams of 0")
        given = dict(parameters(chunk.body, cls._LAYOUT.size))
        extensions = given.get(_SUPPORTED_EXTENSIONS, b"")
        forwards = _FORWARD_TSN_SUPPORTED in given or ChunkKind.FORWARD_TSN in extensions
        return cls(tag, window, outbound, inbound, tsn, given.get(_STATE_COOKIE, b""), forwards, extensions)

    def chunk(self, kind: ChunkKind) -> Chunk:
        """For the wire, as INIT or INIT ACK."""
        fixed = self._LAYOUT.pack(self.tag, self.window, self.outbound_streams, self.inbound_streams, self.tsn)
        items = [(_SUPPORTED_EXTENSIONS, self.extensions)]
        if self.forward_tsn:
            items.append((_FORWARD_TSN_SUPPORTED, b""))
        if self.cookie:
            items.append((_STATE_COOKIE, self.cookie))
        return Chunk(kind, 0, fixed + serialise_parameters(items))


@dataclass(frozen=True, slots=True)
class Sack:
    """What has arrived (§3.3.4). `gaps` are offsets from `cumulative`, first and last of each run."""

    _LAYOUT: ClassVar[struct.Struct] = struct.Struct("!IIHH")

    cumulative: int
    window: int
    gaps: tuple[tuple[int, int], ...] = ()
    duplicates: tuple[int, ...] = ()

    @classmethod
    def parse(cls, chunk: Chunk) -> "Sack":
        """Raises `Malformed`."""
        if len(chunk.body) < cls._LAYOUT.size:
            raise Malformed("SACK is cut short")
        cumulative, window, gaps, duplicates = cls._LAYOUT.unpack_from(chunk.body)
        if len(chunk.body) < cls._LAYOUT.size + 4 * (gaps + duplicates):
            raise Malformed("SACK is shorter than its blocks")
        words = struct.unpack_from(f"!{2 * gaps}H{duplicates}I", chunk.body, cls._LAYOUT.size)
        blocks = tuple(zip(words[0 : 2 * gaps : 2], words[1 : 2 * gaps : 2], strict=True))
        return cls(cumulative, window, blocks, words[2 * gaps :])

    def chunk(self) -> Chunk:
        """For the wire."""
        fixed = self._LAYOUT.pack(self.cumulative, self.window, len(self.gaps), len(self.duplicates))
        words = [edge for block in self.gaps for edge in block]
        return Chunk(
            ChunkKind.SACK,
            0,
            fixed + struct.pack(f"!{len(words)}H", *words) + struct.pack(f"!{len(self.duplicates)}I", *self.duplicates),
        )


@dataclass(frozen=True, slots=True)
class ForwardTsn:
    """The sender gives up everything up to `cumulative`; of ordered streams, messages up to these (RFC 3758 §3.2)."""

    cumulative: int
    skipped: tuple[tuple[int, int], ...] = ()
    """(stream, sequence), one for each ordered stream."""

    @classmethod
    def parse(cls, chunk: Chunk) -> "ForwardTsn":
        """Raises `Malformed`."""
        if len(chunk.body) < 4 or len(chunk.body) % 4:
            raise Malformed("FORWARD-TSN has no whole number of entries")
        (cumulative,) = struct.unpack_from("!I", chunk.body)
        return cls(cumulative, tuple(struct.iter_unpack("!HH", chunk.body[4:])))

    def chunk(self) -> Chunk:
        """For the wire."""
        pairs = b"".join(struct.pack("!HH", *pair) for pair in self.skipped)
        return Chunk(ChunkKind.FORWARD_TSN, 0, struct.pack("!I", self.cumulative) + pairs)
