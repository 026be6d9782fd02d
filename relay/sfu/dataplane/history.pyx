"""Retransmission: a ring of bytes per track, shared by all its slots, and a log per slot of the numbers it gave.

The ring is one run of bytes without end of which the last `capacity` are in memory. A packet is there as long as its
bytes are; nothing is ever evicted or moved. Memory, index and log start small and double while they hold less than
KEEP_NS of the stream, up to a bound of their own and to the budget of the worker, so a stream costs what its bitrate
needs.
"""

import cython

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy, memset

cdef enum:
    KEEP_NS = 500_000_000          # a retransmission that comes later is no use to a conversation
    VIDEO_BYTES = 1 << 17
    AUDIO_BYTES = 1 << 14
    MAX_BYTES = 1 << 21            # 0.5 s of 32 Mbit/s
    MIN_SPACING_NS = 10_000_000


cdef inline bint _afford(Budget* budget, int64_t size) noexcept nogil:
    if budget.used_bytes + size > budget.limit_bytes:
        return False
    budget.used_bytes += size
    return True


cdef bint ring_open(Ring* ring, Budget* budget, bint video) noexcept nogil:
    """False when memory or the budget is exhausted; the ring keeps nothing then."""
    cdef int packets = VIDEO_PACKETS if video else AUDIO_PACKETS
    cdef uint64_t capacity = VIDEO_BYTES if video else AUDIO_BYTES
    memset(ring, 0, sizeof(Ring))
    if not _afford(budget, capacity + packets * sizeof(Kept)):
        return False
    ring.budget = budget
    ring.capacity = capacity
    ring.mask = packets - 1
    ring.bytes = <uint8_t*> malloc(capacity)
    ring.index = <Kept*> calloc(packets, sizeof(Kept))
    if ring.bytes == NULL or ring.index == NULL:
        ring_close(ring)
        return False
    return True


cdef void ring_close(Ring* ring) noexcept nogil:
    if ring.budget != NULL:
        ring.budget.used_bytes -= ring.capacity + (ring.mask + 1) * sizeof(Kept)
    free(ring.bytes)
    free(ring.index)
    memset(ring, 0, sizeof(Ring))


cdef void _double_bytes(Ring* ring) noexcept nogil:
    """Twice the memory, at the beginning of a lap: the last lap moves as one block to the half that is not written
    next."""
    cdef uint64_t old = ring.capacity
    cdef uint8_t* bigger
    if old == MAX_BYTES or not _afford(ring.budget, old):
        return
    bigger = <uint8_t*> malloc(2 * old)
    if bigger == NULL:
        ring.budget.used_bytes -= old
        return
    ring.start = ring.end - old
    memcpy(bigger + ring.start % (2 * old), ring.bytes, old)
    free(ring.bytes)
    ring.bytes = bigger
    ring.capacity = 2 * old


cdef void _double_index(Ring* ring) noexcept nogil:
    cdef int64_t size = ring.mask + 1
    cdef Kept* bigger
    if size == MAX_KEPT or not _afford(ring.budget, size * sizeof(Kept)):
        return
    bigger = <Kept*> calloc(2 * size, sizeof(Kept))
    if bigger == NULL:
        ring.budget.used_bytes -= size * sizeof(Kept)
        return
    for row in range(size):
        if ring.index[row].length:
            bigger[ring.index[row].position & (2 * size - 1)] = ring.index[row]
    free(ring.index)
    ring.index = bigger
    ring.mask = 2 * size - 1


cdef inline void _begin_lap(Ring* ring, int64_t now_ns) noexcept nogil:
    """The rest of the memory is too short for the packet: go on at its beginning."""
    ring.end = (ring.end + ring.capacity - 1) // ring.capacity * ring.capacity
    if now_ns - ring.lap_ns < KEEP_NS:
        _double_bytes(ring)
    ring.lap_ns = now_ns


cdef void ring_keep(Ring* ring, const Packet* packet) noexcept nogil:
    """Keep a copy of the packet; the oldest bytes make room."""
    cdef uint64_t length = packet.length
    cdef Kept* kept
    if ring.budget == NULL:
        return
    if ring.end == 0:
        ring.lap_ns = packet.received_ns
    if ring.end % ring.capacity + length > ring.capacity or (ring.end and ring.end % ring.capacity == 0):
        _begin_lap(ring, packet.received_ns)
    kept = &ring.index[packet.position & ring.mask]
    if kept.length and packet.received_ns - kept.received_ns < KEEP_NS and kept.position != packet.position:
        _double_index(ring)
        kept = &ring.index[packet.position & ring.mask]
    memcpy(ring.bytes + ring.end % ring.capacity, packet.data, length)
    kept.position = packet.position
    kept.at = ring.end
    kept.length = <uint32_t> length
    kept.received_ns = packet.received_ns
    ring.end += length


cdef const Kept* ring_find(const Ring* ring, int64_t position) noexcept nogil:
    """The packet at a position, or NULL when it is not in memory (any more)."""
    cdef const Kept* kept
    if ring.budget == NULL:
        return NULL
    kept = &ring.index[position & ring.mask]
    if kept.length == 0 or kept.position != position or kept.at < ring.start or ring.end - kept.at > ring.capacity:
        return NULL
    return kept


cdef uint8_t* ring_bytes(const Ring* ring, const Kept* kept) noexcept nogil:
    """Good until the next packet is kept."""
    return ring.bytes + kept.at % ring.capacity


cdef bint sent_open(SentLog* log, Budget* budget, bint video) noexcept nogil:
    """False when memory or the budget is exhausted; nothing is remembered then."""
    cdef int size = VIDEO_PACKETS if video else AUDIO_PACKETS
    memset(log, 0, sizeof(SentLog))
    if not _afford(budget, size * sizeof(Sent)):
        return False
    log.budget = budget
    log.mask = size - 1
    log.entries = <Sent*> calloc(size, sizeof(Sent))
    if log.entries == NULL:
        sent_close(log)
        return False
    return True


cdef void sent_close(SentLog* log) noexcept nogil:
    if log.budget != NULL:
        log.budget.used_bytes -= (log.mask + 1) * sizeof(Sent)
    free(log.entries)
    memset(log, 0, sizeof(SentLog))


cdef void sent_clear(SentLog* log) noexcept nogil:
    """What left cannot be made again byte by byte, and must not be made otherwise under the same number."""
    if log.budget != NULL:
        memset(log.entries, 0, (log.mask + 1) * sizeof(Sent))


cdef void _double_log(SentLog* log) noexcept nogil:
    cdef int size = log.mask + 1
    cdef Sent* bigger
    if size == MAX_SENT or not _afford(log.budget, size * sizeof(Sent)):
        return
    bigger = <Sent*> calloc(2 * size, sizeof(Sent))
    if bigger == NULL:
        log.budget.used_bytes -= size * sizeof(Sent)
        return
    for row in range(size):
        if log.entries[row].form:
            bigger[log.entries[row].sequence & (2 * size - 1)] = log.entries[row]
    free(log.entries)
    log.entries = bigger
    log.mask = 2 * size - 1


cdef void sent_note(
    SentLog* log, int64_t track, int64_t position, const Label* label, bint empty, int64_t now_ns
) noexcept nogil:
    """The packet of `track` at `position` left under these numbers."""
    cdef uint32_t now_us = <uint32_t> (now_ns // 1_000)
    cdef Sent* sent
    if log.budget == NULL:
        return
    sent = &log.entries[label.sequence & log.mask]
    if sent.form and now_us - sent.at_us < KEEP_NS // 1_000:
        _double_log(log)
        sent = &log.entries[label.sequence & log.mask]
    sent.track = track
    sent.position = position
    sent.timestamp = label.timestamp
    sent.at_us = now_us
    sent.sequence = label.sequence
    sent.picture = label.picture
    sent.level = label.level
    sent.key = label.key
    sent.resends = 0
    sent.form = SentForm.TAKEN | (SentForm.EMPTY if empty else 0) | (SentForm.MARKED if label.marker else 0)
    sent.stamped = 0


cdef const Sent* sent_find(const SentLog* log, uint16_t sequence) noexcept nogil:
    """What has, or is to leave under, this number; NULL: not known (any more)."""
    cdef const Sent* sent
    if log.budget == NULL:
        return NULL
    sent = &log.entries[sequence & log.mask]
    return sent if sent.form and sent.sequence == sequence else NULL


cdef void sent_forget(SentLog* log, uint16_t sequence) noexcept nogil:
    """Nothing leaves under this number."""
    if log.budget != NULL and log.entries[sequence & log.mask].sequence == sequence:
        log.entries[sequence & log.mask].form = 0


cdef void sent_stamp(SentLog* log, const Label* label) noexcept nogil:
    """The original packet left with these stamps: without RTX it leaves again with the same, for an AEAD must never protect
    two different packets under one index (RFC 7714 §11)."""
    cdef Sent* sent
    if log.budget == NULL:
        return
    sent = &log.entries[label.sequence & log.mask]
    if sent.form and sent.sequence == label.sequence:
        sent.stamped = label.stamped
        sent.departure = label.departure
        sent.send_time = label.send_time


cdef Recall sent_recall(
    SentLog* log, uint16_t sequence, int64_t now_ns, int64_t round_trip_ns, const Sent** found
) noexcept nogil:
    """What left under `sequence`, if it may leave again now: once per round trip, MAX_RESENDS times."""
    cdef uint32_t now_us = <uint32_t> (now_ns // 1_000)
    cdef int64_t spacing_ns = round_trip_ns if round_trip_ns > MIN_SPACING_NS else MIN_SPACING_NS
    cdef Sent* sent
    if log.budget == NULL:
        return Recall.UNKNOWN
    sent = &log.entries[sequence & log.mask]
    if not sent.form or sent.sequence != sequence:
        return Recall.UNKNOWN
    if sent.resends == MAX_RESENDS or (sent.resends and now_us - sent.at_us < spacing_ns // 1_000):
        return Recall.THROTTLED
    sent.resends += 1
    sent.at_us = now_us
    found[0] = sent
    return Recall.ANSWER


@cython.final
cdef class StreamHistory:
    """A ring and a log by themselves, without socket. For tests and tools."""

    cdef Budget budget
    cdef Ring ring
    cdef SentLog log

    def __cinit__(self, bint video, int64_t budget_bytes=1 << 30):
        self.budget.limit_bytes = budget_bytes
        ring_open(&self.ring, &self.budget, video)
        sent_open(&self.log, &self.budget, video)

    def __dealloc__(self):
        ring_close(&self.ring)
        sent_close(&self.log)

    def keep(self, int64_t position, bytes data not None, int64_t now_ns):
        """The packet at `position` came."""
        cdef Packet packet
        packet.data = data
        packet.length = <int> len(data)
        packet.position = position
        packet.received_ns = now_ns
        ring_keep(&self.ring, &packet)

    def find(self, int64_t position):
        """The bytes of the packet at `position`, or None."""
        cdef const Kept* kept = ring_find(&self.ring, position)
        return None if kept == NULL else <bytes> ring_bytes(&self.ring, kept)[:kept.length]

    def note(self, uint16_t sequence, int64_t position, int64_t now_ns):
        """It left under `sequence`."""
        cdef Label label
        label.sequence = sequence
        label.timestamp = label.picture = label.level = label.key = label.marker = 0
        sent_note(&self.log, 0, position, &label, False, now_ns)

    def recall(self, uint16_t sequence, int64_t now_ns, int64_t round_trip_ns):
        """What to do about a NACK (0 answer, 1 too soon or too often, 2 not known), and the position that left under
        it."""
        cdef const Sent* sent = NULL
        verdict = sent_recall(&self.log, sequence, now_ns, round_trip_ns, &sent)
        return verdict, None if sent == NULL else sent.position

    @property
    def used_bytes(self):
        """Of the budget."""
        return self.budget.used_bytes
