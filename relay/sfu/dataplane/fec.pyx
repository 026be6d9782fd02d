"""Sending parity packets: a stream of their own beside the media they protect (RFC 8627 §1.1.2: one SSRC each)."""

from libc.stdint cimport uint8_t
from libc.string cimport memset

from .dispatch cimport dispatch
from .hops cimport Drop, Total
from .parity cimport MAX_PARITY, parity_take
from .types cimport NOTHING, Label, Packet


cdef void send_parity(Worker* worker, Peer* peer, Slot* slot) noexcept nogil:
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
    label.payload_type = slot.parity.payload_type
    label.timestamp = slot.parity.newest_timestamp
    label.original = NOTHING
    packet.length = parity_take(&slot.parity, slot.ssrc, payload)
    slot.parity.sequence += 1
    label.sequence = slot.parity.sequence
    if dispatch(worker, peer, &packet, &label, 0, &length, NULL) == Drop.KEPT:
        worker.hops.totals[<int> Total.PARITY_OUT] += 1
