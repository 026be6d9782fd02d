"""Statistics of RFC 3550 A.1, A.3 and A.8, duplicates, and the list of missing packets with the requests for them (RFC
4585 §6.2.1).

Rules:
- Positions are sequence numbers extended to 64 bits; SRTP has authenticated them, so there is no probation (A.1).
- A position is taken once. What is older than the window is too late, whoever sends it.
- A missing packet is asked for when others overtook it for REORDERING_NS, again after each round trip, MAX_TRIES times.
- When that fails, or more than MAX_MISSING are missing, the whole list is given up: only a keyframe helps then.
"""

import cython

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memmove, memset

from .seq cimport extend

cdef enum:
    FIRST_CYCLE = 1 << 16          # positions start here, so that packets before the first one have room
    REORDERING_NS = 10_000_000     # what 5G carrier aggregation and retransmission on the radio reorder
    MIN_SPACING_NS = 20_000_000
    NS_PER_S = 1_000_000_000
    TRANSIT_STEP_S = 5             # a longer jump of the transit time is a new time base, not jitter


cdef void reception_open(Reception* reception) noexcept nogil:
    memset(reception, 0, sizeof(Reception))
    reception.first_cycle = FIRST_CYCLE
    reception.base = reception.highest = NOTHING


cdef void reception_restart(Reception* reception) noexcept nogil:
    """The stream goes on under another SSRC: statistics start again, at positions that were never used."""
    cdef int64_t first_cycle = ((reception.highest >> 16) + 2) << 16
    cdef bint repairing = reception.repairing
    reception_close(reception)
    reception_open(reception)
    reception.first_cycle = first_cycle
    reception.repairing = repairing


cdef void reception_close(Reception* reception) noexcept nogil:
    free(reception.missing)
    reception.missing = NULL
    reception.missing_count = reception.missing_capacity = 0


cdef void reception_forgo(Reception* reception) noexcept nogil:
    """Nobody needs what is missing."""
    reception.missing_count = 0
    reception.given_up = 0


cdef inline bint _is_seen(const Reception* reception, int64_t position) noexcept nogil:
    return reception.seen[(position // 64) % SEEN_WORDS] >> (position % 64) & 1


cdef inline void _set_seen(Reception* reception, int64_t position) noexcept nogil:
    reception.seen[(position // 64) % SEEN_WORDS] |= <uint64_t> 1 << (position % 64)


cdef inline void _clear_seen(Reception* reception, int64_t position) noexcept nogil:
    reception.seen[(position // 64) % SEEN_WORDS] &= ~(<uint64_t> 1 << (position % 64))


cdef void _give_up(Reception* reception) noexcept nogil:
    reception.missing_count = 0
    reception.given_up = 1


cdef bint _grow(Reception* reception) noexcept nogil:
    cdef int capacity = reception.missing_capacity * 2 if reception.missing_capacity else 32
    cdef Missing* bigger = <Missing*> realloc(reception.missing, capacity * sizeof(Missing))
    if bigger == NULL:
        return False
    reception.missing = bigger
    reception.missing_capacity = capacity
    return True


cdef void _list_missing(Reception* reception, int64_t first, int64_t end, int64_t now_ns) noexcept nogil:
    """`first` … `end` − 1 were overtaken."""
    cdef Missing* entry
    if not reception.repairing:
        return
    if reception.missing_count + (end - first) > MAX_MISSING:
        _give_up(reception)
        return
    for position in range(first, end):
        if reception.missing_count == reception.missing_capacity and not _grow(reception):
            _give_up(reception)
            return
        entry = &reception.missing[reception.missing_count]
        entry.position = position
        entry.at_ns = now_ns
        entry.tries = 0
        reception.missing_count += 1


cdef int64_t _found(Reception* reception, int64_t position, int64_t now_ns) noexcept nogil:
    """Take a position off the list; the time since it was asked for, if it was asked for exactly once, else 0."""
    cdef int low = 0, high = reception.missing_count, middle
    cdef int64_t round_trip_ns = 0
    cdef Missing* entry
    while low < high:
        middle = (low + high) // 2
        if reception.missing[middle].position < position:
            low = middle + 1
        else:
            high = middle
    if low == reception.missing_count or reception.missing[low].position != position:
        return 0
    entry = &reception.missing[low]
    if entry.tries == 1:
        round_trip_ns = now_ns - entry.at_ns
    reception.missing_count -= 1
    memmove(entry, entry + 1, (reception.missing_count - low) * sizeof(Missing))
    return round_trip_ns


cdef void _advance(Reception* reception, int64_t position, int64_t now_ns) noexcept nogil:
    """A new highest position."""
    cdef int64_t first = reception.highest + 1
    if position - first >= WINDOW:
        memset(reception.seen, 0, sizeof(reception.seen))
    else:
        for skipped in range(first, position):
            _clear_seen(reception, skipped)
    if position > first:
        _list_missing(reception, first, position, now_ns)
    reception.highest = position


cdef Drop reception_note(
    Reception* reception,
    uint16_t sequence,
    int64_t received_ns,
    bint recovered,
    int64_t* position,
    int64_t* round_trip_ns,
) noexcept nogil:
    """A packet came. Sets its position and, where it answers one request, the time that took; DUPLICATE or TOO_LATE
    otherwise."""
    round_trip_ns[0] = 0
    if reception.base == NOTHING:
        reception.base = reception.first_cycle + sequence
        reception.highest = reception.base - 1
    position[0] = extend(reception.highest, sequence)
    if position[0] > reception.highest:
        _advance(reception, position[0], received_ns)
    elif reception.highest - position[0] >= WINDOW:
        return Drop.TOO_LATE
    elif _is_seen(reception, position[0]):
        reception.duplicates += 1
        return Drop.DUPLICATE
    else:
        round_trip_ns[0] = _found(reception, position[0], received_ns)
        if position[0] < reception.base:
            reception.base = position[0]
    _set_seen(reception, position[0])
    if recovered:
        reception.recovered += 1
    else:
        reception.received += 1
    return Drop.KEPT


cdef void reception_time(
    Reception* reception, uint32_t timestamp, int64_t received_ns, uint32_t clock_rate_hz
) noexcept nogil:
    """Interarrival jitter (RFC 3550 A.8) by a packet that was not retransmitted."""
    cdef int64_t seconds = received_ns // NS_PER_S, rest_ns = received_ns % NS_PER_S
    cdef uint32_t arrival = <uint32_t> (seconds * clock_rate_hz + rest_ns * clock_rate_hz // NS_PER_S)
    cdef uint32_t transit = arrival - timestamp
    cdef int64_t step = <int32_t> (transit - reception.transit)
    cdef bint first = reception.received == 1
    reception.transit = transit
    if step < 0:
        step = -step
    if not first and step < TRANSIT_STEP_S * <int64_t> clock_rate_hz:
        reception.jitter_q4 += <uint32_t> (step - ((reception.jitter_q4 + 8) >> 4))


cdef int reception_ask(
    Reception* reception, int64_t now_ns, int64_t round_trip_ns, uint32_t* asked, int limit
) noexcept nogil:
    """Write what to ask for now as PID and BLP (RFC 4585 §6.2.1), at most `limit` of them; returns how many."""
    cdef int count = 0
    cdef int64_t spacing_ns = round_trip_ns if round_trip_ns > MIN_SPACING_NS else MIN_SPACING_NS
    cdef int64_t first = 0, ahead
    cdef Missing* entry
    if reception.missing_count and reception.highest - reception.missing[0].position >= WINDOW:
        _give_up(reception)
    for index in range(reception.missing_count):
        entry = &reception.missing[index]
        if 0 <= now_ns - entry.at_ns < (REORDERING_NS if entry.tries == 0 else spacing_ns):
            continue
        if entry.tries == MAX_TRIES:
            _give_up(reception)
            return count
        ahead = entry.position - first
        if count and 1 <= ahead <= 16:
            asked[count - 1] |= <uint32_t> 1 << (ahead - 1)
        elif count == limit:
            return count
        else:
            first = entry.position
            asked[count] = <uint32_t> (first & 0xFFFF) << 16
            count += 1
        entry.at_ns = now_ns
        entry.tries += 1
    return count


cdef uint8_t reception_fraction_lost(Reception* reception) noexcept nogil:
    """Loss since the last call, in 1/256 (RFC 3550 A.3)."""
    cdef int64_t expected = reception_expected(reception)
    cdef int64_t received = <int64_t> reception.received
    cdef int64_t expected_interval = expected - reception.expected_prior
    cdef int64_t lost_interval = expected_interval - (received - reception.received_prior)
    reception.expected_prior = expected
    reception.received_prior = received
    if expected_interval <= 0 or lost_interval <= 0:
        return 0
    return <uint8_t> (255 if lost_interval >= expected_interval else lost_interval * 256 // expected_interval)


@cython.final
cdef class StreamReception:
    """One stream's reception by itself, without socket and packet. For tests and tools."""

    cdef Reception reception
    cdef uint32_t clock_rate_hz

    def __cinit__(self, uint32_t clock_rate_hz, bint repairing=True):
        reception_open(&self.reception)
        self.reception.repairing = repairing
        self.clock_rate_hz = clock_rate_hz

    def __dealloc__(self):
        reception_close(&self.reception)

    def note(self, uint16_t sequence, uint32_t timestamp, int64_t now_ns, bint recovered=False):
        """A packet came: why it is dropped (0: it is not), its position, the round trip it shows (0: none)."""
        cdef int64_t position = 0, round_trip_ns = 0
        drop = reception_note(&self.reception, sequence, now_ns, recovered, &position, &round_trip_ns)
        if drop == 0 and not recovered:
            reception_time(&self.reception, timestamp, now_ns, self.clock_rate_hz)
        return drop, position, round_trip_ns

    def ask(self, int64_t now_ns, int64_t round_trip_ns, int limit=128):
        """(PID, BLP) pairs to send now."""
        cdef uint32_t[128] asked
        count = reception_ask(&self.reception, now_ns, round_trip_ns, asked, min(limit, 128))
        return [(asked[<int> index] >> 16, asked[<int> index] & 0xFFFF) for index in range(count)]

    def fraction_lost(self):
        """In 1/256, since the last call."""
        return reception_fraction_lost(&self.reception)

    def restart(self):
        """The stream goes on under another SSRC."""
        reception_restart(&self.reception)

    @property
    def jitter(self):
        """In units of the clock rate."""
        return self.reception.jitter_q4 >> 4

    @property
    def expected(self):
        """Positions from the lowest to the highest."""
        return reception_expected(&self.reception)

    @property
    def missing(self):
        """Positions to be asked for, rising."""
        return [self.reception.missing[<int> index].position for index in range(self.reception.missing_count)]

    @property
    def given_up(self):
        """Whether a list of missing packets was dropped since the last look."""
        told = bool(self.reception.given_up)
        self.reception.given_up = 0
        return told
