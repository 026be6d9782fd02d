"""Packets that wait before they leave, and probes."""

from libc.stdint cimport int64_t, uint32_t

from .hops cimport Drop
from .types cimport VIDEO, Label, Packet
from .worker cimport Peer, Slot, Track, Worker


cdef bint is_open(const Peer* peer, int64_t now_ns) noexcept nogil
cdef Drop hold(Worker* worker, Peer* peer, const Track* track, Slot* slot, const Packet* packet, const Label* label) noexcept nogil
cdef void abandon(Worker* worker, Peer* peer, Slot* slot) noexcept nogil
cdef void release(Worker* worker, int64_t now_ns) noexcept nogil
cdef void set_pace(Worker* worker, Peer* peer, int64_t rate_bps, int64_t window_bytes) noexcept nogil
cdef void probe(
    Worker* worker, Peer* peer, uint32_t cluster, int64_t rate_bps, int64_t size, int64_t packets, int64_t now_ns
) noexcept nogil
cdef void unlist_paced(Worker* worker, Peer* peer) noexcept nogil


cdef inline bint must_wait(const Worker* worker, const Peer* peer, int kind) noexcept nogil:
    """Sound never waits, nor does anything for a peer that nothing is known of."""
    return peer.pacer.rate_bps and kind == VIDEO and not is_open(peer, worker.now_ns)
