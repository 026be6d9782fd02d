"""What a peer tells of its downlink: feedback for the numbers that packets left under, or its own estimate (REMB). The control
side reads it with every tick."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t

from .condense cimport condense
from .departures cimport departures_in_flight, departures_note, departures_open
from .hops cimport Total
from .pacer cimport pacer_spend
from .types cimport TRANSPORT_CC


cdef void note_departure(Worker* worker, Peer* peer, int size, bint again) noexcept nogil:
    """A packet left, `again`: under a number that it had before."""
    if again or not peer.ids[TRANSPORT_CC]:
        peer.departures.total_bytes += size
        return
    if peer.departures.budget == NULL and not departures_open(&peer.departures, &worker.budget):
        peer.departures.next += 1
        peer.departures.total_bytes += size
        return
    departures_note(
        &peer.departures, size, worker.now_ns, peer.pacer.probes[0].cluster if peer.pacer.probe_count else 0
    )
    if peer.pacer.rate_bps:
        pacer_spend(&peer.pacer, size, worker.now_ns, departures_in_flight(&peer.departures))


cdef inline void _list_told(Worker* worker, Peer* peer) noexcept nogil:
    if not peer.told:
        peer.told = 1
        peer.next_told = worker.first_told
        worker.first_told = peer.row


cdef void unlist_told(Worker* worker, Peer* peer) noexcept nogil:
    """The peer leaves."""
    cdef int32_t* link = &worker.first_told
    if peer.told:
        while link[0] != peer.row:
            link = &worker.peers[link[0]].next_told
        link[0] = peer.next_told
        peer.told = 0


cdef void note_feedback(Worker* worker, Peer* peer, const uint8_t* message, int64_t heard_ns) noexcept nogil:
    """A transport-wide feedback message of the right shape."""
    worker.hops.totals[<int> Total.FEEDBACKS_IN] += 1
    if peer.departures.budget == NULL:
        worker.hops.totals[<int> Total.FEEDBACKS_UNASKED] += 1
    elif condense(&peer.departures, message, heard_ns):
        _list_told(worker, peer)
    else:
        worker.hops.totals[<int> Total.FEEDBACKS_TOO_MANY] += 1


cdef void note_remb(Worker* worker, Peer* peer, uint32_t bitrate_bps) noexcept nogil:
    """The newest counts."""
    worker.hops.totals[<int> Total.REMBS_IN] += 1
    peer.remb_bps = bitrate_bps if bitrate_bps else 1
    _list_told(worker, peer)
