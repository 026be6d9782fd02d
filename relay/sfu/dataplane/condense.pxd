"""Transport-wide feedback of a receiver, matched with what left."""

from libc.stdint cimport int64_t, uint8_t

from .departures cimport Departures


cdef bint feedback_is_whole(const uint8_t* packet, int length) noexcept nogil
cdef bint condense(Departures* departures, const uint8_t* packet, int64_t heard_ns) noexcept nogil
