"""What happens to a datagram, in the order it happens:

    receive → classify → peer → unprotect → track → note → keep → for each slot: label → compose → protect → send

Every step returns Drop.KEPT or why the packet goes no further.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t
from libc.stdlib cimport calloc

from ._inet cimport MSG_TRUNC
from .allowance cimport allowance_take
from .batch cimport tray_put
from .classify cimport classify
from .dependency cimport Dependency, dependency_read
from .encodings cimport note_encoding
from .endpoint cimport read_sockaddr
from .header cimport empty_packet, read_header
from .history cimport ring_keep, sent_note
from .hops cimport Drop, Total
from .layers cimport layering_admits, layering_ends
from .originals cimport send_original
from .pacing cimport hold, must_wait, release
from .payload cimport RED, inspect, red_primary
from .receive cimport reception_note, reception_time
from .repair cimport answer_reports, ask_for_missing, wound
from .reports cimport capture_gap_ns
from .rewrite cimport rewrite_label, rewrite_skip
from .routes cimport Key, endpoint_key, table_find
from .socket cimport clock_ns, socket_flush
from .streams cimport find_track, open_packet, owner_of
from .types cimport (
    AUDIO, AUDIO_LEVEL, CELL, DEPENDENCY_DESCRIPTOR, FOREIGN, KEYFRAME_SEEN, KEYFRAME_WANTED, NOTHING, RTCP, RTP, STRAY, STUN,
    TRACK_STARTED, VIDEO, Endpoint, Label, Packet, Start,
)
from .uplink cimport note_arrival
from .worker cimport Payload, Peer, Slot, Track, note_round_trip, notice

cdef enum:
    STRAY_NS = 20_000_000


cdef void forward(Worker* worker, int count) noexcept nogil:
    """One batch of `count` datagrams in the inbox; what it causes is sent before this returns."""
    worker.now_ns = clock_ns()
    for row in range(count):
        worker.hops.drops[<int> _take(worker, row)] += 1
    if count:
        ask_for_missing(worker, worker.inbox.received_ns[count - 1])
        if worker.first_paced != NOTHING:
            release(worker, clock_ns())
    socket_flush(worker.fd, &worker.outbox, &worker.hops)


cdef Drop _take(Worker* worker, int row) noexcept nogil:
    """One datagram, by protocol."""
    cdef uint8_t* data = worker.inbox.cells + row * CELL
    cdef int length = worker.inbox.headers[row].msg_len
    cdef int64_t received_ns = worker.inbox.received_ns[row]
    cdef int protocol = classify(data, length)
    cdef int64_t handle
    cdef Endpoint source
    cdef Peer* peer
    if worker.inbox.headers[row].msg_hdr.msg_flags & MSG_TRUNC:
        return Drop.CUT
    if protocol == FOREIGN:
        return Drop.FOREIGN_PROTOCOL
    read_sockaddr(&worker.inbox.names[row], &source)
    source.via = worker.inbox.via[row]
    peer = _peer_at(worker, &source)
    if protocol == RTP:
        return _media(worker, peer, &source, data, length, received_ns)
    if protocol == RTCP:
        if peer == NULL:
            return Drop.UNKNOWN_ADDRESS
        return answer_reports(worker, peer, &source, data, length, received_ns)
    worker.hops.totals[<int> (Total.STUN_IN if protocol == STUN else Total.DTLS_IN)] += 1
    handle = NOTHING if peer == NULL else peer.handle
    return tray_put(&worker.tray, protocol, handle, &source, data, length, received_ns)


cdef inline Peer* _peer_at(Worker* worker, const Endpoint* source) noexcept nogil:
    cdef Key key = endpoint_key(source)
    cdef int32_t row = table_find(&worker.addresses, &key)
    return NULL if row == NOTHING else &worker.peers[row]


cdef inline bint _may_send(const Worker* worker, Peer* peer, int length, int64_t received_ns) noexcept nogil:
    """Whether the peer keeps to its rate with this packet."""
    return peer.trusted or allowance_take(&peer.allowance, worker.peer_rate_bytes_s, length, received_ns)


cdef Drop _media(
    Worker* worker, Peer* here, const Endpoint* source, uint8_t* data, int length, int64_t received_ns
) noexcept nogil:
    """An RTP packet, from the wire to the slots. `here`: the peer at its address, or NULL."""
    cdef Packet packet
    cdef Peer* peer = NULL
    cdef Track* track = NULL
    cdef Drop drop = read_header(&packet, data, length, received_ns)
    if drop == Drop.KEPT:
        peer = owner_of(worker, here, packet.ssrc)
        drop = Drop.UNKNOWN_ADDRESS if peer == NULL else open_packet(worker, peer, &packet)
    if drop == Drop.KEPT and not _may_send(worker, peer, length, received_ns):
        drop = Drop.OVER_RATE
    if drop == Drop.KEPT:
        note_arrival(worker, peer, &packet)
        if peer != here:
            _tell_stray(worker, peer, source, received_ns)
    if drop == Drop.KEPT:
        drop = find_track(worker, peer, &packet, &track)
    if drop == Drop.KEPT:
        drop = _note(worker, peer, track, &packet)
    if drop == Drop.KEPT:
        _fan_out(worker, track, &packet)
    return drop


cdef inline void _tell_stray(Worker* worker, Peer* peer, const Endpoint* source, int64_t received_ns) noexcept nogil:
    """The peer sends from an address that is not one of its own: the control side will ask it for proof, and asks
    again by itself only when it is told again."""
    if not 0 <= received_ns - peer.stray_ns < STRAY_NS:
        peer.stray_ns = received_ns
        tray_put(&worker.tray, STRAY, peer.handle, source, NULL, 0, received_ns)


cdef Drop _note(Worker* worker, Peer* peer, Track* track, Packet* packet) noexcept nogil:
    """Give the packet its position on the track's line, and see what it carries."""
    cdef const Payload* payload = &track.payloads[packet.payload]
    cdef int64_t round_trip_ns = 0
    cdef Drop drop = reception_note(
        &track.reception, packet.sequence, packet.received_ns, packet.recovered, &packet.position, &round_trip_ns
    )
    if drop != Drop.KEPT:
        return drop
    packet.newest = packet.position == track.reception.highest
    if round_trip_ns > 0 and packet.recovered:
        note_round_trip(peer, round_trip_ns)
    if not packet.recovered:
        reception_time(&track.reception, packet.timestamp, packet.received_ns, payload.clock_rate_hz)
    if packet.length > packet.payload_at:
        inspect(payload.family, packet)
        if packet.descriptor.framed:
            _note_dependency(track, packet)
    if packet.start == Start.WITH_SETS:
        track.in_band = packet.payload
    elif track.in_band == packet.payload:
        packet.start = Start.NOWHERE
    wound(worker, track)
    _tell(worker, track, packet, payload)
    return Drop.KEPT


cdef void _note_dependency(Track* track, Packet* packet) noexcept nogil:
    """Read the descriptor with what is known of the track; without memory the packet goes to everybody."""
    cdef int length = 0
    if track.dependency == NULL:
        track.dependency = <Dependency*> calloc(1, sizeof(Dependency))
        if track.dependency == NULL:
            return
    for index in range(packet.element_count):
        if packet.elements[index].at + 1 == packet.descriptor.frame_at:
            length = packet.elements[index].length
    dependency_read(track.dependency, packet.data + packet.descriptor.frame_at - 1, length, packet)


cdef inline void _tell(Worker* worker, Track* track, const Packet* packet, const Payload* payload) noexcept nogil:
    """Totals and notices of a track."""
    worker.hops.totals[<int> Total.RTP_IN] += 1
    if track.packets == 0:
        _tell_started(worker, &worker.tracks[track.lead], packet.received_ns)
    track.packets += 1
    track.layered |= packet.layer.present
    track.layer_bytes[packet.layer.spatial][packet.layer.temporal] += packet.length
    track.bytes += packet.length
    track.last_packet_ns = packet.received_ns
    track.clock_rate_hz = payload.clock_rate_hz
    if track.kind == AUDIO:
        _note_loudness(track, packet)
    if track.kind != VIDEO or not packet.start:
        return
    if track.keyframes == 0 or packet.timestamp != track.keyframe_timestamp:
        track.keyframes += 1
        track.keyframe_timestamp = packet.timestamp
        notice(worker, KEYFRAME_SEEN, &track.pending, track.handle, packet.received_ns)


cdef inline void _note_loudness(Track* track, const Packet* packet) noexcept nogil:
    """RFC 6464: the level is in −dBov, 0 the loudest."""
    for index in range(packet.element_count):
        if packet.elements[index].kind == AUDIO_LEVEL and packet.elements[index].length:
            track.loudness += 127 - (packet.data[packet.elements[index].at] & 0x7F)
            track.levels += 1


cdef inline void _tell_started(Worker* worker, Track* lead, int64_t now_ns) noexcept nogil:
    if not lead.started:
        lead.started = 1
        notice(worker, TRACK_STARTED, &lead.pending, lead.handle, now_ns)


cdef void _fan_out(Worker* worker, Track* track, const Packet* packet) noexcept nogil:
    """Into every slot that the track feeds."""
    cdef int32_t row
    cdef Drop drop
    if track.many:
        note_encoding(worker, track, packet)
    row = track.first_slot
    if row != NOTHING:
        worker.now_ns = clock_ns()
        ring_keep(&track.ring, packet)
    while row != NOTHING:
        drop = _into_slot(worker, track, &worker.slots[row], packet)
        if drop != Drop.KEPT:
            worker.hops.drops[<int> drop] += 1
            worker.slots[row].dropped += drop != Drop.LAYER_NOT_WANTED
        if drop == Drop.AWAITING_KEYFRAME and track.kind == VIDEO:
            notice(worker, KEYFRAME_WANTED, &track.pending, track.handle, packet.received_ns)
        row = worker.slots[row].next_of_track


cdef inline const Packet* _as_taken(
    const Track* track, const Slot* slot, const Packet* packet, Packet* copy
) noexcept nogil:
    """The packet in a format that the slot takes: redundant audio narrowed in `copy` where need be; NULL: there is none."""
    cdef int index = slot.by_payload[packet.payload]
    if index == NOTHING:
        return NULL
    if track.payloads[packet.payload].family != RED or slot.payloads[index].family == RED:
        return packet
    copy[0] = packet[0]
    return copy if red_primary(copy) else NULL


cdef Drop _into_slot(Worker* worker, const Track* track, Slot* slot, const Packet* packet) noexcept nogil:
    """One copy, under the slot's numbers, to the slot's receiver."""
    cdef Peer* peer = &worker.peers[slot.peer]
    cdef int index = slot.by_payload[packet.payload]
    cdef uint32_t clock_rate_hz = track.payloads[packet.payload].clock_rate_hz
    cdef int64_t since_last_ns = NOTHING
    cdef Packet filler
    cdef Label label
    cdef Drop drop
    packet = _as_taken(track, slot, packet, &filler)
    if packet == NULL:
        return Drop.CODEC_MISMATCH
    if peer.send_session == NULL or peer.lane.name_length == 0:
        return Drop.NO_PATH
    if slot.rewrite.waiting:
        since_last_ns = capture_gap_ns(worker, slot, track, packet)
    label.marker = packet.marker
    if packet.layer.present:
        if packet.layer.target_of != NULL and peer.ids[<int> DEPENDENCY_DESCRIPTOR] == 0:
            # Without the descriptor a receiver cannot tell the spatial layers of a picture apart.
            slot.layering.wanted_spatial = 0
        if not layering_admits(&slot.layering, packet):
            if rewrite_skip(&slot.rewrite, packet):
                return Drop.LAYER_NOT_WANTED
            filler = packet[0]
            empty_packet(&filler)
            packet = &filler
        label.marker = layering_ends(&slot.layering, packet)
    drop = rewrite_label(&slot.rewrite, packet, clock_rate_hz, since_last_ns, &label)
    if drop != Drop.KEPT:
        return drop
    label.ssrc = slot.ssrc
    label.payload_type = slot.payloads[index].payload_type
    label.stamped = 0
    slot.clock_rate_hz = clock_rate_hz
    sent_note(&slot.log, track.handle, packet.position, &label, packet.length == packet.payload_at, packet.received_ns)
    if must_wait(worker, peer, track.kind):
        return hold(worker, peer, track, slot, packet, &label)
    return send_original(worker, peer, slot, packet, &label, 0 if packet.recovered else packet.received_ns)
