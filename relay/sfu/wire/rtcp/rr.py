"""Receiver reports (RFC 3550 §6.4.2)."""

import struct
from dataclasses import dataclass
from typing import ClassVar, Final

from relay.sfu.wire.rtcp.framing import push, require
from relay.sfu.wire.rtcp.report_block import ReportBlock, pull_blocks

_SSRC: Final = struct.Struct("!I")


@dataclass(frozen=True, slots=True)
class ReceiverReport:
    """What a receiver saw of up to 31 sources."""

    PACKET_TYPE: ClassVar[int] = 201

    ssrc: int
    reports: tuple[ReportBlock, ...] = ()

    @classmethod
    def parse(cls, count: int, body: bytes) -> "ReceiverReport":
        """From a packet's count and body. Raises Malformed."""
        require(body, _SSRC.size, "receiver report")
        return cls(_SSRC.unpack_from(body)[0], pull_blocks(body, _SSRC.size, count))

    def serialise(self) -> bytes:
        """The packet."""
        blocks = b"".join(block.serialise() for block in self.reports)
        return push(self.PACKET_TYPE, len(self.reports), _SSRC.pack(self.ssrc) + blocks)
