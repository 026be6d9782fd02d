"""Serial numbers (RFC 1982) that wrap around on the wire, as plain integers that do not."""

from typing import Final

TSN_BITS: Final = 32
SEQUENCE_BITS: Final = 16


def unwrap(value: int, near: int, bits: int) -> int:
    """The integer closest to `near` that is `value` on the wire; it may be negative."""
    half = 1 << (bits - 1)
    return near + ((value - near + half) & ((1 << bits) - 1)) - half


def wrap(value: int, bits: int) -> int:
    """For the wire."""
    return value & ((1 << bits) - 1)
