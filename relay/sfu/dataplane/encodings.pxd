"""Which of a source's encodings (simulcast) feeds a slot."""

from libc.stdint cimport int64_t

from .types cimport Packet
from .worker cimport Slot, Track, Worker


cdef Track* encoding_of(Worker* worker, Track* lead, int index) noexcept nogil
cdef void join_source(Worker* worker, Slot* slot, Track* lead, int64_t now_ns) noexcept nogil
cdef void leave_source(Worker* worker, Slot* slot) noexcept nogil
cdef void select_layer(Worker* worker, Slot* slot, int spatial, int temporal, int64_t now_ns) noexcept nogil
cdef void note_encoding(Worker* worker, Track* track, const Packet* packet) noexcept nogil
