from libc.stdint cimport int64_t, uint8_t, uint32_t

from .worker cimport Peer, Worker


cdef void note_departure(Worker* worker, Peer* peer, int size, bint again) noexcept nogil
cdef void note_feedback(Worker* worker, Peer* peer, const uint8_t* message, int64_t heard_ns) noexcept nogil
cdef void note_remb(Worker* worker, Peer* peer, uint32_t bitrate_bps) noexcept nogil
cdef void unlist_told(Worker* worker, Peer* peer) noexcept nogil
