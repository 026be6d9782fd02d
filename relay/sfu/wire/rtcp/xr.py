"""Extended reports (RFC 3611): the two blocks that give a receiver its round-trip time, others kept as they came."""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Final, TypeAlias

from relay.errors import Malformed, Misuse
from relay.sfu.wire.rtcp.framing import push, require

_SSRC: Final = struct.Struct("!I")
_BLOCK: Final = struct.Struct("!BBH")
_NTP: Final = struct.Struct("!Q")
_DELAY: Final = struct.Struct("!III")


@dataclass(frozen=True, slots=True)
class ReceiverReferenceTime:
    """RRTR (§4.4): the receiver's wall clock as it sent this; ask for a DLRR."""

    TYPE: ClassVar[int] = 4

    ntp: int

    @classmethod
    def parse(cls, _specific: int, body: bytes) -> "ReceiverReferenceTime":
        """From a block's body. Raises Malformed."""
        require(body, _NTP.size, "RRTR")
        return cls(_NTP.unpack_from(body)[0])

    def serialise(self) -> bytes:
        """The block."""
        return _push_block(self.TYPE, 0, _NTP.pack(self.ntp))


@dataclass(frozen=True, slots=True)
class LastReceiverReport:
    """One receiver's part of a DLRR."""

    ssrc: int
    last_rr: int
    """Middle 32 bits of the NTP time of its last RRTR."""
    delay_since_last_rr: int
    """In units of 1/65536 s."""


@dataclass(frozen=True, slots=True)
class Dlrr:
    """DLRR (§4.5): the answer to RRTR blocks."""

    TYPE: ClassVar[int] = 5

    reports: tuple[LastReceiverReport, ...]

    @classmethod
    def parse(cls, _specific: int, body: bytes) -> "Dlrr":
        """From a block's body. Raises Malformed."""
        if len(body) % _DELAY.size:
            raise Malformed("DLRR is not a list of reports", len(body))
        return cls(tuple(LastReceiverReport(*fields) for fields in _DELAY.iter_unpack(body)))

    def serialise(self) -> bytes:
        """The block."""
        reports = (_DELAY.pack(report.ssrc, report.last_rr, report.delay_since_last_rr) for report in self.reports)
        return _push_block(self.TYPE, 0, b"".join(reports))


@dataclass(frozen=True, slots=True)
class UnknownBlock:
    """A block of another type."""

    type: int
    specific: int
    body: bytes

    def serialise(self) -> bytes:
        """The block."""
        return _push_block(self.type, self.specific, self.body)


Block: TypeAlias = ReceiverReferenceTime | Dlrr | UnknownBlock

_PARSERS: Final[dict[int, Callable[[int, bytes], Block]]] = {
    ReceiverReferenceTime.TYPE: ReceiverReferenceTime.parse,
    Dlrr.TYPE: Dlrr.parse,
}


@dataclass(frozen=True, slots=True)
class ExtendedReport:
    """Extended report blocks of one sender."""

    PACKET_TYPE: ClassVar[int] = 207

    ssrc: int
    blocks: tuple[Block, ...] = ()

    @classmethod
    def parse(cls, _count: int, body: bytes) -> "ExtendedReport":
        """From a packet's body. Raises Malformed."""
        require(body, _SSRC.size, "XR")
        return cls(_SSRC.unpack_from(body)[0], tuple(_pull_blocks(body, _SSRC.size)))

    def serialise(self) -> bytes:
        """The packet."""
        blocks = b"".join(block.serialise() for block in self.blocks)
        return push(self.PACKET_TYPE, 0, _SSRC.pack(self.ssrc) + blocks)


def _pull_blocks(body: bytes, offset: int) -> Iterator[Block]:
    while offset < len(body):
        require(body, offset + _BLOCK.size, "XR block header")
        block_type, specific, words = _BLOCK.unpack_from(body, offset)
        start = offset + _BLOCK.size
        offset = start + 4 * words
        if offset > len(body):
            raise Malformed("XR block overruns the packet", start)
        yield _block(block_type, specific, body[start:offset])


def _block(block_type: int, specific: int, body: bytes) -> Block:
    parse = _PARSERS.get(block_type)
    return parse(specific, body) if parse else UnknownBlock(block_type, specific, body)


def _push_block(block_type: int, specific: int, body: bytes) -> bytes:
    if len(body) % 4:
        raise Misuse("an XR block holds whole words")
    return _BLOCK.pack(block_type, specific, len(body) // 4) + body
