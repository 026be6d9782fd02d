"""Which track a packet belongs to."""

from libc.stdint cimport uint32_t

from .hops cimport Drop
from .types cimport Packet
from .worker cimport Peer, Track, Worker


cdef Peer* owner_of(Worker* worker, Peer* peer, uint32_t ssrc) noexcept nogil
cdef Drop open_packet(Worker* worker, Peer* peer, Packet* packet) noexcept nogil
cdef void admit_stranger(Worker* worker, Peer* peer, uint32_t ssrc) noexcept nogil
cdef Drop find_track(Worker* worker, Peer* peer, Packet* packet, Track** found) noexcept nogil
cdef bint bind(Worker* worker, Track* track, uint32_t ssrc, bint rtx) noexcept nogil
cdef void unbind(Worker* worker, Track* track, uint32_t ssrc) noexcept nogil
