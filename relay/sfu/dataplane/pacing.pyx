"""Which packets wait, and when they leave: pictures, in order, at the rate that the control side set. What waits is not
stored but named; it is made from the copy in its track's ring when it leaves.

Rules:
- Nothing waits longer than LONGEST_NS, and no more than MAX_WAITING packets do: then all that waits of that slot is given up, its
  numbers are left out, and it goes on at the next keyframe, which is asked for. A picture in pieces helps nobody.
- A probe is filled with what waits, then with repetitions of recent packets (RFC 4588), then with padding in the stream of
  retransmissions; never with packets that the receiver would take for media.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t
from libc.string cimport memset

from .departures cimport departures_in_flight
from .dispatch cimport dispatch, dispatch_padding
from .history cimport Sent, SentForm, sent_find, sent_forget
from .originals cimport send_original
from .pacer cimport Burst, Pacer, Waiting, pacer_admits, pacer_due_ns, pacer_head, pacer_pop, pacer_probe, pacer_push
from .reports cimport remember_capture
from .restore cimport payload_of, restore
from .rewrite cimport rewrite_await
from .routes cimport pool_row
from .types cimport KEYFRAME_WANTED, NOTHING
from .worker cimport Payload, notice

cdef enum:
    LONGEST_NS = 400_000_000
    PROBE_NS = 300_000_000     # the time a probe has, from when it was asked for
    MOST_REPEATED = 40         # packets of one probe


cdef bint is_open(const Peer* peer, int64_t now_ns) noexcept nogil:
    """Whether a packet may leave at once."""
    return peer.pacer.count == 0 and pacer_admits(&peer.pacer, now_ns, departures_in_flight(&peer.departures))


cdef inline void _list(Worker* worker, Peer* peer) noexcept nogil:
    if not peer.paced:
        peer.paced = 1
        peer.next_paced = worker.first_paced
        worker.first_paced = peer.row
    worker.pace_due_ns = worker.now_ns


cdef void unlist_paced(Worker* worker, Peer* peer) noexcept nogil:
    """The peer leaves."""
    cdef int32_t* link = &worker.first_paced
    if peer.paced:
        while link[0] != peer.row:
            link = &worker.peers[link[0]].next_paced
        link[0] = peer.next_paced
        peer.paced = 0


cdef void set_pace(Worker* worker, Peer* peer, int64_t rate_bps, int64_t window_bytes) noexcept nogil:
    peer.pacer.rate_bps = rate_bps
    peer.pacer.window_bytes = window_bytes
    if rate_bps == 0:
        peer.pacer.probe_count = 0
    if peer.paced:
        worker.pace_due_ns = worker.now_ns


cdef void probe(
    Worker* worker, Peer* peer, uint32_t cluster, int64_t rate_bps, int64_t size, int64_t packets, int64_t now_ns
) noexcept nogil:
    """Send so much at this rate; nothing to a peer that is not paced."""
    cdef Burst burst = Burst(cluster, rate_bps, size, packets, now_ns + PROBE_NS)
    if peer.pacer.rate_bps:
        worker.now_ns = now_ns
        pacer_probe(&peer.pacer, &burst)
        _list(worker, peer)


cdef Drop hold(
    Worker* worker, Peer* peer, const Track* track, Slot* slot, const Packet* packet, const Label* label
) noexcept nogil:
    """The packet waits; it has its numbers already."""
    cdef Waiting waiting
    waiting.track = track.handle
    waiting.slot = slot.handle
    waiting.position = packet.position
    waiting.since_ns = worker.now_ns
    waiting.size = packet.length
    waiting.empty = packet.length == packet.payload_at
    waiting.label = label[0]
    if not pacer_push(&peer.pacer, &waiting):
        sent_forget(&slot.log, label.sequence)
        _give_up(worker, peer, slot)
        return Drop.PACED_OUT
    _list(worker, peer)
    return Drop.KEPT


cdef void abandon(Worker* worker, Peer* peer, Slot* slot) noexcept nogil:
    """Nothing of the slot waits any more: it was paused, or waited too long."""
    cdef Pacer* pacer = &peer.pacer
    cdef Waiting waiting
    for _ in range(pacer.count):
        waiting = pacer_head(pacer)[0]
        if waiting.slot == slot.handle:
            pacer_pop(pacer)
            sent_forget(&slot.log, waiting.label.sequence)
            slot.dropped += 1
            worker.hops.drops[<int> Drop.PACED_OUT] += 1
        elif pacer.count > 1:
            pacer_pop(pacer)
            pacer_push(pacer, &waiting)


cdef void _give_up(Worker* worker, Peer* peer, Slot* slot) noexcept nogil:
    """What waits of the slot is dropped; it goes on at a keyframe."""
    abandon(worker, peer, slot)
    if slot.track != NOTHING and not slot.rewrite.waiting:
        remember_capture(worker, slot)
        rewrite_await(&slot.rewrite)
        notice(
            worker, KEYFRAME_WANTED, &worker.tracks[slot.track].pending, worker.tracks[slot.track].handle, worker.now_ns
        )


cdef void release(Worker* worker, int64_t now_ns) noexcept nogil:
    """Let leave what may, of all peers; `pace_due_ns` is when to come again."""
    cdef int32_t row = worker.first_paced
    cdef int64_t due_ns = 0, peer_due_ns
    cdef Peer* peer
    worker.now_ns = now_ns
    worker.first_paced = NOTHING
    while row != NOTHING:
        peer = &worker.peers[row]
        row = peer.next_paced
        peer.paced = 0
        if peer.send_session == NULL or peer.lane.name_length == 0:
            peer.pacer.probe_count = 0
        _release_peer(worker, peer)
        if peer.pacer.count or peer.pacer.probe_count:
            _list(worker, peer)
            peer_due_ns = pacer_due_ns(&peer.pacer, now_ns, departures_in_flight(&peer.departures))
            due_ns = min(due_ns, peer_due_ns) if due_ns else peer_due_ns
    worker.pace_due_ns = due_ns


cdef void _release_peer(Worker* worker, Peer* peer) noexcept nogil:
    cdef Pacer* pacer = &peer.pacer
    cdef int32_t row
    while pacer.count or pacer.probe_count:
        if pacer.count and worker.now_ns - pacer_head(pacer).since_ns > LONGEST_NS:
            row = pool_row(&worker.slot_pool, pacer_head(pacer).slot)
            if row == NOTHING:
                pacer_pop(pacer)
            else:
                _give_up(worker, peer, &worker.slots[row])
        elif pacer.rate_bps and not pacer_admits(pacer, worker.now_ns, departures_in_flight(&peer.departures)):
            return
        elif pacer.count:
            _let_go(worker, peer)
        elif worker.now_ns > pacer.probes[0].ends_ns or not _pad(worker, peer):
            pacer.probe_count = 0


cdef void _let_go(Worker* worker, Peer* peer) noexcept nogil:
    """The head leaves; unless its slot or its copy is gone, or it left meanwhile because it was asked for again."""
    cdef Waiting waiting = pacer_head(&peer.pacer)[0]
    cdef int32_t row = pool_row(&worker.slot_pool, waiting.slot)
    cdef const Sent* sent = NULL
    cdef Slot* slot
    cdef Packet packet
    pacer_pop(&peer.pacer)
    if row == NOTHING or peer.send_session == NULL or peer.lane.name_length == 0:
        return
    slot = &worker.slots[row]
    if slot.log.budget != NULL:
        sent = sent_find(&slot.log, waiting.label.sequence)
        if sent == NULL or sent.stamped:
            return
    if not restore(worker, waiting.track, waiting.position, waiting.empty, &packet):
        sent_forget(&slot.log, waiting.label.sequence)
        slot.dropped += 1
        worker.hops.drops[<int> Drop.PACED_OUT] += 1
        return
    send_original(worker, peer, slot, &packet, &waiting.label, packet.received_ns)


cdef bint _pad(Worker* worker, Peer* peer) noexcept nogil:
    """Something for the probe under way; False: the peer has no stream of retransmissions that has begun."""
    cdef int32_t row = peer.first_slot
    cdef Slot* slot = NULL
    while row != NOTHING:
        if worker.slots[row].rtx_ssrc and worker.slots[row].rewrite.begun:
            if slot == NULL or worker.slots[row].track != NOTHING:
                slot = &worker.slots[row]
        row = worker.slots[row].next_of_peer
    return slot != NULL and (_repeat(worker, peer, slot) or _fill(worker, peer, slot))


cdef void _label_rtx(Slot* slot, const Payload* payload, Label* label) noexcept nogil:
    memset(label, 0, sizeof(Label))
    label.ssrc = slot.rtx_ssrc
    label.payload_type = <uint8_t> payload.rtx_payload_type
    label.sequence = slot.rtx_sequence
    label.original = NOTHING
    slot.rtx_sequence += 1


cdef bint _repeat(Worker* worker, Peer* peer, Slot* slot) noexcept nogil:
    """A recent packet once more, going back one by one."""
    cdef const Sent* sent
    cdef const Payload* payload
    cdef Packet packet
    cdef Label label
    cdef int length = 0
    if slot.log.budget == NULL or peer.pacer.repeated == MOST_REPEATED:
        return False
    sent = sent_find(&slot.log, <uint16_t> (slot.rewrite.highest - peer.pacer.repeated))
    peer.pacer.repeated += 1
    if sent == NULL or not restore(worker, sent.track, sent.position, sent.form & SentForm.EMPTY, &packet):
        return False
    payload = payload_of(worker, slot, sent.track, &packet)
    if payload == NULL or payload.rtx_payload_type == NOTHING:
        return False
    _label_rtx(slot, payload, &label)
    label.original = sent.sequence
    label.marker = 1 if sent.form & SentForm.MARKED else 0
    label.timestamp = sent.timestamp
    label.picture = sent.picture
    label.level = sent.level
    label.key = sent.key
    return dispatch(worker, peer, &packet, &label, 0, &length, NULL) == Drop.KEPT


cdef bint _fill(Worker* worker, Peer* peer, Slot* slot) noexcept nogil:
    """Nothing but padding."""
    cdef Label label
    cdef int index
    for index in range(slot.payload_count):
        if slot.payloads[index].rtx_payload_type != NOTHING:
            _label_rtx(slot, &slot.payloads[index], &label)
            label.timestamp = slot.rewrite.timestamp
            return dispatch_padding(worker, peer, &label) == Drop.KEPT
    return False
