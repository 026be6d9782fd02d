"""RTP and RTCP as bytes, and back: the plain builders and readers that the tests of the packet path share.

Written after the RFCs and apart from the product, so that a mistake in one does not hide in the other.
"""

import struct
from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Rtp(NamedTuple):
    """An RTP packet, read (RFC 3550 §5.1)."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    marker: bool
    payload: bytes
    extensions: dict[int, bytes]
    contributors: tuple[int, ...]


def one_byte_elements(extensions: Mapping[int, bytes]) -> bytes:
    body = b"".join(bytes([wire_id << 4 | len(data) - 1]) + data for wire_id, data in extensions.items())
    return body + bytes(-len(body) % 4)


def two_byte_elements(extensions: Mapping[int, bytes]) -> bytes:
    body = b"".join(bytes([wire_id, len(data)]) + data for wire_id, data in extensions.items())
    return body + bytes(-len(body) % 4)


def rtp(
    sequence: int,
    timestamp: int = 0,
    *,
    ssrc: int = 0x1111,
    payload_type: int = 96,
    marker: bool = False,
    payload: bytes = b"payload",
    extensions: Mapping[int, bytes] | None = None,
    two_byte: bool = False,
    contributors: Sequence[int] = (),
    padding: int = 0,
) -> bytes:
    """An RTP packet with header extensions {id on the wire: data} (RFC 8285)."""
    first = 0x80 | (0x20 if padding else 0) | (0x10 if extensions else 0) | len(contributors)
    head = struct.pack("!BBHLL", first, marker << 7 | payload_type, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)
    head += b"".join(struct.pack("!L", contributor) for contributor in contributors)
    if extensions:
        body = two_byte_elements(extensions) if two_byte else one_byte_elements(extensions)
        head += struct.pack("!HH", 0x1000 if two_byte else 0xBEDE, len(body) // 4) + body
    return head + payload + (bytes(padding - 1) + bytes([padding]) if padding else b"")


def _read_elements(profile: int, body: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    at = 0
    while at < len(body):
        if body[at] == 0:
            at += 1
            continue
        if profile == 0xBEDE:
            wire_id, length, at = body[at] >> 4, (body[at] & 15) + 1, at + 1
        else:
            wire_id, length, at = body[at], body[at + 1], at + 2
        found[wire_id] = body[at : at + length]
        at += length
    return found


def read_rtp(data: bytes) -> Rtp:
    """Read a well-formed RTP packet; padding is taken off."""
    first, second, sequence, timestamp, ssrc = struct.unpack_from("!BBHLL", data)
    assert first >> 6 == 2
    at = 12 + 4 * (first & 15)
    contributors = struct.unpack_from(f"!{first & 15}L", data, 12)
    extensions: dict[int, bytes] = {}
    if first & 0x10:
        profile, words = struct.unpack_from("!HH", data, at)
        extensions = _read_elements(profile, data[at + 4 : at + 4 + 4 * words])
        at += 4 + 4 * words
    end = len(data) - (data[-1] if first & 0x20 else 0)
    assert at <= end
    return Rtp(second & 127, sequence, timestamp, ssrc, bool(second >> 7), data[at:end], extensions, contributors)


def rtx(packet: bytes, *, sequence: int, ssrc: int, payload_type: int) -> bytes:
    """The packet, retransmitted in RTX format (RFC 4588 §4)."""
    at = len(packet) - len(read_rtp(packet).payload)
    marker = packet[1] & 0x80
    head = packet[:1] + bytes([marker | payload_type]) + struct.pack("!H", sequence & 0xFFFF) + packet[4:8]
    return head + struct.pack("!L", ssrc) + packet[12:at] + packet[2:4] + packet[at:]


def vp8(
    *,
    keyframe: bool = False,
    begins: bool = True,
    picture: int | None = None,
    wide: bool = True,
    level: int | None = None,
    key: int | None = None,
    body: bytes = b"vp8",
) -> bytes:
    """A VP8 payload: descriptor (RFC 7741 §4.2) and the first bytes of a frame."""
    extended = picture is not None or level is not None or key is not None
    descriptor = bytes([(0x80 if extended else 0) | (0x10 if begins else 0)])
    if extended:
        flags = (picture is not None) << 7 | (level is not None) << 6 | (key is not None) << 4
        descriptor += bytes([flags])
    if picture is not None:
        descriptor += struct.pack("!H", 0x8000 | picture) if wide else bytes([picture])
    if level is not None:
        descriptor += bytes([level])
    if key is not None:
        descriptor += bytes([key])
    return descriptor + bytes([0 if keyframe else 1]) + body


def vp9_frame(number: int, spatial: int, *, inter: bool = True, begins: bool = True, ends: bool = True) -> bytes:
    """One packet of a spatial layer in flexible mode (RFC 9628 §4.2)."""
    flags = 0x80 | inter << 6 | 0x20 | 0x10 | begins << 3 | ends << 2
    return rtp(
        10 * number + spatial,
        3000 * number,
        marker=spatial == 2,
        payload=bytes([flags, 0x80, number, spatial << 1, 2, 9]),
    )


class Vp8(NamedTuple):
    """A VP8 descriptor, read."""

    picture: int | None
    wide: bool
    level: int | None
    key: int | None
    body: bytes


def read_vp8(payload: bytes) -> Vp8:
    picture = level = key = None
    wide = False
    at = 1
    if payload[0] & 0x80:
        flags, at = payload[1], 2
        if flags & 0x80:
            wide = bool(payload[at] & 0x80)
            picture = struct.unpack_from("!H", payload, at)[0] & 0x7FFF if wide else payload[at]
            at += 2 if wide else 1
        if flags & 0x40:
            level, at = payload[at], at + 1
        if flags & 0x30:
            key, at = payload[at] & 0x1F, at + 1
    return Vp8(picture, wide, level, key, payload[at:])


def _rtcp(kind: int, count: int, body: bytes) -> bytes:
    assert len(body) % 4 == 0
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body


class Block(NamedTuple):
    """A report block (RFC 3550 §6.4.1)."""

    ssrc: int
    fraction_lost: int = 0
    cumulative_lost: int = 0
    highest: int = 0
    jitter: int = 0
    last_sr: int = 0
    delay: int = 0


def _blocks(blocks: Sequence[Block]) -> bytes:
    return b"".join(
        struct.pack(
            "!LLLLLL",
            block.ssrc,
            block.fraction_lost << 24 | block.cumulative_lost & 0xFFFFFF,
            block.highest,
            block.jitter,
            block.last_sr,
            block.delay,
        )
        for block in blocks
    )


def receiver_report(ssrc: int = 1, *blocks: Block) -> bytes:
    return _rtcp(201, len(blocks), struct.pack("!L", ssrc) + _blocks(blocks))


def sender_report(ssrc: int, ntp: int, timestamp: int, *blocks: Block) -> bytes:
    return _rtcp(200, len(blocks), struct.pack("!LQLLL", ssrc, ntp, timestamp, 0, 0) + _blocks(blocks))


def sdes(ssrc: int = 1, cname: bytes = b"c") -> bytes:
    item = bytes([1, len(cname)]) + cname
    return _rtcp(202, 1, struct.pack("!L", ssrc) + item + bytes(4 - len(item) % 4))


def bye(*ssrcs: int) -> bytes:
    return _rtcp(203, len(ssrcs), b"".join(struct.pack("!L", ssrc) for ssrc in ssrcs))


def nack(media_ssrc: int, *pairs: tuple[int, int], ssrc: int = 1) -> bytes:
    """Generic NACK with (PID, BLP) pairs (RFC 4585 §6.2.1)."""
    return _rtcp(205, 1, struct.pack("!LL", ssrc, media_ssrc) + b"".join(struct.pack("!HH", *pair) for pair in pairs))


def pli(media_ssrc: int, ssrc: int = 1) -> bytes:
    return _rtcp(206, 1, struct.pack("!LL", ssrc, media_ssrc))


def fir(media_ssrc: int, command: int, ssrc: int = 1) -> bytes:
    return _rtcp(206, 4, struct.pack("!LLLBxxx", ssrc, 0, media_ssrc, command))


def remb(rate_bps: int, media_ssrc: int, ssrc: int = 1) -> bytes:
    exponent = max(0, rate_bps.bit_length() - 18)
    head = 1 << 24 | exponent << 18 | rate_bps >> exponent
    return _rtcp(206, 15, struct.pack("!LL4sLL", ssrc, 0, b"REMB", head, media_ssrc))


def transport_feedback(ssrc: int = 1, media_ssrc: int = 0) -> bytes:
    """Transport-wide feedback for one packet (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1)."""
    return _rtcp(205, 15, struct.pack("!LLHHLHBx", ssrc, media_ssrc, 1, 1, 0, 0x2001, 4))


class Nack(NamedTuple):
    """A generic NACK, read."""

    ssrc: int
    missing: tuple[int, ...]


def read_nacks(compound: bytes) -> list[Nack]:
    """The NACKs in a well-formed compound packet."""
    found = []
    at = 0
    while at < len(compound):
        first, kind, words = struct.unpack_from("!BBH", compound, at)
        if kind == 205 and first & 31 == 1:
            missing: list[int] = []
            for offset in range(at + 12, at + 4 + 4 * words, 4):
                pid, blp = struct.unpack_from("!HH", compound, offset)
                missing += [pid] + [pid + bit + 1 & 0xFFFF for bit in range(16) if blp >> bit & 1]
            found.append(Nack(struct.unpack_from("!L", compound, at + 8)[0], tuple(missing)))
        at += 4 + 4 * words
    return found
