"""The state of a worker as records for Python."""

from libc.stdint cimport int64_t

from .worker cimport Peer, Slot, Track, Worker


cdef list read_tray(Worker* worker)
cdef list read_notices(Worker* worker)
cdef list read_downlinks(Worker* worker, int64_t now_ns)
cdef object read_downlink(Peer* peer, bint told, int64_t now_ns)
cdef object read_reception(Track* track, int64_t now_ns)
cdef object read_sender_info(Worker* worker, Slot* slot, int64_t now_ns)
cdef object read_track(const Track* track)
cdef object read_slot(const Slot* slot)
cdef tuple read_layer(const Worker* worker, const Slot* slot)
cdef list read_layers(const Worker* worker, const Track* lead)
