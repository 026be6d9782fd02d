"""Slots and the encodings of their source.

A source is one track, or several that show the same picture in different sizes (simulcast, RFC 8853); the first of them
leads, and knows the slots of all. Each slot is fed by one encoding and aims at one: the best that is wanted and alive.

Rules:
- The way from one encoding to another leads over a keyframe of the other; until it comes, the old one goes on. On the
  way down it goes on in its base temporal layer only.
- A slot that shows nothing yet takes the first keyframe that is no better than what it aims at; one that goes up takes
  every step on its way.
- An encoding is dead when it is silent while others go on: a sender stops the large ones when its uplink or its
  processor is short. The slots it fed aim at the next best, and return when it is back.
- A slot that carries one encoding on (to another worker) takes that one alone: never a step, never the next best.
- The ring of an encoding that feeds nobody is given back after a while.
"""

from libc.stdint cimport int32_t, int64_t

from .history cimport ring_close, ring_open, sent_open
from .receive cimport reception_forgo
from .reports cimport remember_capture
from .rewrite cimport rewrite_await
from .types cimport KEYFRAME_WANTED, LAYERS, NOTHING, VIDEO
from .worker cimport PAUSED, notice

cdef enum:
    SILENT_NS = 500_000_000
    SILENT_FRAMES = 8          # frames of the others meanwhile
    ASSESS_NS = 100_000_000
    RING_NS = 1_000_000_000    # a receiver may still ask for what it was sent before the switch


cdef Track* encoding_of(Worker* worker, Track* lead, int index) noexcept nogil:
    """By its place from the lowest; the last one if there are fewer."""
    while index > 0 and lead.next_encoding != NOTHING:
        lead = &worker.tracks[lead.next_encoding]
        index -= 1
    return lead


cdef inline bint _is_alive(const Track* lead, const Track* track, int64_t now_ns) noexcept nogil:
    if track.packets == 0 or track.ended:
        return False
    return now_ns - track.last_packet_ns < SILENT_NS or lead.frames - track.heard_frames < SILENT_FRAMES


cdef Track* _best(Worker* worker, Track* lead, const Slot* slot, int64_t now_ns) noexcept nogil:
    """What the slot should aim at: the best living encoding that is not above what is wanted, else the least living one,
    else what is wanted."""
    cdef Track* track = lead
    cdef Track* best = NULL
    while True:
        if _is_alive(lead, track, now_ns) and (best == NULL or track.encoding <= slot.wanted_spatial):
            best = track
        if track.next_encoding == NOTHING:
            break
        track = &worker.tracks[track.next_encoding]
    return encoding_of(worker, lead, slot.wanted_spatial) if best == NULL else best


cdef inline bint _repairs(const Track* track) noexcept nogil:
    """Whether missing packets are asked for: video always, audio where RTX is negotiated."""
    for index in range(track.payload_count):
        if track.payloads[index].rtx_payload_type != NOTHING:
            return True
    return track.kind == VIDEO


cdef void _feed(Worker* worker, Slot* slot, Track* track) noexcept nogil:
    slot.track = track.row
    slot.next_of_track = track.first_slot
    track.first_slot = slot.row
    track.reception.repairing = _repairs(track)
    if track.ring.budget == NULL:
        ring_open(&track.ring, &worker.budget, track.kind == VIDEO)
    if slot.log.budget == NULL:
        sent_open(&slot.log, &worker.budget, slot.kind == VIDEO)


cdef void _starve(Worker* worker, Slot* slot) noexcept nogil:
    """Nothing feeds the slot; its numbers wait to be continued."""
    cdef Track* track
    cdef int32_t* link
    if slot.track == NOTHING:
        return
    track = &worker.tracks[slot.track]
    remember_capture(worker, slot)
    link = &track.first_slot
    while link[0] != slot.row:
        link = &worker.slots[link[0]].next_of_track
    link[0] = slot.next_of_track
    slot.track = NOTHING
    rewrite_await(&slot.rewrite)
    if track.first_slot == NOTHING:
        track.reception.repairing = 0
        reception_forgo(&track.reception)


cdef void _settle(Worker* worker, Track* lead) noexcept nogil:
    """Count again how many slots wait for which encoding, and thin out what is to be left downwards."""
    cdef int32_t row = lead.row
    cdef Slot* slot
    while row != NOTHING:
        worker.tracks[row].awaited = 0
        row = worker.tracks[row].next_encoding
    lead.unsettled = 0
    row = lead.first_member
    while row != NOTHING:
        slot = &worker.slots[row]
        row = slot.next_member
        slot.layering.wanted_temporal = slot.wanted_temporal
        if slot.target == NOTHING or slot.target == slot.track:
            continue
        lead.unsettled += 1
        worker.tracks[slot.target].awaited += 1
        if slot.track != NOTHING and worker.tracks[slot.target].encoding < worker.tracks[slot.track].encoding:
            slot.layering.wanted_temporal = 0


cdef void _aim(Worker* worker, Slot* slot, int64_t now_ns) noexcept nogil:
    """Choose again what should feed the slot."""
    cdef Track* lead = &worker.tracks[slot.source]
    cdef Track* best
    if slot.wanted_spatial == PAUSED:
        slot.target = NOTHING
        _starve(worker, slot)
        return
    best = encoding_of(worker, lead, slot.wanted_spatial) if slot.exact else _best(worker, lead, slot, now_ns)
    if slot.target == best.row and slot.track != NOTHING:
        return
    slot.target = best.row
    if slot.track == NOTHING or (slot.rewrite.waiting and slot.track != best.row):
        _starve(worker, slot)
        _feed(worker, slot, best)
    if best.kind == VIDEO and (slot.rewrite.waiting or slot.track != best.row):
        notice(worker, KEYFRAME_WANTED, &best.pending, best.handle, now_ns)


cdef void join_source(Worker* worker, Slot* slot, Track* lead, int64_t now_ns) noexcept nogil:
    """The source feeds the slot from its next suitable packet on."""
    slot.source = lead.row
    slot.next_member = lead.first_member
    lead.first_member = slot.row
    _limit(lead, slot)
    _aim(worker, slot, now_ns)
    _settle(worker, lead)


cdef void leave_source(Worker* worker, Slot* slot) noexcept nogil:
    """The slot is nobody's."""
    cdef Track* lead
    cdef int32_t* link
    if slot.source == NOTHING:
        return
    lead = &worker.tracks[slot.source]
    _starve(worker, slot)
    link = &lead.first_member
    while link[0] != slot.row:
        link = &worker.slots[link[0]].next_member
    link[0] = slot.next_member
    slot.source = slot.target = NOTHING
    _settle(worker, lead)


cdef inline void _limit(const Track* lead, Slot* slot) noexcept nogil:
    """Of a simulcast source every encoding is forwarded with all its spatial layers."""
    cdef bint whole = lead.many or slot.wanted_spatial == PAUSED
    slot.layering.wanted_spatial = LAYERS - 1 if whole else slot.wanted_spatial
    slot.layering.wanted_temporal = slot.wanted_temporal


cdef void select_layer(Worker* worker, Slot* slot, int spatial, int temporal, int64_t now_ns) noexcept nogil:
    """The most that the slot wants from now on."""
    cdef Track* lead
    cdef bint rises = spatial > slot.wanted_spatial
    cdef bint barred = slot.layering.sparse and 0 <= spatial < slot.wanted_spatial
    slot.wanted_spatial = PAUSED if spatial < 0 else min(spatial, LAYERS - 1)
    slot.wanted_temporal = max(0, min(temporal, LAYERS - 1))
    if slot.source == NOTHING:
        return
    lead = &worker.tracks[slot.source]
    _limit(lead, slot)
    _aim(worker, slot, now_ns)
    _settle(worker, lead)
    rises = rises and slot.layering.spatial < slot.layering.wanted_spatial
    if (rises or barred) and lead.layered and not lead.many:
        notice(worker, KEYFRAME_WANTED, &lead.pending, lead.handle, now_ns)


cdef inline bint _is_step(const Worker* worker, const Slot* slot, const Track* track) noexcept nogil:
    """Whether a keyframe of `track` brings the slot nearer to what it aims at."""
    cdef int wanted
    if slot.target == NOTHING or slot.track == track.row:
        return False
    if slot.target == track.row:
        return True
    if slot.exact:
        return False
    wanted = worker.tracks[slot.target].encoding
    return track.encoding < wanted and (
        slot.rewrite.waiting or track.encoding > worker.tracks[slot.track].encoding
    )


cdef void _take_keyframe(Worker* worker, Track* lead, Track* track) noexcept nogil:
    cdef int32_t row = lead.first_member
    cdef Slot* slot
    while row != NOTHING:
        slot = &worker.slots[row]
        row = slot.next_member
        if _is_step(worker, slot, track):
            _starve(worker, slot)
            _feed(worker, slot, track)
    _settle(worker, lead)


cdef void _assess(Worker* worker, Track* lead, int64_t now_ns) noexcept nogil:
    cdef int32_t row = lead.first_member
    cdef Track* track = lead
    lead.assessed_ns = now_ns
    while row != NOTHING:
        _aim(worker, &worker.slots[row], now_ns)
        row = worker.slots[row].next_member
    _settle(worker, lead)
    while True:
        if track.first_slot == NOTHING and track.ring.budget != NULL and now_ns - track.last_fed_ns > RING_NS:
            ring_close(&track.ring)
        if track.next_encoding == NOTHING:
            return
        track = &worker.tracks[track.next_encoding]


cdef void note_encoding(Worker* worker, Track* track, const Packet* packet) noexcept nogil:
    """A packet of one of several encodings came: see who lives, and let slots change over to it."""
    cdef Track* lead = &worker.tracks[track.lead]
    lead.frames += packet.marker
    track.heard_frames = lead.frames
    if packet.start or not 0 <= packet.received_ns - lead.assessed_ns < ASSESS_NS:
        _assess(worker, lead, packet.received_ns)
    if lead.unsettled and packet.newest and packet.length > packet.payload_at:
        if packet.start:
            _take_keyframe(worker, lead, track)
        elif track.awaited:
            notice(worker, KEYFRAME_WANTED, &track.pending, track.handle, packet.received_ns)
    if track.first_slot != NOTHING:
        track.last_fed_ns = packet.received_ns
