"""Sender and receiver reports, and the clocks they tie together."""

from libc.stdint cimport int64_t, uint32_t, uint64_t

from .feedback cimport Record
from .types cimport Packet
from .worker cimport Peer, Slot, Track, Worker


cdef void note_sender_report(Peer* peer, Track* track, const Record* record, int64_t received_ns) noexcept nogil
cdef void note_report_block(Peer* peer, Slot* slot, const Record* record, int64_t received_ns) noexcept nogil
cdef bint give_sender_info(
    Worker* worker, Slot* slot, int64_t now_ns, uint64_t* ntp, uint32_t* timestamp
) noexcept nogil
cdef void remember_capture(Worker* worker, Slot* slot) noexcept nogil
cdef int64_t capture_gap_ns(
    const Worker* worker, const Slot* slot, const Track* track, const Packet* packet
) noexcept nogil
