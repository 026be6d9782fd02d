"""RTCP in, and NACK both ways (RFC 4585 §6.2.1, RFC 4588).

A receiver's NACK is answered from the track's ring under the numbers that the slot gave: by RTX where negotiated, else
by the very bytes that left before (an AEAD must never protect two different packets under one index). What a source
must send again is asked for once, however many slots it feeds. PLI and FIR become a notice: the control side collapses
and throttles them.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t

from .batch cimport tray_put
from .dispatch cimport dispatch, dispatch_rtcp, room
from .downlink cimport note_feedback, note_remb
from .feedback cimport Record, RecordKind, gather, walk
from .header cimport read32, write16, write32
from .history cimport Recall, Sent, SentForm, sent_recall, sent_stamp
from .hops cimport Drop, Total
from .receive cimport reception_ask
from .reports cimport note_report_block, note_sender_report
from .restore cimport payload_of, restore
from .routes cimport Key, stream_key, table_find
from .srtp cimport unprotect_rtcp
from .streams cimport admit_stranger
from .types cimport KEYFRAME_WANTED, NOTHING, RTCP, TRACK_ENDED, VIDEO, Label, Packet
from .worker cimport Payload, Slot, notice

cdef enum:
    REPORTER = 1               # SSRC of the requests: the relay reports, but is no source
    MAX_ASKED = 128            # PID and BLP pairs of one request
    ROUND_TRIP_NS = 100_000_000            # until it is measured


cdef Drop answer_reports(
    Worker* worker, Peer* peer, const Endpoint* source, uint8_t* data, int length, int64_t received_ns
) noexcept nogil:
    """One compound packet: its reports and requests are carried out, what is left goes to the control side."""
    cdef Drop drop
    cdef bint whole
    if peer.receive_session == NULL:
        return Drop.NO_KEYS
    if length < 8:
        return Drop.MALFORMED_RTCP
    drop = unprotect_rtcp(peer.receive_session, data, &length)
    if drop != Drop.KEPT:
        return drop
    admit_stranger(worker, peer, read32(data + 4))
    worker.hops.totals[<int> Total.RTCP_IN] += 1
    whole = walk(data, length, &worker.walk)
    for index in range(worker.walk.count):
        _carry_out(worker, peer, &worker.walk.records[index], data, received_ns)
    gather(data, &worker.walk)
    if worker.walk.remainder:
        drop = tray_put(&worker.tray, RTCP, peer.handle, source, data, worker.walk.remainder, received_ns)
    return drop if whole else Drop.MALFORMED_RTCP


cdef void _carry_out(
    Worker* worker, Peer* peer, const Record* record, const uint8_t* compound, int64_t received_ns
) noexcept nogil:
    if record.kind == RecordKind.TRANSPORT_FEEDBACK:
        note_feedback(worker, peer, compound + record.value, received_ns)
    elif record.kind == RecordKind.REMB:
        note_remb(worker, peer, record.value)
    else:
        _about_stream(worker, peer, record, received_ns)


cdef void _about_stream(Worker* worker, Peer* peer, const Record* record, int64_t received_ns) noexcept nogil:
    """Records about what the peer sends go to its track, records about what it receives to its slot."""
    cdef bint outgoing = record.kind != RecordKind.SENDER_REPORT and record.kind != RecordKind.BYE
    cdef Key key = stream_key(peer.row, outgoing, record.ssrc)
    cdef int32_t row = table_find(&worker.streams, &key)
    if row == NOTHING or row & 1:
        return
    if outgoing:
        _about_slot(worker, peer, &worker.slots[row >> 1], record, received_ns)
    elif record.kind == RecordKind.SENDER_REPORT:
        if worker.tracks[row >> 1].clock_rate_hz:
            note_sender_report(peer, &worker.tracks[row >> 1], record, received_ns)
    else:
        worker.tracks[row >> 1].ended = 1
        notice(worker, TRACK_ENDED, &worker.tracks[row >> 1].pending, worker.tracks[row >> 1].handle, received_ns)


cdef void _about_slot(Worker* worker, Peer* peer, Slot* slot, const Record* record, int64_t received_ns) noexcept nogil:
    if record.kind == RecordKind.REPORT_BLOCK:
        note_report_block(peer, slot, record, received_ns)
    elif record.kind == RecordKind.NACK:
        _answer_nack(worker, peer, slot, record.value, received_ns)
    elif record.kind == RecordKind.PLI:
        worker.hops.totals[<int> Total.PLIS_IN] += 1
        _want_keyframe(worker, slot, received_ns)
    elif slot.fir_sequence != <int> record.value:
        slot.fir_sequence = record.value
        worker.hops.totals[<int> Total.FIRS_IN] += 1
        _want_keyframe(worker, slot, received_ns)


cdef inline void _want_keyframe(Worker* worker, Slot* slot, int64_t now_ns) noexcept nogil:
    slot.plis_received += 1
    if slot.track != NOTHING:
        notice(worker, KEYFRAME_WANTED, &worker.tracks[slot.track].pending, worker.tracks[slot.track].handle, now_ns)


cdef void _answer_nack(Worker* worker, Peer* peer, Slot* slot, uint32_t asked, int64_t now_ns) noexcept nogil:
    """PID, and the 16 numbers after it by the bits of BLP."""
    cdef uint16_t first = asked >> 16
    cdef int bit
    _resend(worker, peer, slot, first, now_ns)
    for bit in range(16):
        if asked >> bit & 1:
            _resend(worker, peer, slot, <uint16_t> (first + bit + 1), now_ns)


cdef void _resend(Worker* worker, Peer* peer, Slot* slot, uint16_t sequence, int64_t now_ns) noexcept nogil:
    cdef const Sent* sent = NULL
    cdef Recall recall = sent_recall(&slot.log, sequence, now_ns, peer.round_trip_ns, &sent)
    slot.nacks_received += 1
    worker.hops.totals[<int> Total.NACKS_IN] += 1
    if recall == Recall.THROTTLED:
        worker.hops.totals[<int> Total.NACKS_THROTTLED] += 1
    elif recall == Recall.UNKNOWN or not _send_again(worker, peer, slot, sent):
        worker.hops.totals[<int> Total.NACKS_UNANSWERABLE] += 1
    else:
        slot.retransmitted += 1
        worker.hops.totals[<int> Total.RETRANSMITTED] += 1


cdef bint _send_again(Worker* worker, Peer* peer, Slot* slot, const Sent* sent) noexcept nogil:
    """Make the packet again from the copy in the ring; False when there is none."""
    cdef const Payload* payload
    cdef Packet packet
    cdef Label label
    cdef int length = 0
    if peer.send_session == NULL or peer.lane.name_length == 0:
        return False
    if not restore(worker, sent.track, sent.position, sent.form & SentForm.EMPTY, &packet):
        return False
    payload = payload_of(worker, slot, sent.track, &packet)
    if payload == NULL:
        return False
    label.marker = 1 if sent.form & SentForm.MARKED else 0
    label.timestamp = sent.timestamp
    label.picture = sent.picture
    label.level = sent.level
    label.key = sent.key
    _label_again(slot, payload, sent, &label)
    if dispatch(worker, peer, &packet, &label, 0, &length, NULL) != Drop.KEPT:
        return False
    if label.original == NOTHING:
        sent_stamp(&slot.log, &label)
    return True


cdef inline void _label_again(Slot* slot, const Payload* payload, const Sent* sent, Label* label) noexcept nogil:
    label.stamped = 0
    if slot.rtx_ssrc and payload.rtx_payload_type != NOTHING:
        label.ssrc = slot.rtx_ssrc
        label.payload_type = <uint8_t> payload.rtx_payload_type
        label.original = sent.sequence
        label.sequence = slot.rtx_sequence
        slot.rtx_sequence += 1
    else:
        label.ssrc = slot.ssrc
        label.payload_type = <uint8_t> payload.payload_type
        label.original = NOTHING
        label.sequence = sent.sequence
        label.stamped = sent.stamped
        label.departure = sent.departure
        label.send_time = sent.send_time


cdef void wound(Worker* worker, Track* track) noexcept nogil:
    """Put a track that misses packets on the list of those."""
    if not track.wounded and (track.reception.missing_count or track.reception.given_up):
        track.wounded = 1
        track.next_wounded = worker.first_wounded
        worker.first_wounded = track.row


cdef void ask_for_missing(Worker* worker, int64_t now_ns) noexcept nogil:
    """Ask the source of every track that misses packets for those that are due."""
    cdef int32_t row = worker.first_wounded
    cdef Track* track
    worker.first_wounded = NOTHING
    while row != NOTHING:
        track = &worker.tracks[row]
        row = track.next_wounded
        track.wounded = 0
        _ask(worker, track, now_ns)
        wound(worker, track)


cdef void _ask(Worker* worker, Track* track, int64_t now_ns) noexcept nogil:
    cdef Peer* peer = &worker.peers[track.peer]
    cdef uint32_t[MAX_ASKED] asked
    cdef int count
    cdef uint8_t* cell
    if peer.send_session == NULL or peer.lane.name_length == 0 or track.first_slot == NOTHING:
        return
    cell = room(worker)
    if cell == NULL:
        return
    count = reception_ask(
        &track.reception, now_ns, peer.round_trip_ns if peer.round_trip_ns else ROUND_TRIP_NS, asked, MAX_ASKED
    )
    if track.reception.given_up:
        track.reception.given_up = 0
        if track.kind == VIDEO:
            notice(worker, KEYFRAME_WANTED, &track.pending, track.handle, now_ns)
    if count:
        dispatch_rtcp(worker, peer, _write_request(cell, track.ssrc, asked, count))
        for index in range(count):
            _count_asked(worker, track, asked[index])


cdef inline void _count_asked(Worker* worker, Track* track, uint32_t asked) noexcept nogil:
    cdef int packets = 1, bit
    for bit in range(16):
        packets += asked >> bit & 1
    track.nacks_sent += packets
    worker.hops.totals[<int> Total.NACKS_OUT] += packets


cdef int _write_request(uint8_t* out, uint32_t ssrc, const uint32_t* asked, int count) noexcept nogil:
    """An empty receiver report, which makes the compound valid where reduced size (RFC 5506) is not negotiated, and a
    NACK."""
    cdef int index
    write32(out, 0x80C90001)
    write32(out + 4, REPORTER)
    write16(out + 8, 0x81CD)
    write16(out + 10, <uint16_t> (2 + count))
    write32(out + 12, REPORTER)
    write32(out + 16, ssrc)
    for index in range(count):
        write32(out + 20 + 4 * index, asked[index])
    return 20 + 4 * count
