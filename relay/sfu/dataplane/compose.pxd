"""The bytes of an outgoing packet."""

from libc.stdint cimport uint8_t

from .types cimport Label, Packet


cdef int compose(const Packet* packet, const Label* label, const uint8_t* ids, uint8_t* out) noexcept nogil
