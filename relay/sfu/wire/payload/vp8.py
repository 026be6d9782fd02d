"""VP8 payload descriptor (RFC 7741 §4.2) and payload header (§4.3)."""

from dataclasses import dataclass

from relay.errors import Malformed
from relay.sfu.wire.payload.cursor import ByteCursor


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What precedes the VP8 data. A field that is not there is None."""

    non_reference: bool
    """N: no other frame depends on this one."""
    partition_start: bool
    """S: a partition begins in this packet."""
    partition: int
    picture_id: int | None
    picture_id_bits: int
    """7 or 15; 0 without a picture id."""
    tl0_pic_idx: int | None
    temporal_id: int | None
    layer_sync: bool
    """Y: depends on temporal layer 0 only, so a receiver can switch up here."""
    key_index: int | None
    size_bytes: int
    """Where the VP8 data begins."""

    @property
    def starts_frame(self) -> bool:
        """Whether a frame begins in this packet."""
        return self.partition_start and self.partition == 0


def parse(payload: bytes) -> Descriptor:
    """The descriptor of a payload. Raises Malformed."""
    cursor = ByteCursor(payload, "VP8 payload descriptor")
    first = cursor.byte()
    extension = cursor.byte() if first & 0x80 else 0
    picture_id, picture_id_bits = _pull_picture_id(cursor) if extension & 0x80 else (None, 0)
    tl0_pic_idx = cursor.byte() if extension & 0x40 else None
    layers = cursor.byte() if extension & 0x30 else 0
    return Descriptor(
        non_reference=bool(first & 0x20),
        partition_start=bool(first & 0x10),
        partition=first & 0x07,
        picture_id=picture_id,
        picture_id_bits=picture_id_bits,
        tl0_pic_idx=tl0_pic_idx,
        temporal_id=layers >> 6 if extension & 0x20 else None,
        layer_sync=bool(extension & 0x20 and layers & 0x20),
        key_index=layers & 0x1F if extension & 0x10 else None,
        size_bytes=cursor.offset,
    )


def is_keyframe_start(payload: bytes) -> bool:
    """Whether a key frame begins in this packet: the inverse key frame flag of the payload header is 0."""
    try:
        descriptor = parse(payload)
    except Malformed:
        return False
    return (
        descriptor.starts_frame and len(payload) > descriptor.size_bytes and not payload[descriptor.size_bytes] & 0x01
    )


def _pull_picture_id(cursor: ByteCursor) -> tuple[int, int]:
    first = cursor.byte()
    if first & 0x80:
        return (first & 0x7F) << 8 | cursor.byte(), 15
    return first, 7
