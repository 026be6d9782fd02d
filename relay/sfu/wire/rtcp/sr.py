"""Sender reports (RFC 3550 §6.4.1)."""

import struct
from dataclasses import dataclass
from typing import ClassVar, Final

from relay.sfu.wire.rtcp.framing import push, require
from relay.sfu.wire.rtcp.report_block import ReportBlock, pull_blocks

_SENDER: Final = struct.Struct("!IQIII")


@dataclass(frozen=True, slots=True)
class SenderReport:
    """Ties a source's RTP clock to wall time, and tells what it sent."""

    PACKET_TYPE: ClassVar[int] = 200

    ssrc: int
    ntp: int
    """64 bits, RFC 5905: seconds since 1900 and their fraction."""
    rtp_timestamp: int
    packet_count: int
    octet_count: int
    reports: tuple[ReportBlock, ...] = ()

    @property
    def compact_ntp(self) -> int:
        """The middle 32 bits, as a receiver returns them in `last_sr`."""
        return self.ntp >> 16 & 0xFFFFFFFF

    @classmethod
    def parse(cls, count: int, body: bytes) -> "SenderReport":
        """From a packet's count and body. Raises Malformed."""
        require(body, _SENDER.size, "sender report")
        ssrc, ntp, rtp_timestamp, packets, octets = _SENDER.unpack_from(body)
        return cls(ssrc, ntp, rtp_timestamp, packets, octets, pull_blocks(body, _SENDER.size, count))

    def serialise(self) -> bytes:
        """The packet."""
        sender = _SENDER.pack(self.ssrc, self.ntp, self.rtp_timestamp, self.packet_count, self.octet_count)
        blocks = b"".join(block.serialise() for block in self.reports)
        return push(self.PACKET_TYPE, len(self.reports), sender + blocks)
