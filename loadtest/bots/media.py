"""Encoded clips cut into RTP payloads: VP8 (RFC 7741), H.264 (RFC 6184) and Opus (RFC 7587)."""

from typing import Final

from loadtest.engine.readings import Media
from relay.client.clip import Clip

MAX_PAYLOAD_BYTES: Final = 1100
"""With headers, extensions and SRTP some 1,150 bytes: what browsers send."""
_FU_A, _FU_START, _FU_END = 28, 0x80, 0x40


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


def _cut_h264(frame: bytes) -> list[bytes]:
    """Each NAL unit of an access unit in Annex B alone, or in fragments (FU-A, §5.8) of nearly equal size."""
    payloads: list[bytes] = []
    for unit in _nal_units(frame):
        if len(unit) <= MAX_PAYLOAD_BYTES:
            payloads.append(unit)
            continue
        body, room = unit[1:], MAX_PAYLOAD_BYTES - 2
        size = -(-len(body) // -(-len(body) // room))
        for start in range(0, len(body), size):
            ends = _FU_START if start == 0 else _FU_END if start + size >= len(body) else 0
            payloads.append(bytes((unit[0] & 0xE0 | _FU_A, ends | unit[0] & 0x1F)) + body[start : start + size])
    return payloads


def _nal_units(frame: bytes) -> list[bytes]:
    """Between start codes (H.264 annex B); a zero before a start code belongs to it."""
    parts = frame.split(b"\x00\x00\x01")[1:]
    return [unit for part in parts if (unit := part.rstrip(b"\x00"))]


_CUTTERS = {"VP8": _cut_vp8, "opus": _whole, "H264": _cut_h264}
