"""Reception report blocks, carried by SR and RR (RFC 3550 §6.4.1)."""

import struct
from dataclasses import dataclass
from typing import Final

from relay.sfu.wire.rtcp.framing import require

_BLOCK: Final = struct.Struct("!IIIIII")
BLOCK_BYTES: Final = _BLOCK.size


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """What a receiver saw of one source since its last report."""

    ssrc: int
    fraction_lost: int
    """Of 256."""
    cumulative_lost: int
    """24 bits, signed: duplicates make it negative."""
    highest_sequence: int
    """32 bits: cycles and sequence number."""
    jitter: int
    """In units of the RTP clock."""
    last_sr: int
    """Middle 32 bits of the NTP time of the last SR received, 0 if none."""
    delay_since_last_sr: int
    """In units of 1/65536 s."""

    @classmethod
    def parse(cls, data: bytes, offset: int) -> "ReportBlock":
        """The block at `offset`, which the caller has checked to be there."""
        ssrc, lost, highest, jitter, last_sr, delay = _BLOCK.unpack_from(data, offset)
        cumulative = lost & 0xFFFFFF
        return cls(ssrc, lost >> 24, cumulative - ((cumulative & 0x800000) << 1), highest, jitter, last_sr, delay)

    def serialise(self) -> bytes:
        """24 bytes; the cumulative loss is clamped to what 24 bits hold (RFC 3550 A.3)."""
        cumulative = max(-0x800000, min(self.cumulative_lost, 0x7FFFFF)) & 0xFFFFFF
        lost = self.fraction_lost << 24 | cumulative
        return _BLOCK.pack(self.ssrc, lost, self.highest_sequence, self.jitter, self.last_sr, self.delay_since_last_sr)


def pull_blocks(body: bytes, offset: int, count: int) -> tuple[ReportBlock, ...]:
    """`count` blocks from `offset`; what follows them is a profile's extension and is ignored. Raises Malformed."""
    require(body, offset + count * BLOCK_BYTES, "report block")
    return tuple(ReportBlock.parse(body, offset + index * BLOCK_BYTES) for index in range(count))
