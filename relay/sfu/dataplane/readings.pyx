"""The state of a worker as records for Python."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

from .batch cimport TrayEntry
from .departures cimport Told, departures_in_flight, departures_read
from .endpoint cimport format_address
from .receive cimport reception_expected, reception_fraction_lost
from .reports cimport give_sender_info
from .routes cimport pool_row
from .types cimport LAYERS, NOTHING, SLOT_STARTED
from .worker cimport NoticeRow, Peer

from .records import Arrival, Downlink, Feedback, Notice, ReceptionReport, SenderInfo, SlotStats, TrackStats

cdef enum:
    PATIENCE_NS = 250_000_000  # of news about a settled downlink


cdef list read_tray(Worker* worker):
    """What is for the control side; the tray is empty then."""
    cdef const TrayEntry* entry
    cdef int index
    arrivals = []
    for index in range(worker.tray.count):
        entry = &worker.tray.entries[index]
        data = (<char*> worker.tray.data + entry.at)[:entry.length]
        arrivals.append(Arrival(entry.kind, entry.peer, format_address(&entry.source), data, entry.received_ns))
    worker.tray.count = worker.tray.used = 0
    return arrivals


cdef inline uint8_t* _pending(Worker* worker, const NoticeRow* row) noexcept:
    """The bits of what a notice is about, or NULL when that is gone."""
    cdef bint about_slot = row.kind == SLOT_STARTED
    cdef int32_t index = pool_row(&worker.slot_pool if about_slot else &worker.track_pool, row.handle)
    if index == NOTHING:
        return NULL
    return &worker.slots[index].pending if about_slot else &worker.tracks[index].pending


cdef list read_notices(Worker* worker):
    """What happened to tracks and slots that still are; it may be noticed again then."""
    cdef const NoticeRow* row
    cdef uint8_t* pending
    cdef int index
    notices = []
    for index in range(worker.notice_count):
        row = &worker.notices[index]
        pending = _pending(worker, row)
        if pending != NULL:
            pending[0] = 0
            notices.append(Notice(row.kind, row.handle, row.at_ns))
    worker.notice_count = 0
    return notices


cdef inline bint _can_wait(const Peer* peer, int64_t now_ns) noexcept:
    cdef const Told* told = peer.departures.told
    if not peer.pacer.settled or peer.remb_bps or told == NULL or told.urgent:
        return False
    return -PATIENCE_NS < now_ns - told.first_heard_ns < PATIENCE_NS


cdef list read_downlinks(Worker* worker, int64_t now_ns):
    """Of every peer that sent feedback since the last call, unless that can wait."""
    cdef int32_t* link = &worker.first_told
    cdef Peer* peer
    found = []
    while link[0] != NOTHING:
        peer = &worker.peers[link[0]]
        if _can_wait(peer, now_ns):
            link = &peer.next_told
            continue
        link[0] = peer.next_told
        peer.told = 0
        found.append(read_downlink(peer, True, now_ns))
    return found


cdef object read_downlink(Peer* peer, bint told, int64_t now_ns):
    """Totals of a peer; `told`: also what it said, which is forgotten then."""
    feedback, remb_bps = None, 0
    if told:
        if peer.departures.told != NULL and peer.departures.told.messages:
            feedback = Feedback(*departures_read(&peer.departures, now_ns))
        remb_bps = peer.remb_bps
        peer.remb_bps = 0
    in_flight = departures_in_flight(&peer.departures)
    return Downlink(peer.handle, peer.departures.total_bytes, in_flight, feedback, remb_bps)


cdef object read_reception(Track* track, int64_t now_ns):
    """A report block (RFC 3550 §6.4.1), or None before the first packet."""
    cdef int64_t lost
    cdef uint32_t last_sr = 0, delay = 0
    if track.reception.base == NOTHING:
        return None
    lost = reception_expected(&track.reception) - <int64_t> track.reception.received
    if track.sr_received_ns:
        last_sr = <uint32_t> (track.sr_ntp >> 16)
        delay = <uint32_t> ((now_ns - track.sr_received_ns) // 1_000 * 65_536 // 1_000_000)
    return ReceptionReport(
        track.ssrc,
        reception_fraction_lost(&track.reception),
        max(-0x800000, min(lost, 0x7FFFFF)),
        <uint32_t> (track.reception.highest - track.reception.first_cycle),
        track.reception.jitter_q4 >> 4,
        last_sr,
        delay,
    )


cdef object read_sender_info(Worker* worker, Slot* slot, int64_t now_ns):
    """A sender report as of now, or None while there is nothing to tell."""
    cdef uint64_t ntp = 0
    cdef uint32_t timestamp = 0
    if not give_sender_info(worker, slot, now_ns, &ntp, &timestamp):
        return None
    return SenderInfo(slot.ssrc, ntp, timestamp, <uint32_t> slot.packets, <uint32_t> slot.octets)


cdef object read_track(const Track* track):
    """Totals of a track."""
    cdef int64_t expected = reception_expected(&track.reception)
    return TrackStats(
        packets=track.packets,
        bytes=track.bytes,
        lost=max(0, expected - <int64_t> track.reception.received - <int64_t> track.reception.recovered),
        recovered=track.reception.recovered,
        duplicates=track.reception.duplicates,
        jitter_ms=track.reception.jitter_q4 / 16.0 * 1e3 / track.clock_rate_hz if track.clock_rate_hz else 0.0,
        nacks_sent=track.nacks_sent,
        keyframes=track.keyframes,
        last_packet_ns=track.last_packet_ns,
    )


cdef object read_slot(const Slot* slot):
    """Totals of a slot."""
    return SlotStats(
        packets=slot.packets,
        bytes=slot.bytes,
        dropped=slot.dropped,
        nacks_received=slot.nacks_received,
        retransmitted=slot.retransmitted,
        plis_received=slot.plis_received,
        remote_fraction_lost=slot.remote_lost / 256.0,
        remote_jitter_ms=slot.remote_jitter * 1e3 / slot.clock_rate_hz if slot.clock_rate_hz else 0.0,
        rtt_ms=slot.round_trip_ns / 1e6 if slot.round_trip_ns != NOTHING else -1.0,
        first_packet_ns=slot.first_packet_ns,
    )


cdef tuple _top(const Track* track):
    """The highest spatial and temporal layer that the stream ever had."""
    spatial = temporal = 0
    for s in range(LAYERS):
        for t in range(LAYERS):
            if track.layer_bytes[<int> s][<int> t]:
                spatial, temporal = max(spatial, s), max(temporal, t)
    return spatial, temporal


cdef tuple read_layer(const Worker* worker, const Slot* slot):
    """The layer that leaves: of a simulcast source the place of the encoding, else the spatial layer; -1: none."""
    cdef const Track* track
    if slot.track == NOTHING or slot.rewrite.waiting:
        return -1, 0
    track = &worker.tracks[slot.track]
    spatial, temporal = _top(track)
    spatial = track.encoding if track.many else min(spatial, slot.layering.spatial)
    return spatial, min(temporal, slot.layering.temporal)


cdef uint64_t _up_to(const Track* track, int spatial, int temporal):
    cdef uint64_t total = 0
    for s in range(spatial + 1):
        for t in range(temporal + 1):
            total += track.layer_bytes[<int> s][<int> t]
    return total


cdef list read_layers(const Worker* worker, const Track* lead):
    """Bytes so far by layer, each with all that it depends on."""
    cdef const Track* track = lead
    rows = []
    while True:
        top_spatial, top_temporal = _top(track)
        if track.packets and track.many:
            rows += [(track.encoding, t, _up_to(track, top_spatial, t)) for t in range(top_temporal + 1)]
        elif track.packets:
            rows += [(s, t, _up_to(track, s, t)) for s in range(top_spatial + 1) for t in range(top_temporal + 1)]
        if track.next_encoding == NOTHING:
            return rows
        track = &worker.tracks[track.next_encoding]
