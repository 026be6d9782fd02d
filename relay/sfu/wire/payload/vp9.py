"""VP9 payload descriptor (RFC 9628 §4.2)."""

from dataclasses import dataclass

from relay.errors import Malformed
from relay.sfu.wire.payload.cursor import ByteCursor


@dataclass(frozen=True, slots=True)
class Scalability:
    """The scalability structure (§4.2.1), sent with key pictures."""

    spatial_layers: int
    sizes: tuple[tuple[int, int], ...]
    """(width, height) per spatial layer, or nothing."""
    pictures: tuple[tuple[int, bool, tuple[int, ...]], ...]
    """(temporal id, switching up point, reference distances) of each picture of the group, or nothing."""


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What precedes the VP9 data. A field that is not there is None."""

    inter_picture: bool
    """P: predicted from another picture."""
    flexible: bool
    """F: the references are in each packet."""
    frame_start: bool
    """B: a layer frame begins in this packet."""
    frame_end: bool
    """E: a layer frame ends in this packet."""
    not_reference: bool
    """Z: no higher spatial layer depends on this one."""
    picture_id: int | None
    picture_id_bits: int
    """7 or 15; 0 without a picture id."""
    temporal_id: int | None
    switching_up: bool
    """U: a receiver can go up to this temporal layer here."""
    spatial_id: int | None
    inter_layer: bool
    """D: predicted from the spatial layer below."""
    tl0_pic_idx: int | None
    reference_distances: tuple[int, ...]
    scalability: Scalability | None
    size_bytes: int
    """Where the VP9 data begins."""


def parse(payload: bytes) -> Descriptor:
    """The descriptor of a payload. Raises Malformed."""
    cursor = ByteCursor(payload, "VP9 payload descriptor")
    flags = cursor.byte()
    inter_picture, has_layers, flexible = bool(flags & 0x40), bool(flags & 0x20), bool(flags & 0x10)
    picture_id, picture_id_bits = _pull_picture_id(cursor) if flags & 0x80 else (None, 0)
    layers = cursor.byte() if has_layers else 0
    tl0_pic_idx = cursor.byte() if has_layers and not flexible else None
    distances = _pull_distances(cursor) if flexible and inter_picture else ()
    scalability = _pull_scalability(cursor) if flags & 0x02 else None
    return Descriptor(
        inter_picture=inter_picture,
        flexible=flexible,
        frame_start=bool(flags & 0x08),
        frame_end=bool(flags & 0x04),
        not_reference=bool(flags & 0x01),
        picture_id=picture_id,
        picture_id_bits=picture_id_bits,
        temporal_id=layers >> 5 if has_layers else None,
        switching_up=bool(layers & 0x10),
        spatial_id=layers >> 1 & 0x07 if has_layers else None,
        inter_layer=bool(layers & 0x01),
        tl0_pic_idx=tl0_pic_idx,
        reference_distances=distances,
        scalability=scalability,
        size_bytes=cursor.offset,
    )


def is_keyframe_start(payload: bytes) -> bool:
    """Whether a key picture begins in this packet: the base spatial layer, not predicted from any picture."""
    try:
        descriptor = parse(payload)
    except Malformed:
        return False
    return descriptor.frame_start and not descriptor.inter_picture and not descriptor.spatial_id


def _pull_picture_id(cursor: ByteCursor) -> tuple[int, int]:
    first = cursor.byte()
    if first & 0x80:
        return (first & 0x7F) << 8 | cursor.byte(), 15
    return first, 7


def _pull_distances(cursor: ByteCursor) -> tuple[int, ...]:
    distances: list[int] = []
    more = True
    while more:
        if len(distances) == 3:
            raise Malformed("VP9 picture with more than three references", cursor.offset)
        value = cursor.byte()
        distances.append(value >> 1)
        more = bool(value & 0x01)
    return tuple(distances)


def _pull_scalability(cursor: ByteCursor) -> Scalability:
    flags = cursor.byte()
    layers = (flags >> 5) + 1
    has_sizes, has_pictures = flags & 0x10, flags & 0x08
    sizes = tuple((cursor.number(2), cursor.number(2)) for _ in range(layers if has_sizes else 0))
    pictures = tuple(_pull_picture(cursor) for _ in range(cursor.byte() if has_pictures else 0))
    return Scalability(layers, sizes, pictures)


def _pull_picture(cursor: ByteCursor) -> tuple[int, bool, tuple[int, ...]]:
    value = cursor.byte()
    distances = tuple(cursor.byte() for _ in range(value >> 2 & 0x03))
    return value >> 5, bool(value & 0x10), distances
