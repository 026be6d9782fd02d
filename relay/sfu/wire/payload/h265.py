"""H.265 payloads (RFC 7798): single NAL units, aggregation packets, fragmentation units; no DONL fields."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from relay.errors import Malformed

VPS: Final = 32
SPS: Final = 33
PPS: Final = 34
AGGREGATION: Final = 48
FRAGMENTATION: Final = 49
_HEADER_BYTES: Final = 2


@dataclass(frozen=True, slots=True)
class NalUnit:
    """One NAL unit, or the part of it, in a packet."""

    type: int
    """0…47, the type of the unit itself also inside aggregation and fragmentation."""
    layer_id: int
    temporal_id: int
    starts: bool = True
    ends: bool = True


def parse(payload: bytes) -> tuple[NalUnit, ...]:
    """The NAL units in a packet. Raises Malformed."""
    return tuple(_units(payload))


def is_keyframe_start(payload: bytes) -> bool:
    """Whether a receiver that has nothing yet can start with this packet: a video or sequence parameter set begins in it.

    What is broken behind the parameter set does not matter.
    """
    try:
        return any(unit.type in (VPS, SPS) and unit.starts for unit in _units(payload))
    except Malformed:
        return False


def _units(payload: bytes) -> Iterator[NalUnit]:
    outer = _header(payload, 0)
    if outer.type < AGGREGATION:
        yield outer
    elif outer.type == AGGREGATION:
        yield from _aggregated(payload)
    elif outer.type == FRAGMENTATION:
        yield _fragment(payload, outer)
    else:
        raise Malformed(f"H.265 payload structure {outer.type} is not known", 0)


def _header(payload: bytes, offset: int) -> NalUnit:
    if offset + _HEADER_BYTES > len(payload):
        raise Malformed("H.265 unit header is cut short", offset)
    value = int.from_bytes(payload[offset : offset + _HEADER_BYTES], "big")
    if value & 0x07 == 0:
        raise Malformed("H.265 temporal id is zero", offset)
    return NalUnit(value >> 9 & 0x3F, value >> 3 & 0x3F, (value & 0x07) - 1)


def _aggregated(payload: bytes) -> Iterator[NalUnit]:
    offset = _HEADER_BYTES
    while offset < len(payload):
        size = int.from_bytes(payload[offset : offset + 2], "big")
        start = offset + 2
        offset = start + size
        if size < _HEADER_BYTES or offset > len(payload):
            raise Malformed("H.265 unit overruns its aggregation packet", start)
        yield _header(payload, start)


def _fragment(payload: bytes, outer: NalUnit) -> NalUnit:
    if len(payload) <= _HEADER_BYTES:
        raise Malformed("H.265 fragment header is cut short", _HEADER_BYTES)
    value = payload[_HEADER_BYTES]
    return NalUnit(value & 0x3F, outer.layer_id, outer.temporal_id, starts=bool(value & 0x80), ends=bool(value & 0x40))
