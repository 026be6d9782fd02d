"""Arithmetic on numbers that wrap around (RFC 3550 A.1, RFC 1982)."""

from libc.stdint cimport int16_t, int32_t, int64_t, uint16_t, uint32_t


cdef inline int64_t extend(int64_t reference, uint16_t sequence) noexcept nogil:
    """The 64-bit number nearest to `reference` whose low 16 bits are `sequence`."""
    return reference + <int16_t> (sequence - <uint16_t> reference)


cdef inline int32_t later_by(uint32_t timestamp, uint32_t reference) noexcept nogil:
    """How many units `timestamp` lies after `reference`, on the shorter way around."""
    return <int32_t> (timestamp - reference)
