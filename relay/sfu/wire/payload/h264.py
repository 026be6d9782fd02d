"""H.264 payloads (RFC 6184), packetization modes 0 and 1: single NAL units, STAP-A, FU-A."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from relay.errors import Malformed

IDR: Final = 5
SPS: Final = 7
PPS: Final = 8
STAP_A: Final = 24
FU_A: Final = 28


@dataclass(frozen=True, slots=True)
class NalUnit:
    """One NAL unit, or the part of it, in a packet."""

    type: int
    """1…23, the type of the unit itself also inside STAP-A and FU-A."""
    reference_idc: int
    """0: no other picture depends on it."""
    starts: bool = True
    ends: bool = True


def parse(payload: bytes) -> tuple[NalUnit, ...]:
    """The NAL units in a packet. Raises Malformed, also for the interleaved modes, which WebRTC does not negotiate."""
    return tuple(_units(payload))


def is_keyframe_start(payload: bytes) -> bool:
    """Whether a receiver that has nothing yet can start with this packet: a sequence parameter set begins in it.

    An IDR picture without parameter sets in front of it is no place to start: WebRTC senders send them in band. What is
    broken behind the parameter set does not matter.
    """
    try:
        return any(unit.type == SPS and unit.starts for unit in _units(payload))
    except Malformed:
        return False


def _units(payload: bytes) -> Iterator[NalUnit]:
    if not payload:
        raise Malformed("H.264 payload is empty", 0)
    outer = _header(payload[0])
    if 1 <= outer.type < STAP_A:
        yield outer
    elif outer.type == STAP_A:
        yield from _aggregated(payload)
    elif outer.type == FU_A:
        yield _fragment(payload, outer)
    else:
        raise Malformed(f"H.264 payload structure {outer.type} is not of mode 0 or 1", 0)


def _header(value: int) -> NalUnit:
    return NalUnit(value & 0x1F, value >> 5 & 0x03)


def _aggregated(payload: bytes) -> Iterator[NalUnit]:
    offset = 1
    while offset < len(payload):
        size = int.from_bytes(payload[offset : offset + 2], "big")
        start = offset + 2
        offset = start + size
        if size == 0 or offset > len(payload):
            raise Malformed("H.264 unit overruns its STAP-A", start)
        yield _header(payload[start])


def _fragment(payload: bytes, outer: NalUnit) -> NalUnit:
    if len(payload) < 2:
        raise Malformed("H.264 FU-A header is cut short", 1)
    value = payload[1]
    return NalUnit(value & 0x1F, outer.reference_idc, starts=bool(value & 0x80), ends=bool(value & 0x40))
