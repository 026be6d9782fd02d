"""What all feedback messages share (RFC 4585 §6.1): two SSRCs in front of the control information."""

import struct
from typing import Final

from relay.sfu.wire.rtcp.framing import require

TRANSPORT_LAYER: Final = 205
"""RTPFB."""
PAYLOAD_SPECIFIC: Final = 206
"""PSFB."""

_SSRCS: Final = struct.Struct("!II")


def pull_ssrcs(body: bytes, name: str) -> tuple[int, int, bytes]:
    """Sender SSRC, media SSRC, and the feedback control information. Raises Malformed."""
    require(body, _SSRCS.size, name)
    sender_ssrc, media_ssrc = _SSRCS.unpack_from(body)
    return sender_ssrc, media_ssrc, body[_SSRCS.size :]


def push_ssrcs(sender_ssrc: int, media_ssrc: int) -> bytes:
    """The two SSRCs."""
    return _SSRCS.pack(sender_ssrc, media_ssrc)
