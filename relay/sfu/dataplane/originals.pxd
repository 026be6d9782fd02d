"""Packets of a slot, when they leave for the first time."""

from libc.stdint cimport int64_t

from .hops cimport Drop
from .types cimport Label, Packet
from .worker cimport Peer, Slot, Worker


cdef Drop send_original(
    Worker* worker, Peer* peer, Slot* slot, const Packet* packet, Label* label, int64_t received_ns
) noexcept nogil
