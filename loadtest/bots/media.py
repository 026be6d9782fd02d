"""Encoded clips cut into RTP payloads: VP8 (RFC 7741) and Opus (RFC 7587)."""

from typing import Final

from loadtest.engine.readings import Media
from relay.client.clip import Clip
from relay.errors import Misuse

MAX_PAYLOAD_BYTES: Final = 1100
"""With headers, extensions and SRTP some 1,150 bytes: what browsers send."""


def packetise(clip: Clip) -> Media:
    """The payloads and times of one round."""
    payloads: list[bytes] = []
    firsts: list[int] = []
    for packet in clip.packets:
        firsts.append(len(payloads))
        payloads += _CUTTERS[clip.codec](packet.data)
    return Media(payloads, firsts, [packet.at for packet in clip.packets], clip.duration, clip.clock_rate_hz)


def _cut_vp8(frame: bytes) -> list[bytes]:
    """Parts of nearly equal size; the descriptor has the S bit in the first alone (RFC 7741 §4.2)."""
    count = -(-len(frame) // (MAX_PAYLOAD_BYTES - 1))
    size = -(-len(frame) // count)
    return [(b"\x00" if start else b"\x10") + frame[start : start + size] for start in range(0, len(frame), size)]


def _whole(frame: bytes) -> list[bytes]:
    return [frame]


def _unsupported(_frame: bytes) -> list[bytes]:
    raise Misuse("bots send VP8 and Opus")


_CUTTERS = {"VP8": _cut_vp8, "opus": _whole, "H264": _unsupported}
