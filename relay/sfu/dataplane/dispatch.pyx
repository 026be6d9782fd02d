"""Stamp, write, protect, queue: every packet to a peer that negotiated it leaves with a transport-wide sequence number and
its send time, whatever it carries (draft-holmer-rmcat-transport-wide-cc-extensions-01 §2). One that leaves again as it was
keeps its own."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t
from libc.string cimport memset

from .batch cimport outbox_cell, outbox_push
from .compose cimport compose
from .downlink cimport note_departure
from .hops cimport Total
from .parity cimport Parity, parity_add
from .socket cimport socket_flush
from .srtp cimport protect, protect_rtcp
from .types cimport NOTHING

cdef enum:
    PADDING = 255


cdef uint8_t* room(Worker* worker) noexcept nogil:
    """The cell for the next packet, sending what waits if that is what it takes; NULL: the socket takes no more
    either."""
    cdef uint8_t* cell = outbox_cell(&worker.outbox)
    if cell == NULL:
        socket_flush(worker.fd, &worker.outbox, &worker.hops)
        cell = outbox_cell(&worker.outbox)
    return cell


cdef inline void _stamp(const Worker* worker, const Peer* peer, Label* label) noexcept nogil:
    label.stamped = 1
    label.departure = <uint16_t> peer.departures.next
    label.send_time = <uint32_t> ((worker.now_ns // 1_000_000_000 % 64 << 18) + (worker.now_ns % 1_000_000_000 << 18) // 1_000_000_000)


cdef Drop dispatch(
    Worker* worker, Peer* peer, const Packet* packet, Label* label, int64_t received_ns, int* length, Parity* parity
) noexcept nogil:
    """One RTP packet to a peer that has a path and keys; `length` becomes its length before SRTP. `received_ns` 0: its
    stay is not measured. `parity`: takes the packet as it leaves, unless it is NULL."""
    cdef uint8_t* cell = room(worker)
    cdef int size
    cdef Drop drop
    cdef bint again = label.stamped
    if cell == NULL:
        return Drop.SEND_QUEUE_FULL
    if not again:
        _stamp(worker, peer, label)
    size = compose(packet, label, peer.ids, cell)
    if size == 0:
        return Drop.TOO_LARGE
    length[0] = size
    if parity != NULL:
        parity_add(parity, cell, size, worker.now_ns)
    drop = protect(peer.send_session, cell, &size)
    if drop == Drop.KEPT:
        outbox_push(&worker.outbox, &peer.lane, size, received_ns)
        note_departure(worker, peer, size, again)
    return drop


cdef Drop dispatch_padding(Worker* worker, Peer* peer, Label* label) noexcept nogil:
    """A packet of PADDING bytes of padding and nothing else (RFC 3550 §5.1)."""
    cdef uint8_t* cell = room(worker)
    cdef Packet packet
    cdef int size
    cdef Drop drop
    if cell == NULL:
        return Drop.SEND_QUEUE_FULL
    memset(&packet, 0, sizeof(Packet))
    packet.data = cell
    packet.length = packet.payload_at = 12
    packet.descriptor.picture_at = packet.descriptor.level_at = packet.descriptor.key_at = NOTHING
    _stamp(worker, peer, label)
    size = compose(&packet, label, peer.ids, cell)
    cell[0] |= 0x20
    memset(cell + size, 0, PADDING)
    size += PADDING
    cell[size - 1] = PADDING
    drop = protect(peer.send_session, cell, &size)
    if drop == Drop.KEPT:
        outbox_push(&worker.outbox, &peer.lane, size, 0)
        note_departure(worker, peer, size, False)
        worker.hops.totals[<int> Total.PADDING_OUT] += 1
    return drop


cdef Drop dispatch_rtcp(Worker* worker, Peer* peer, int length) noexcept nogil:
    """The RTCP packet just written into `room`."""
    cdef uint8_t* cell = outbox_cell(&worker.outbox)
    cdef Drop drop = protect_rtcp(peer.send_session, cell, &length)
    if drop == Drop.KEPT:
        outbox_push(&worker.outbox, &peer.lane, length, 0)
    return drop
