"""Full intra request (RFC 5104 §4.3.1)."""

import struct
from dataclasses import dataclass
from typing import ClassVar, Final

from relay.errors import Malformed
from relay.sfu.wire.rtcp import feedback
from relay.sfu.wire.rtcp.framing import push

_ENTRY: Final = struct.Struct("!IB3x")


@dataclass(frozen=True, slots=True)
class FirEntry:
    """One source that shall send a keyframe."""

    ssrc: int
    sequence: int
    """8 bits; a repetition of the same number is the same request."""


@dataclass(frozen=True, slots=True)
class Fir:
    """These sources shall send a keyframe. The media SSRC of the common part is unused and 0."""

    PACKET_TYPE: ClassVar[int] = feedback.PAYLOAD_SPECIFIC
    FORMAT: ClassVar[int] = 4

    sender_ssrc: int
    entries: tuple[FirEntry, ...]

    @classmethod
    def parse(cls, _count: int, body: bytes) -> "Fir":
        """From a packet's body. Raises Malformed."""
        sender_ssrc, _, fci = feedback.pull_ssrcs(body, "FIR")
        if not fci or len(fci) % _ENTRY.size:
            raise Malformed("FIR is not a list of entries", len(body))
        return cls(sender_ssrc, tuple(FirEntry(*entry) for entry in _ENTRY.iter_unpack(fci)))

    def serialise(self) -> bytes:
        """The packet."""
        fci = b"".join(_ENTRY.pack(entry.ssrc, entry.sequence) for entry in self.entries)
        return push(self.PACKET_TYPE, self.FORMAT, feedback.push_ssrcs(self.sender_ssrc, 0) + fci)
