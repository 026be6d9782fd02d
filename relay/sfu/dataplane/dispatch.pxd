"""The last steps of every outgoing packet."""

from libc.stdint cimport int64_t, uint8_t

from .hops cimport Drop
from .parity cimport Parity
from .types cimport SLOT_STARTED, Label, Packet
from .worker cimport Peer, Slot, Worker, notice


cdef Drop dispatch(
    Worker* worker, Peer* peer, const Packet* packet, Label* label, int64_t received_ns, int* length, Parity* parity
) noexcept nogil
cdef Drop dispatch_padding(Worker* worker, Peer* peer, Label* label) noexcept nogil
cdef Drop dispatch_rtcp(Worker* worker, Peer* peer, int length) noexcept nogil
cdef uint8_t* room(Worker* worker) noexcept nogil


cdef inline void count_out(Worker* worker, Slot* slot, const Packet* packet, int length) noexcept nogil:
    """An original packet left."""
    slot.packets += 1
    slot.bytes += length
    slot.octets += packet.length - packet.payload_at
    if slot.first_packet_ns == 0:
        slot.first_packet_ns = packet.received_ns
        notice(worker, SLOT_STARTED, &slot.pending, slot.handle, packet.received_ns)
