"""What the control side changes between batches: addresses, tracks, slots and who feeds whom."""

from libc.stdint cimport int32_t, int64_t, uint32_t

from .batch cimport Lane
from .types cimport Endpoint
from .worker cimport Payload, Peer, Slot, Track, Worker


cdef Peer* open_peer(Worker* worker, int32_t row) noexcept nogil
cdef Track* open_track(
    Worker* worker, Peer* peer, int32_t row, int kind, const Payload* payloads, int count, uint32_t ssrc, uint32_t rtx_ssrc
) noexcept nogil
cdef Track* open_encoding(Worker* worker, Track* lead, int32_t row) noexcept nogil
cdef Slot* open_slot(
    Worker* worker, Peer* peer, int32_t row, const Payload* payloads, int count, uint32_t ssrc, uint32_t rtx_ssrc
) noexcept nogil
cdef void want_keyframes(Worker* worker, const Peer* peer, int64_t now_ns) noexcept nogil
cdef void open_lane(Worker* worker, const Endpoint* address, Lane* lane) noexcept nogil
cdef void leave_address(Worker* worker, const Endpoint* address) noexcept nogil
cdef void adopt_address(Worker* worker, Peer* peer, const Endpoint* address) noexcept nogil
cdef void attach_slot(Worker* worker, Slot* slot, Track* track, int64_t now_ns) noexcept nogil
cdef void remove_track(Worker* worker, Track* track) noexcept nogil
cdef void remove_slot(Worker* worker, Slot* slot) noexcept nogil
cdef void remove_peer(Worker* worker, Peer* peer) noexcept nogil
cdef void forget_sent(Worker* worker, const Peer* peer) noexcept nogil
