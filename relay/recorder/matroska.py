"""Matroska (RFC 9559) as it is written live: a head, then clusters that are whole each, so that a file cut anywhere plays.

The segment has no known size and no index of cues; players seek by clusters. Times are milliseconds since the segment
began. Pure: returns the bytes to append.
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from relay.errors import Misuse

MAX_CLUSTER_MS: Final = 32_000
"""A block's time is 16 bits, signed, relative to its cluster."""
_UNKNOWN_SIZE: Final = b"\x01" + b"\xff" * 7
_EPOCH_2001_MS: Final = 978_307_200_000
_OPUS_SEEK_PRE_ROLL_NS: Final = 80_000_000
_SAMPLING_HZ: Final = 48_000.0
_VIDEO, _AUDIO = 1, 2

_EBML, _SEGMENT, _INFO, _TRACKS, _CLUSTER = 0x1A45DFA3, 0x18538067, 0x1549A966, 0x1654AE6B, 0x1F43B675
_TRACK_ENTRY, _SIMPLE_BLOCK, _CLUSTER_TIME = 0xAE, 0xA3, 0xE7


@dataclass(frozen=True, slots=True)
class Track:
    """What a player must know of one track before its first block."""

    number: int
    """From 1."""
    codec: str
    """`V_VP8`, `V_VP9`, `V_MPEG4/ISO/AVC`, `A_OPUS`."""
    name: str
    private: bytes = b""
    """CodecPrivate: the decoder configuration record of H.264, the identification header of Opus."""
    width: int = 0
    height: int = 0
    """Both 0: audio."""


@dataclass(frozen=True, slots=True)
class Block:
    """One frame."""

    track: int
    at_ms: int
    data: bytes
    keyframe: bool


def head(tracks: Sequence[Track], began_ms: int) -> bytes:
    """The beginning of a file; `began_ms` is time 0 since the Unix epoch."""
    ebml = _element(
        _EBML,
        _uint(0x4286, 1)
        + _uint(0x42F7, 1)
        + _uint(0x42F2, 4)
        + _uint(0x42F3, 8)
        + _text(0x4282, "matroska")
        + _uint(0x4287, 4)
        + _uint(0x4285, 2),
    )
    date = struct.pack(">q", (began_ms - _EPOCH_2001_MS) * 1_000_000)
    info = _uint(0x2AD7B1, 1_000_000) + _text(0x4D80, "relay") + _text(0x5741, "relay") + _element(0x4461, date)
    entries = b"".join(_element(_TRACK_ENTRY, _entry(track)) for track in tracks)
    return ebml + _identifier(_SEGMENT) + _UNKNOWN_SIZE + _element(_INFO, info) + _element(_TRACKS, entries)


def cluster(blocks: Iterable[Block]) -> bytes:
    """Frames in order of time, of at most `MAX_CLUSTER_MS`; nothing for none. Misuse beyond that."""
    rows = list(blocks)
    if not rows:
        return b""
    at_ms = min(block.at_ms for block in rows)
    if max(block.at_ms for block in rows) - at_ms >= MAX_CLUSTER_MS:
        raise Misuse("a cluster is longer than its blocks can tell")
    body = b"".join(_element(_SIMPLE_BLOCK, _block(block, at_ms)) for block in rows)
    return _element(_CLUSTER, _uint(_CLUSTER_TIME, at_ms) + body)


def opus_head(channels: int = 2) -> bytes:
    """The identification header of Opus (RFC 7845 §5.1) for a stream that came by RTP: 48 kHz, nothing to skip."""
    return b"OpusHead" + struct.pack("<BBHIhB", 1, channels, 0, 48_000, 0, 0)


def avc_configuration(sps: bytes, pps: bytes) -> bytes:
    """The decoder configuration record of H.264 (ISO 14496-15 §5.3.3.1), for NAL units behind four bytes of length."""
    return (
        b"\x01"
        + sps[1:4]
        + b"\xff\xe1"
        + struct.pack(">H", len(sps))
        + sps
        + b"\x01"
        + struct.pack(">H", len(pps))
        + pps
    )


def _entry(track: Track) -> bytes:
    is_video = bool(track.width)
    fields = _uint(0xD7, track.number) + _uint(0x73C5, track.number) + _uint(0x83, _VIDEO if is_video else _AUDIO)
    fields += _uint(0x9C, 0) + _text(0x536E, track.name) + _text(0x86, track.codec)
    if track.private:
        fields += _element(0x63A2, track.private)
    if is_video:
        return fields + _element(0xE0, _uint(0xB0, track.width) + _uint(0xBA, track.height))
    audio = _element(0xB5, struct.pack(">d", _SAMPLING_HZ)) + _uint(0x9F, 2)
    return fields + _uint(0x56BB, _OPUS_SEEK_PRE_ROLL_NS) + _element(0xE1, audio)


def _block(block: Block, cluster_ms: int) -> bytes:
    flags = 0x80 if block.keyframe else 0
    return _size(block.track) + struct.pack(">hB", block.at_ms - cluster_ms, flags) + block.data


def _element(identifier: int, body: bytes) -> bytes:
    return _identifier(identifier) + _size(len(body)) + body


def _identifier(identifier: int) -> bytes:
    return identifier.to_bytes((identifier.bit_length() + 7) // 8, "big")


def _size(value: int) -> bytes:
    """A variable-size integer (RFC 8794 §4); a value of all ones means unknown and takes one byte more."""
    length = 1
    while value >= (1 << 7 * length) - 1:
        length += 1
    return ((1 << 7 * length) | value).to_bytes(length, "big")


def _uint(identifier: int, value: int) -> bytes:
    return _element(identifier, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def _text(identifier: int, value: str) -> bytes:
    return _element(identifier, value.encode())
