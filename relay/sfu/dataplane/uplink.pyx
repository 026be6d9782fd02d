"""What a peer is told of its uplink, so that its encoder finds the rate that fits: transport-wide feedback (`transport_cc`) for every
packet that authenticated, whatever becomes of it afterwards."""

from libc.stdint cimport int32_t, int64_t, uint16_t

from .dispatch cimport dispatch_rtcp, room
from .header cimport read16
from .hops cimport Total
from .transport_cc cimport arrivals_note, arrivals_report
from .types cimport NOTHING, TRANSPORT_CC

cdef enum:
    INTERVAL_NS = 50_000_000       # libwebrtc's default is 100 ms, its least 50; a handover shows sooner in the shorter one


cdef void note_arrival(Worker* worker, Peer* peer, const Packet* packet) noexcept nogil:
    """Remember when this packet of the peer arrived, if it carries a transport-wide number."""
    cdef int index
    cdef uint16_t sequence
    for index in range(packet.element_count):
        if packet.elements[index].kind == TRANSPORT_CC and packet.elements[index].length == 2:
            sequence = read16(packet.data + packet.elements[index].at)
            arrivals_note(&peer.arrivals, packet.ssrc, sequence, packet.received_ns)
            _list_heard(worker, peer)
            return


cdef inline void _list_heard(Worker* worker, Peer* peer) noexcept nogil:
    if not peer.heard:
        peer.heard = 1
        peer.next_heard = worker.first_heard
        worker.first_heard = peer.row


cdef void unlist_heard(Worker* worker, Peer* peer) noexcept nogil:
    """The peer leaves."""
    cdef int32_t* link = &worker.first_heard
    if peer.heard:
        while link[0] != peer.row:
            link = &worker.peers[link[0]].next_heard
        link[0] = peer.next_heard
        peer.heard = 0


cdef void report_arrivals(Worker* worker, int64_t now_ns) noexcept nogil:
    """Feedback to every peer that sent something and was not told for an interval."""
    cdef int32_t row = worker.first_heard
    cdef Peer* peer
    worker.first_heard = NOTHING
    while row != NOTHING:
        peer = &worker.peers[row]
        row = peer.next_heard
        peer.heard = 0
        if now_ns - peer.arrivals.reported_ns >= INTERVAL_NS:
            _report(worker, peer, now_ns)
        if peer.arrivals.pending:
            _list_heard(worker, peer)


cdef void _report(Worker* worker, Peer* peer, int64_t now_ns) noexcept nogil:
    cdef int length
    if peer.send_session == NULL or peer.lane.name_length == 0 or room(worker) == NULL:
        return
    length = arrivals_report(&peer.arrivals, room(worker), now_ns)
    if length:
        dispatch_rtcp(worker, peer, length)
        worker.hops.totals[<int> Total.FEEDBACKS_OUT] += 1
