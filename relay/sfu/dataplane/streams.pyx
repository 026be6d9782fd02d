"""SSRC → track, learning (RFC 8843 §9.2) and retransmissions (RFC 4588 §4).

Rules:
- Nothing in a packet is believed before SRTP has authenticated it.
- An unknown SSRC is taken for the track whose MID it carries; failing that, for the only track that negotiated its
  payload type.
- Of a track with several encodings it is taken for the one whose RID it carries, retransmissions by the repaired RID
  (RFC 8852); without one it is nobody's.
- A track changes its SSRC only when the old one said goodbye, or fell silent and the new one names the MID: two
  senders do not fight over it.
- A packet from elsewhere is taken when the keys of the peer that sends its SSRC open it.
- SSRCs of no track are remembered, a few per peer: libsrtp keeps state for each, and the oldest is taken out again.
"""

from libc.stdint cimport int32_t, uint8_t, uint32_t
from libc.string cimport memcmp, memmove

from .header cimport read16, read_elements, strip_padding, write16, write32
from .hops cimport Total
from .receive cimport reception_restart
from .rewrite cimport rewrite_await
from .routes cimport Key, anywhere_key, stream_key, table_find, table_put, table_remove
from .srtp cimport forget_stream, unprotect
from .types cimport MID, NOTHING, REPAIRED_RID, RID
from .worker cimport MAX_STRANGERS

cdef enum:
    SILENT_NS = 1_000_000_000


cdef inline int32_t _stream(const Worker* worker, const Peer* peer, uint32_t ssrc) noexcept nogil:
    cdef Key key = stream_key(peer.row, False, ssrc)
    return table_find(&worker.streams, &key)


cdef void admit_stranger(Worker* worker, Peer* peer, uint32_t ssrc) noexcept nogil:
    """An authenticated packet had this SSRC: bound what libsrtp remembers for SSRCs of no track."""
    if _stream(worker, peer, ssrc) != NOTHING:
        return
    for index in range(peer.stranger_count):
        if peer.strangers[index] == ssrc:
            return
    if peer.stranger_count == MAX_STRANGERS:
        forget_stream(peer.receive_session, peer.strangers[0])
        peer.stranger_count -= 1
        memmove(&peer.strangers[0], &peer.strangers[1], peer.stranger_count * sizeof(uint32_t))
    peer.strangers[peer.stranger_count] = ssrc
    peer.stranger_count += 1


cdef inline void _no_stranger(Peer* peer, uint32_t ssrc) noexcept nogil:
    for index in range(peer.stranger_count):
        if peer.strangers[index] == ssrc:
            peer.stranger_count -= 1
            peer.strangers[index] = peer.strangers[peer.stranger_count]
            return


cdef Peer* owner_of(Worker* worker, Peer* peer, uint32_t ssrc) noexcept nogil:
    """Whose keys to try: those of the peer at the packet's address (NULL: there is none), unless only another peer
    sends this SSRC: it has moved, to an address nobody had or to one that a carrier's NAT took from somebody else.
    NULL: nobody's."""
    cdef Key key = anywhere_key(ssrc)
    cdef int32_t row
    if peer != NULL and _stream(worker, peer, ssrc) != NOTHING:
        return peer
    row = table_find(&worker.streams, &key)
    return peer if row == NOTHING else &worker.peers[worker.tracks[row >> 1].peer]


cdef Drop open_packet(Worker* worker, Peer* peer, Packet* packet) noexcept nogil:
    """Authenticate and decrypt; then read what may be read only now."""
    cdef Drop drop
    if peer.receive_session == NULL:
        return Drop.NO_KEYS
    drop = unprotect(peer.receive_session, packet.data, &packet.length)
    if drop != Drop.KEPT:
        return drop
    admit_stranger(worker, peer, packet.ssrc)
    drop = strip_padding(packet)
    if drop == Drop.KEPT:
        read_elements(packet, peer.kinds)
    return drop


cdef bint bind(Worker* worker, Track* track, uint32_t ssrc, bint rtx) noexcept nogil:
    """This SSRC is the track's (or its retransmissions'); False when the SSRC is another track's, or the table is
    full."""
    cdef Peer* peer = &worker.peers[track.peer]
    cdef Key key = stream_key(peer.row, False, ssrc)
    if table_find(&worker.streams, &key) != NOTHING or not table_put(&worker.streams, &key, 2 * track.row + rtx):
        return False
    if rtx:
        track.rtx_ssrc = ssrc
    else:
        track.ssrc = ssrc
    key = anywhere_key(ssrc)
    table_put(&worker.streams, &key, 2 * track.row + rtx)
    _no_stranger(peer, ssrc)
    return True


cdef void unbind(Worker* worker, Track* track, uint32_t ssrc) noexcept nogil:
    """The SSRC is nobody's any more."""
    cdef Peer* peer = &worker.peers[track.peer]
    cdef Key key = stream_key(peer.row, False, ssrc)
    if ssrc == 0:
        return
    table_remove(&worker.streams, &key)
    key = anywhere_key(ssrc)
    if table_find(&worker.streams, &key) >> 1 == track.row:
        table_remove(&worker.streams, &key)
    if peer.receive_session != NULL:
        forget_stream(peer.receive_session, ssrc)


cdef bint _rebind(Worker* worker, Track* track, uint32_t ssrc) noexcept nogil:
    """The sender goes on under another SSRC (collision, restart): to the slots that is a new source."""
    cdef int32_t row = track.first_slot
    unbind(worker, track, track.ssrc)
    unbind(worker, track, track.rtx_ssrc)
    track.ssrc = track.rtx_ssrc = 0
    track.ended = 0
    track.sr_received_ns = 0
    if track.dependency != NULL:
        track.dependency.template_count = 0
    reception_restart(&track.reception)
    while row != NOTHING:
        rewrite_await(&worker.slots[row].rewrite)
        row = worker.slots[row].next_of_track
    return bind(worker, track, ssrc, False)


cdef inline bint _has_type(const Track* track, const Packet* packet) noexcept nogil:
    return track.by_type[packet.payload_type] != NOTHING or track.by_rtx_type[packet.payload_type] != NOTHING


cdef inline int _element(const Packet* packet, int kind) noexcept nogil:
    cdef int index
    for index in range(packet.element_count):
        if packet.elements[index].kind == kind:
            return index
    return NOTHING


cdef inline bint _is_named(const Packet* packet, int element, const uint8_t* name, int length) noexcept nogil:
    return packet.elements[element].length == length and memcmp(
        name, packet.data + packet.elements[element].at, length
    ) == 0


cdef Track* _by_mid(Worker* worker, const Peer* peer, const Packet* packet) noexcept nogil:
    cdef int32_t row = peer.first_track
    cdef int element = _element(packet, MID)
    cdef Track* track
    if element == NOTHING:
        return NULL
    while row != NOTHING:
        track = &worker.tracks[row]
        if _is_named(packet, element, track.mid, track.mid_length):
            return track
        row = track.next_of_peer
    return NULL


cdef Track* _by_rid(Worker* worker, Track* track, const Packet* packet) noexcept nogil:
    """The encoding of the source, or NULL."""
    cdef bint repaired = track.by_rtx_type[packet.payload_type] != NOTHING
    cdef int element = _element(packet, REPAIRED_RID if repaired else RID)
    if element == NOTHING:
        return NULL
    while not _is_named(packet, element, track.rid, track.rid_length):
        if track.next_encoding == NOTHING:
            return NULL
        track = &worker.tracks[track.next_encoding]
    return track


cdef Track* _by_type(Worker* worker, const Peer* peer, const Packet* packet) noexcept nogil:
    """The only track of the peer with this payload type, else NULL."""
    cdef int32_t row = peer.first_track
    cdef Track* only = NULL
    while row != NOTHING:
        if _has_type(&worker.tracks[row], packet):
            if only != NULL:
                return NULL
            only = &worker.tracks[row]
        row = worker.tracks[row].next_of_peer
    return only


cdef int32_t _learn(Worker* worker, const Peer* peer, const Packet* packet) noexcept nogil:
    cdef Track* track = _by_mid(worker, peer, packet)
    cdef bint named = track != NULL
    if track == NULL:
        track = _by_type(worker, peer, packet)
    if track != NULL and track.many:
        track = _by_rid(worker, track, packet)
    if track == NULL:
        return NOTHING
    if track.by_rtx_type[packet.payload_type] != NOTHING:
        if track.rtx_ssrc == 0 and bind(worker, track, packet.ssrc, True):
            return 2 * track.row + 1
        return NOTHING
    if track.by_type[packet.payload_type] == NOTHING:
        return NOTHING
    if track.ssrc == 0:
        return 2 * track.row if bind(worker, track, packet.ssrc, False) else NOTHING
    if track.ended or (named and packet.received_ns - track.last_packet_ns > SILENT_NS):
        return 2 * track.row if _rebind(worker, track, packet.ssrc) else NOTHING
    return NOTHING


cdef Drop _restore(Track* track, Packet* packet) noexcept nogil:
    """Undo the RTX format (RFC 4588 §4): the original sequence number stands before the payload."""
    packet.payload = track.by_rtx_type[packet.payload_type]
    if packet.payload == NOTHING:
        return Drop.UNKNOWN_PAYLOAD_TYPE
    if packet.length - packet.payload_at <= 2:
        return Drop.EMPTY_RTX
    packet.sequence = read16(packet.data + packet.payload_at)
    packet.payload_type = track.payloads[packet.payload].payload_type
    packet.ssrc = track.ssrc
    packet.recovered = 1
    memmove(packet.data + 2, packet.data, packet.payload_at)
    packet.data += 2
    packet.length -= 2
    packet.data[1] = packet.marker << 7 | packet.payload_type
    write16(packet.data + 2, packet.sequence)
    write32(packet.data + 8, packet.ssrc)
    return Drop.KEPT


cdef Drop find_track(Worker* worker, Peer* peer, Packet* packet, Track** found) noexcept nogil:
    """The packet's track; a retransmission becomes the original packet again."""
    cdef int32_t row = _stream(worker, peer, packet.ssrc)
    if row == NOTHING:
        row = _learn(worker, peer, packet)
    if row == NOTHING:
        return Drop.UNKNOWN_SSRC
    found[0] = &worker.tracks[row >> 1]
    if row & 1:
        worker.hops.totals[<int> Total.RTX_IN] += 1
        return _restore(found[0], packet)
    packet.payload = found[0].by_type[packet.payload_type]
    return Drop.UNKNOWN_PAYLOAD_TYPE if packet.payload == NOTHING else Drop.KEPT
