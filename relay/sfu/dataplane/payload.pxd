"""What the packet path must see inside a payload: can a receiver start here, and where its picture ids are."""

from .types cimport Packet


cdef enum:
    RED = 7                # records.CodecFamily


cdef void inspect(int family, Packet* packet) noexcept nogil

cdef bint red_primary(Packet* packet) noexcept nogil
