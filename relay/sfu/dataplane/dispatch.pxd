"""The last steps of every outgoing packet."""

from libc.stdint cimport int64_t, uint8_t

from .hops cimport Drop
from .parity cimport Parity
from .types cimport Label, Packet
from .worker cimport Peer, Worker


cdef Drop dispatch(
    Worker* worker, Peer* peer, const Packet* packet, Label* label, int64_t received_ns, int* length, Parity* parity
) noexcept nogil
cdef Drop dispatch_padding(Worker* worker, Peer* peer, Label* label) noexcept nogil
cdef Drop dispatch_rtcp(Worker* worker, Peer* peer, int length) noexcept nogil
cdef uint8_t* room(Worker* worker) noexcept nogil
