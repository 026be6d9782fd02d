"""Datagrams on a byte stream: each behind its length in two bytes (RFC 4571 §2)."""

from libc.stdint cimport int32_t, uint8_t

from .types cimport CELL


cdef enum:
    PREFIX = 2             # bytes of the length
    OVERLONG = -2          # a frame that fits no cell, and is passed over


ctypedef struct Framing:
    int32_t held           # bytes in `partial`
    int32_t excess         # bytes still to come of a frame that is passed over
    uint8_t partial[PREFIX + CELL]


cdef void framing_open(Framing* framing) noexcept nogil
cdef int32_t framing_next(Framing* framing, const uint8_t* data, int32_t length, int32_t* used, uint8_t* cell) noexcept nogil
