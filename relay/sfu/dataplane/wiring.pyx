"""Changes of routes. Every list is a chain of rows; whoever is removed is unlinked from all of them first."""

from libc.stdint cimport int32_t, int64_t, uint32_t
from libc.stdlib cimport free
from libc.string cimport memcmp, memcpy, memmove, memset

from ._inet cimport sockaddr_in6
from .connections cimport connection_behind
from .departures cimport departures_close
from .downlink cimport unlist_told
from .encodings cimport join_source, leave_source
from .endpoint cimport write_sockaddr
from .history cimport ring_close, sent_clear, sent_close
from .layers cimport layering_open
from .pacer cimport pacer_close
from .pacing cimport unlist_paced
from .payload cimport RED
from .parity cimport parity_close
from .receive cimport reception_close, reception_open
from .reports cimport remember_capture
from .rewrite cimport rewrite_await
from .routes cimport Key, endpoint_key, pool_give, pool_handle, stream_key, table_find, table_put, table_remove
from .streams cimport bind, unbind
from .types cimport FIRST_DOOR, KEYFRAME_WANTED, NOTHING, OPUS, VIDEO
from .uplink cimport unlist_heard
from .worker cimport MAX_ADDRESSES, Payload, notice


cdef Peer* open_peer(Worker* worker, int32_t row) noexcept nogil:
    cdef Peer* peer = &worker.peers[row]
    memset(peer, 0, sizeof(Peer))
    peer.row = row
    peer.handle = pool_handle(&worker.peer_pool, row)
    peer.first_track = peer.first_slot = peer.next_heard = peer.next_told = peer.next_paced = peer.lane.head = peer.lane.tail = NOTHING
    return peer


cdef Track* _open_row(
    Worker* worker, int32_t peer, int32_t row, int kind, const Payload* payloads, int count
) noexcept nogil:
    cdef Track* track = &worker.tracks[row]
    cdef int index
    memset(track, 0, sizeof(Track))
    track.row = track.lead = row
    track.handle = pool_handle(&worker.track_pool, row)
    track.peer = peer
    track.kind = kind
    track.first_slot = track.first_member = track.next_encoding = track.next_wounded = track.in_band = NOTHING
    track.payload_count = count
    memset(track.by_type, NOTHING, sizeof(track.by_type))
    memset(track.by_rtx_type, NOTHING, sizeof(track.by_rtx_type))
    for index in range(count):
        track.payloads[index] = payloads[index]
        track.by_type[payloads[index].payload_type] = index
        if payloads[index].rtx_payload_type != NOTHING:
            track.by_rtx_type[payloads[index].rtx_payload_type] = index
    reception_open(&track.reception)
    return track


cdef Track* open_track(
    Worker* worker, Peer* peer, int32_t row, int kind, const Payload* payloads, int count, uint32_t ssrc, uint32_t rtx_ssrc
) noexcept nogil:
    """The SSRCs, where given, are free."""
    cdef Track* track = _open_row(worker, peer.row, row, kind, payloads, count)
    track.next_of_peer = peer.first_track
    peer.first_track = row
    if ssrc:
        bind(worker, track, ssrc, False)
    if rtx_ssrc:
        bind(worker, track, rtx_ssrc, True)
    return track


cdef Track* open_encoding(Worker* worker, Track* lead, int32_t row) noexcept nogil:
    """One more encoding of the source, above those it has; its SSRCs are to be learned."""
    cdef Track* track = _open_row(worker, lead.peer, row, lead.kind, lead.payloads, lead.payload_count)
    cdef Track* last = lead
    while last.next_encoding != NOTHING:
        last = &worker.tracks[last.next_encoding]
    last.next_encoding = row
    track.lead = lead.row
    track.encoding = last.encoding + 1
    track.many = lead.many = 1
    return track


cdef Slot* open_slot(
    Worker* worker, Peer* peer, int32_t row, const Payload* payloads, int count, uint32_t ssrc, uint32_t rtx_ssrc
) noexcept nogil:
    """The SSRCs are free; `rtx_ssrc` may be 0."""
    cdef Slot* slot = &worker.slots[row]
    cdef Key key = stream_key(peer.row, True, ssrc)
    memset(slot, 0, sizeof(Slot))
    slot.row = row
    slot.handle = pool_handle(&worker.slot_pool, row)
    slot.peer = peer.row
    slot.next_of_peer = peer.first_slot
    peer.first_slot = row
    slot.ssrc = ssrc
    slot.rtx_ssrc = rtx_ssrc
    slot.payload_count = count
    memcpy(slot.payloads, payloads, count * sizeof(Payload))
    slot.source = slot.next_member = slot.target = slot.track = slot.next_of_track = slot.fir_sequence = NOTHING
    layering_open(&slot.layering)
    slot.wanted_spatial = slot.layering.wanted_spatial
    slot.wanted_temporal = slot.layering.wanted_temporal
    slot.left_peer = slot.round_trip_ns = NOTHING
    table_put(&worker.streams, &key, 2 * row)
    if rtx_ssrc:
        key = stream_key(peer.row, True, rtx_ssrc)
        table_put(&worker.streams, &key, 2 * row + 1)
    return slot


cdef void _forget_address(Worker* worker, Peer* peer, int index) noexcept nogil:
    cdef Key key = endpoint_key(&peer.addresses[index])
    table_remove(&worker.addresses, &key)
    peer.address_count -= 1
    memmove(&peer.addresses[index], &peer.addresses[index + 1], (peer.address_count - index) * sizeof(Endpoint))


cdef inline int _index_of(const Peer* peer, const Endpoint* address) noexcept nogil:
    for index in range(peer.address_count):
        if memcmp(&peer.addresses[index], address, sizeof(Endpoint)) == 0:
            return index
    return NOTHING


cdef void adopt_address(Worker* worker, Peer* peer, const Endpoint* address) noexcept nogil:
    """The peer is reached there from now on. Its oldest address makes room; an address of another peer changes hands,
    and that peer has no path then: a carrier's NAT gave its port away."""
    cdef Key key = endpoint_key(address)
    cdef int32_t owner = table_find(&worker.addresses, &key)
    cdef int index
    if owner != NOTHING:
        index = _index_of(&worker.peers[owner], address)
        if owner != peer.row and index == worker.peers[owner].address_count - 1:
            leave_path(worker, &worker.peers[owner])
        _forget_address(worker, &worker.peers[owner], index)
    elif peer.address_count == MAX_ADDRESSES:
        _forget_address(worker, peer, 0)
    peer.addresses[peer.address_count] = address[0]
    peer.address_count += 1
    table_put(&worker.addresses, &key, peer.row)
    open_lane(worker, address, &peer.lane)


cdef void open_lane(Worker* worker, const Endpoint* address, Lane* lane) noexcept nogil:
    """Lead the lane to the address, and from the address of ours or over the connection that it names."""
    lane.local = NULL
    lane.connection = NULL
    if address.via >= FIRST_DOOR:
        lane.connection = connection_behind(worker, address.via)
        lane.name_length = 0 if lane.connection == NULL else sizeof(sockaddr_in6)
        return
    lane.name_length = write_sockaddr(address, worker.family, &lane.name)
    if 0 < address.via <= <uint32_t> worker.inbox.local_count:
        lane.local = &worker.inbox.locals[address.via - 1]


cdef void leave_path(Worker* worker, Peer* peer) noexcept nogil:
    """Nothing is sent to the peer any more. When it has a path again, its slots go on without a gap in their numbers, pictures
    at a keyframe."""
    cdef int32_t row = peer.first_slot
    peer.lane.name_length = 0
    peer.lane.connection = NULL
    while row != NOTHING:
        if worker.slots[row].track != NOTHING and not worker.slots[row].rewrite.waiting:
            remember_capture(worker, &worker.slots[row])
            rewrite_await(&worker.slots[row].rewrite)
        row = worker.slots[row].next_of_peer


cdef void leave_address(Worker* worker, const Endpoint* address) noexcept nogil:
    """Nothing goes there or is taken from there any more; whose current path it was has none then."""
    cdef Key key = endpoint_key(address)
    cdef int32_t owner = table_find(&worker.addresses, &key)
    cdef int index
    if owner == NOTHING:
        return
    index = _index_of(&worker.peers[owner], address)
    if index == worker.peers[owner].address_count - 1:
        leave_path(worker, &worker.peers[owner])
    _forget_address(worker, &worker.peers[owner], index)


cdef void want_keyframes(Worker* worker, const Peer* peer, int64_t now_ns) noexcept nogil:
    """The peer can be sent to now: a keyframe that came before was lost on it."""
    cdef int32_t row = peer.first_slot
    cdef Track* track
    if peer.send_session == NULL or peer.lane.name_length == 0:
        return
    while row != NOTHING:
        if worker.slots[row].track != NOTHING and worker.slots[row].rewrite.waiting:
            track = &worker.tracks[worker.slots[row].track]
            if track.kind == VIDEO:
                notice(worker, KEYFRAME_WANTED, &track.pending, track.handle, now_ns)
        row = worker.slots[row].next_of_peer


cdef inline bint _narrows(const Payload* redundant, const Payload* plain) noexcept nogil:
    """Whether what is left of redundant audio without the redundancy is what the slot takes."""
    return redundant.family == RED and plain.family == OPUS and redundant.clock_rate_hz == plain.clock_rate_hz


cdef inline void _pair_payloads(Slot* slot, const Track* track) noexcept nogil:
    for index in range(track.payload_count):
        slot.by_payload[index] = NOTHING
        for candidate in range(slot.payload_count):
            if slot.payloads[candidate].codec == track.payloads[index].codec:
                slot.by_payload[index] = candidate
                break
            if _narrows(&track.payloads[index], &slot.payloads[candidate]):
                slot.by_payload[index] = candidate


cdef void attach_slot(Worker* worker, Slot* slot, Track* track, int64_t now_ns) noexcept nogil:
    """The source that `track` leads feeds the slot from its next suitable packet on."""
    leave_source(worker, slot)
    _pair_payloads(slot, track)
    slot.first_packet_ns = 0
    slot.pending = 0
    join_source(worker, slot, track, now_ns)


cdef void _unlink_wounded(Worker* worker, const Track* track) noexcept nogil:
    cdef int32_t* link = &worker.first_wounded
    if not track.wounded:
        return
    while link[0] != track.row:
        link = &worker.tracks[link[0]].next_wounded
    link[0] = track.next_wounded


cdef void _close_row(Worker* worker, Track* track) noexcept nogil:
    _unlink_wounded(worker, track)
    unbind(worker, track, track.ssrc)
    unbind(worker, track, track.rtx_ssrc)
    reception_close(&track.reception)
    ring_close(&track.ring)
    free(track.dependency)
    track.dependency = NULL
    pool_give(&worker.track_pool, track.row)


cdef void remove_track(Worker* worker, Track* lead) noexcept nogil:
    """With all its encodings."""
    cdef int32_t* link = &worker.peers[lead.peer].first_track
    cdef int32_t row = lead.row
    cdef Track* track
    while lead.first_member != NOTHING:
        leave_source(worker, &worker.slots[lead.first_member])
    while link[0] != lead.row:
        link = &worker.tracks[link[0]].next_of_peer
    link[0] = lead.next_of_peer
    while row != NOTHING:
        track = &worker.tracks[row]
        row = track.next_encoding
        _close_row(worker, track)


cdef void remove_slot(Worker* worker, Slot* slot) noexcept nogil:
    cdef int32_t* link = &worker.peers[slot.peer].first_slot
    cdef Key key
    leave_source(worker, slot)
    while link[0] != slot.row:
        link = &worker.slots[link[0]].next_of_peer
    link[0] = slot.next_of_peer
    key = stream_key(slot.peer, True, slot.ssrc)
    table_remove(&worker.streams, &key)
    if slot.rtx_ssrc:
        key = stream_key(slot.peer, True, slot.rtx_ssrc)
        table_remove(&worker.streams, &key)
    sent_close(&slot.log)
    parity_close(&slot.parity)
    pool_give(&worker.slot_pool, slot.row)


cdef void remove_peer(Worker* worker, Peer* peer) noexcept nogil:
    unlist_heard(worker, peer)
    unlist_told(worker, peer)
    unlist_paced(worker, peer)
    pacer_close(&peer.pacer)
    departures_close(&peer.departures)
    while peer.first_track != NOTHING:
        remove_track(worker, &worker.tracks[peer.first_track])
    while peer.first_slot != NOTHING:
        remove_slot(worker, &worker.slots[peer.first_slot])
    while peer.address_count:
        _forget_address(worker, peer, 0)
    peer.receive_session = peer.send_session = NULL
    pool_give(&worker.peer_pool, peer.row)


cdef void forget_sent(Worker* worker, const Peer* peer) noexcept nogil:
    """The peer's extension ids change: packets of its tracks, and those in its slots, would be made with other bytes
    than before."""
    cdef int32_t row = peer.first_slot, track = peer.first_track
    while row != NOTHING:
        sent_clear(&worker.slots[row].log)
        row = worker.slots[row].next_of_peer
    while track != NOTHING:
        row = worker.tracks[track].first_member
        while row != NOTHING:
            sent_clear(&worker.slots[row].log)
            row = worker.slots[row].next_member
        track = worker.tracks[track].next_of_peer
