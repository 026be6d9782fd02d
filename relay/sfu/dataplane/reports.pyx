"""Sender reports of sources, translated for receivers; receiver reports, read for round trips (RFC 3550 §6.4).

A source's reports tie its RTP timestamps to its own clock. The relay passes them on with the slot's timestamp offset,
extrapolated to now, and shifted by one constant per source, from the source's clock to the relay's: sound and picture
of one source stay in step, and a slot that changes its source does not jump between clocks that disagree.
"""

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

from .types cimport NOTHING
from .worker cimport MAX_GIVEN, Given, note_round_trip

cdef int64_t NTP_EPOCH_S = 2_208_988_800       # 1900 → 1970

cdef enum:
    BELIEVABLE_NS = 1_000_000_000
    MAX_ROUND_TRIP_S = 60


cdef inline int64_t _unix_ns(uint64_t ntp) noexcept nogil:
    cdef int64_t fraction_ns = <int64_t> ((<uint64_t> <uint32_t> ntp * 1_000_000_000) >> 32)
    return (<int64_t> (ntp >> 32) - NTP_EPOCH_S) * 1_000_000_000 + fraction_ns


cdef inline uint64_t _ntp(int64_t unix_ns) noexcept nogil:
    cdef uint64_t seconds = <uint64_t> (unix_ns // 1_000_000_000 + NTP_EPOCH_S)
    return (seconds << 32) | ((<uint64_t> (unix_ns % 1_000_000_000) << 32) // 1_000_000_000)


cdef inline int64_t _capture_ns(const Track* track, uint32_t timestamp) noexcept nogil:
    """When the source captured what carries this timestamp, on its own clock."""
    cdef int64_t units = <int32_t> (timestamp - track.sr_timestamp)
    return _unix_ns(track.sr_ntp) + units * 1_000_000 // track.clock_rate_hz * 1_000


cdef void note_sender_report(Peer* peer, Track* track, const Record* record, int64_t received_ns) noexcept nogil:
    """The source of `track` told what time it is."""
    track.sr_ntp = record.ntp
    track.sr_timestamp = record.value
    track.sr_received_ns = received_ns
    if not peer.clock_known:
        peer.clock_known = 1
        peer.clock_offset_ns = received_ns - _unix_ns(record.ntp)


cdef void note_report_block(Peer* peer, Slot* slot, const Record* record, int64_t received_ns) noexcept nogil:
    """A receiver told how a slot's stream arrives. A round trip counts only for a sender report that was really given,
    and never below zero: the receiver's clock ticks differently."""
    cdef int64_t round_trip_ns
    slot.remote_lost = record.lost
    slot.remote_jitter = record.jitter
    if record.value == 0:
        return
    for index in range(slot.given_count if slot.given_count < MAX_GIVEN else MAX_GIVEN):
        if slot.given[index].ntp_middle == record.value:
            round_trip_ns = received_ns - slot.given[index].at_ns - <int64_t> record.extra * 1_000_000_000 // 65_536
            if 0 <= round_trip_ns < <int64_t> MAX_ROUND_TRIP_S * 1_000_000_000:
                slot.round_trip_ns = round_trip_ns
                note_round_trip(peer, round_trip_ns)
            return


cdef bint give_sender_info(
    Worker* worker, Slot* slot, int64_t now_ns, uint64_t* ntp, uint32_t* timestamp
) noexcept nogil:
    """The source's last report as of now, in the slot's numbers; False while there is none, or it would go
    backwards."""
    cdef Track* track
    cdef Given* given
    cdef int64_t since_ns, ntp_ns
    if slot.track == NOTHING or slot.rewrite.waiting:
        return False
    track = &worker.tracks[slot.track]
    if track.sr_received_ns == 0:
        return False
    since_ns = now_ns - track.sr_received_ns
    ntp_ns = _unix_ns(track.sr_ntp) + since_ns + worker.peers[track.peer].clock_offset_ns
    if ntp_ns <= slot.given_ntp_ns:
        return False
    ntp[0] = _ntp(ntp_ns)
    timestamp[0] = track.sr_timestamp + slot.rewrite.timestamp_offset + <uint32_t> (
        since_ns // 1_000 * track.clock_rate_hz // 1_000_000
    )
    given = &slot.given[slot.given_count % MAX_GIVEN]
    given.ntp_middle = <uint32_t> (ntp[0] >> 16)
    given.at_ns = now_ns
    slot.given_count += 1
    slot.given_ntp_ns = ntp_ns
    return True


cdef void remember_capture(Worker* worker, Slot* slot) noexcept nogil:
    """The slot leaves its track: note when the packet it sent last was captured."""
    cdef const Track* track = &worker.tracks[slot.track]
    slot.left_peer = NOTHING
    if slot.rewrite.begun and not slot.rewrite.waiting and track.sr_received_ns:
        slot.left_peer = worker.peers[track.peer].handle
        slot.left_capture_ns = _capture_ns(track, slot.rewrite.source_timestamp)


cdef int64_t capture_gap_ns(
    const Worker* worker, const Slot* slot, const Track* track, const Packet* packet
) noexcept nogil:
    """The time between the captures of the slot's last packet and this one, where both come from one clock and the
    answer is believable beside the time between their arrivals; else NOTHING."""
    cdef int64_t gap_ns, waited_ns = packet.received_ns - slot.rewrite.received_ns
    if slot.left_peer != worker.peers[track.peer].handle or track.sr_received_ns == 0:
        return NOTHING
    gap_ns = _capture_ns(track, packet.timestamp) - slot.left_capture_ns
    return gap_ns if 0 <= gap_ns and -BELIEVABLE_NS < gap_ns - waited_ns < BELIEVABLE_NS else NOTHING
