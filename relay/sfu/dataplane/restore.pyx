"""A packet as it was when it came, from the ring of its track."""

from libc.stdint cimport int32_t, int64_t

from .header cimport empty_packet, read_elements, read_header
from .history cimport Kept, ring_bytes, ring_find
from .payload cimport RED, inspect, red_primary
from .routes cimport pool_row
from .types cimport NOTHING, OPUS
from .worker cimport Track


cdef bint restore(Worker* worker, int64_t track, int64_t position, bint empty, Packet* packet) noexcept nogil:
    """`track` by its handle; `empty`: without its payload. False when there is no copy (any more)."""
    cdef int32_t row = pool_row(&worker.track_pool, track)
    cdef Track* source
    cdef const Kept* kept
    if row == NOTHING:
        return False
    source = &worker.tracks[row]
    kept = ring_find(&source.ring, position)
    if kept == NULL:
        return False
    read_header(packet, ring_bytes(&source.ring, kept), kept.length, kept.received_ns)
    read_elements(packet, worker.peers[source.peer].kinds)
    packet.payload = source.by_type[packet.payload_type]
    if packet.length > packet.payload_at:
        inspect(source.payloads[packet.payload].family, packet)
    if empty:
        empty_packet(packet)
    return True


cdef const Payload* payload_of(
    const Worker* worker, const Slot* slot, int64_t track, Packet* packet
) noexcept nogil:
    """What the slot negotiated for a restored packet, or NULL. Redundant audio is narrowed for who takes only plain Opus."""
    cdef const Track* source = &worker.tracks[pool_row(&worker.track_pool, track)]
    for index in range(slot.payload_count):
        if slot.payloads[index].codec == source.payloads[packet.payload].codec:
            return &slot.payloads[index]
    if source.payloads[packet.payload].family == RED and red_primary(packet):
        for index in range(slot.payload_count):
            if slot.payloads[index].family == OPUS:
                return &slot.payloads[index]
    return NULL
