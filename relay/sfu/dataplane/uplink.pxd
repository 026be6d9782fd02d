from libc.stdint cimport int64_t

from .types cimport Packet
from .worker cimport Peer, Worker


cdef void note_arrival(Worker* worker, Peer* peer, const Packet* packet) noexcept nogil
cdef void report_arrivals(Worker* worker, int64_t now_ns) noexcept nogil
cdef void unlist_heard(Worker* worker, Peer* peer) noexcept nogil
