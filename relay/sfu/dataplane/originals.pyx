"""Packets of a slot, when they leave for the first time: remembered, counted, and where that is wanted protected against
loss by parity packets, in a stream of their own (FlexFEC)."""

from libc.stdint cimport int64_t, uint8_t
from libc.string cimport memset

from .dispatch cimport dispatch
from .history cimport sent_stamp
from .hops cimport Total
from .parity cimport MAX_PARITY, Parity, parity_due, parity_take
from .types cimport NOTHING, SLOT_STARTED
from .worker cimport notice


cdef Drop send_original(
    Worker* worker, Peer* peer, Slot* slot, const Packet* packet, Label* label, int64_t received_ns
) noexcept nogil:
    """Under the numbers it has. `received_ns` 0: its stay is not measured."""
    cdef Parity* parity = &slot.parity if slot.parity.group else NULL
    cdef int length = 0
    cdef Drop drop = dispatch(worker, peer, packet, label, received_ns, &length, parity)
    if drop == Drop.KEPT:
        sent_stamp(&slot.log, label)
        _count(worker, slot, packet, length)
        if parity != NULL and parity_due(parity, label.marker, worker.now_ns):
            _send_parity(worker, peer, slot)
    return drop


cdef inline void _count(Worker* worker, Slot* slot, const Packet* packet, int length) noexcept nogil:
    slot.packets += 1
    slot.bytes += length
    slot.octets += packet.length - packet.payload_at
    if slot.first_packet_ns == 0:
        slot.first_packet_ns = packet.received_ns
        notice(worker, SLOT_STARTED, &slot.pending, slot.handle, packet.received_ns)


cdef void _send_parity(Worker* worker, Peer* peer, Slot* slot) noexcept nogil:
    """Close the group. A parity packet that cannot leave is not missed: what it protects may well arrive."""
    cdef uint8_t payload[MAX_PARITY]
    cdef Packet packet
    cdef Label label
    cdef int length = 0
    memset(&packet, 0, sizeof(Packet))
    memset(&label, 0, sizeof(Label))
    packet.data = payload
    packet.descriptor.picture_at = packet.descriptor.level_at = packet.descriptor.key_at = NOTHING
    label.ssrc = slot.parity.ssrc
    label.payload_type = <uint8_t> slot.parity.payload_type
    label.timestamp = slot.parity.newest_timestamp
    label.original = NOTHING
    packet.length = parity_take(&slot.parity, slot.ssrc, payload)
    slot.parity.sequence += 1
    label.sequence = slot.parity.sequence
    if dispatch(worker, peer, &packet, &label, 0, &length, NULL) == Drop.KEPT:
        worker.hops.totals[<int> Total.PARITY_OUT] += 1
