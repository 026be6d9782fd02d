"""Picture loss indication (RFC 4585 §6.3.1)."""

from dataclasses import dataclass
from typing import ClassVar

from relay.sfu.wire.rtcp import feedback
from relay.sfu.wire.rtcp.framing import push


@dataclass(frozen=True, slots=True)
class Pli:
    """The receiver cannot go on decoding this source without a keyframe."""

    PACKET_TYPE: ClassVar[int] = feedback.PAYLOAD_SPECIFIC
    FORMAT: ClassVar[int] = 1

    sender_ssrc: int
    media_ssrc: int

    @classmethod
    def parse(cls, _count: int, body: bytes) -> "Pli":
        """From a packet's body. Raises Malformed."""
        sender_ssrc, media_ssrc, _ = feedback.pull_ssrcs(body, "PLI")
        return cls(sender_ssrc, media_ssrc)

    def serialise(self) -> bytes:
        """The packet."""
        return push(self.PACKET_TYPE, self.FORMAT, feedback.push_ssrcs(self.sender_ssrc, self.media_ssrc))
