"""Packets made again from the copies that tracks keep."""

from libc.stdint cimport int32_t, int64_t

from .types cimport Packet
from .worker cimport Payload, Slot, Worker


cdef bint restore(Worker* worker, int64_t track, int64_t position, bint empty, Packet* packet) noexcept nogil
cdef const Payload* payload_of(const Worker* worker, const Slot* slot, int64_t track, Packet* packet) noexcept nogil
