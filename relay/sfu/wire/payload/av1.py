"""AV1 payloads: the aggregation header (RTP Payload Format For AV1, v1.0.0, §4.4)."""

from dataclasses import dataclass

from relay.errors import Malformed


@dataclass(frozen=True, slots=True)
class AggregationHeader:
    """The first byte of a payload."""

    continues: bool
    """Z: the first OBU element continues one of the previous packet."""
    continued: bool
    """Y: the last OBU element goes on in the next packet."""
    element_count: int
    """W: how many OBU elements there are; 0: each has a length field."""
    new_sequence: bool
    """N: a coded video sequence begins in this packet."""


def parse(payload: bytes) -> AggregationHeader:
    """The aggregation header of a payload. Raises Malformed."""
    if not payload:
        raise Malformed("AV1 payload is empty", 0)
    value = payload[0]
    header = AggregationHeader(bool(value & 0x80), bool(value & 0x40), value >> 4 & 0x03, bool(value & 0x08))
    if header.new_sequence and header.continues:
        raise Malformed("AV1 coded video sequence begins with a continuation", 0)
    return header


def is_keyframe_start(payload: bytes) -> bool:
    """Whether a coded video sequence, and so a key frame, begins in this packet."""
    try:
        return parse(payload).new_sequence
    except Malformed:
        return False
