"""Receiver estimated maximum bitrate (draft-alvestrand-rmcat-remb-03)."""

import struct
from dataclasses import dataclass
from typing import ClassVar, Final

from relay.errors import Malformed, Misuse
from relay.sfu.wire.rtcp import feedback
from relay.sfu.wire.rtcp.framing import push, require

_IDENTIFIER: Final = b"REMB"
_ESTIMATE: Final = struct.Struct("!4sI")
_MANTISSA_BITS: Final = 18


@dataclass(frozen=True, slots=True)
class Remb:
    """The receiver believes that these sources together may send this much."""

    PACKET_TYPE: ClassVar[int] = feedback.PAYLOAD_SPECIFIC
    FORMAT: ClassVar[int] = 15

    sender_ssrc: int
    bitrate_bps: int
    ssrcs: tuple[int, ...] = ()

    @classmethod
    def matches(cls, body: bytes) -> bool:
        """Whether an application-layer feedback message is a REMB."""
        return body[8:12] == _IDENTIFIER

    @classmethod
    def parse(cls, _count: int, body: bytes) -> "Remb":
        """From a packet's body. Raises Malformed."""
        sender_ssrc, _, fci = feedback.pull_ssrcs(body, "REMB")
        require(fci, _ESTIMATE.size, "REMB")
        identifier, estimate = _ESTIMATE.unpack_from(fci)
        count = estimate >> 24
        if identifier != _IDENTIFIER or len(fci) != _ESTIMATE.size + 4 * count:
            raise Malformed("REMB does not hold the sources that it counts", len(body))
        bitrate_bps = (estimate & 0x3FFFF) << (estimate >> _MANTISSA_BITS & 0x3F)
        return cls(sender_ssrc, bitrate_bps, struct.unpack_from(f"!{count}I", fci, _ESTIMATE.size))

    def serialise(self) -> bytes:
        """The packet; the bitrate is rounded down to 18 significant bits."""
        exponent = max(0, self.bitrate_bps.bit_length() - _MANTISSA_BITS)
        if exponent > 63 or len(self.ssrcs) > 255:
            raise Misuse("REMB holds 81-bit rates and 255 sources")
        estimate = len(self.ssrcs) << 24 | exponent << _MANTISSA_BITS | self.bitrate_bps >> exponent
        fci = _ESTIMATE.pack(_IDENTIFIER, estimate) + struct.pack(f"!{len(self.ssrcs)}I", *self.ssrcs)
        return push(self.PACKET_TYPE, self.FORMAT, feedback.push_ssrcs(self.sender_ssrc, 0) + fci)
