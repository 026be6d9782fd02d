"""What the packet path must see inside a payload: can a receiver start here, and where its picture ids are."""

from .types cimport Packet


cdef void inspect(int family, Packet* packet) noexcept nogil
