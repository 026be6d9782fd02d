"""Loss: asking sources for what is missing, answering receivers; and all else that RTCP asks for."""

from libc.stdint cimport int64_t, uint8_t

from .hops cimport Drop
from .types cimport Endpoint
from .worker cimport Peer, Track, Worker


cdef Drop answer_reports(
    Worker* worker, Peer* peer, const Endpoint* source, uint8_t* data, int length, int64_t received_ns
) noexcept nogil
cdef void wound(Worker* worker, Track* track) noexcept nogil
cdef void ask_for_missing(Worker* worker, int64_t now_ns) noexcept nogil
