"""Feedback messages (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1) → bursts and sums, as
`relay.sfu.ports.Feedback` defines them; `tests/support/oracle/sent_packets.py` is the readable twin.

Rules:
- A number means the newest packet that left under its 16 bits. Each packet counts once as received, and at most once
  before as lost.
- A group spans at most 5 ms of sending; packets that caught up with it on the way (they arrive within 5 ms, faster than
  they were sent) belong to it too, up to 100 ms of arrival.
- What must be acted on at once makes the whole urgent; the rest may wait where the downlink is settled.
- A message is read only after `feedback_is_whole`: its chunks cover its count, and its deltas are all there.
"""

from libc.stdint cimport int16_t, int64_t, uint8_t, uint16_t

from .departures cimport (
    MAX_CLUSTERS, MAX_GROUPS, MAX_MESSAGES, Cluster, Departure, Fate, Group, Told, departures_find,
)
from .header cimport read16, read32

cdef enum:
    HEAD = 20                  # RTCP header, two SSRCs, base and count, time and feedback count
    SMALL = 1
    LARGE = 2
    TICK_US = 250
    REFERENCE_US = 64_000
    GROUP_NS = 5_000_000
    CAUGHT_UP_US = 5_000
    BURST_US = 100_000
    GROWN_US = 5_000           # a queue begins to form: pictures come in bursts of some milliseconds

cdef int64_t WRAP_US = (<int64_t> 1 << 24) * REFERENCE_US


ctypedef struct Chunk:
    uint16_t bits
    int count                  # of statuses


cdef inline Chunk _chunk(const uint8_t* at, int left) noexcept nogil:
    """A run, or a vector of 14 or 7 statuses, cut to what is left of the message."""
    cdef Chunk chunk
    chunk.bits = read16(at)
    chunk.count = chunk.bits & 0x1FFF
    if chunk.bits & 0x8000:
        chunk.count = 7 if chunk.bits & 0x4000 else 14
    if chunk.count > left:
        chunk.count = left
    return chunk


cdef inline int _status(Chunk chunk, int index) noexcept nogil:
    if not chunk.bits & 0x8000:
        return chunk.bits >> 13
    if chunk.bits & 0x4000:
        return chunk.bits >> (12 - 2 * index) & 3
    return chunk.bits >> (13 - index) & 1


cdef inline int _delta_bytes(Chunk chunk) noexcept nogil:
    """Of all its statuses; the reserved one has none."""
    cdef int index, size = 0
    if not chunk.bits & 0x8000:
        return chunk.count * (chunk.bits >> 13) if chunk.bits >> 13 <= LARGE else 0
    for index in range(chunk.count):
        if _status(chunk, index) <= LARGE:
            size += _status(chunk, index)
    return size


cdef bint feedback_is_whole(const uint8_t* packet, int length) noexcept nogil:
    """Whether the message, without padding, holds what it declares."""
    cdef int at = HEAD, left, deltas = 0
    cdef Chunk chunk
    if length < HEAD:
        return False
    left = read16(packet + 14)
    while left:
        if at + 2 > length:
            return False
        chunk = _chunk(packet + at, left)
        deltas += _delta_bytes(chunk)
        left -= chunk.count
        at += 2
    return at + deltas <= length


cdef inline int _first_delta(const uint8_t* packet) noexcept nogil:
    cdef int at = HEAD, left = read16(packet + 14)
    while left:
        left -= _chunk(packet + at, left).count
        at += 2
    return at


cdef bint condense(Departures* departures, const uint8_t* packet, int64_t heard_ns) noexcept nogil:
    """Take a whole message; False: the peer has sent too many since the control side looked."""
    cdef int at = HEAD, delta_at = _first_delta(packet), left = read16(packet + 14), index, status
    cdef uint16_t number = read16(packet + 12)
    cdef int64_t time_us = <int64_t> (read32(packet + 16) >> 8) * REFERENCE_US
    cdef Chunk chunk
    if departures.told.messages == MAX_MESSAGES:
        return False
    if departures.told.messages == 0:
        departures.told.first_heard_ns = heard_ns
    if departures.heard_ns:
        departures.told.pause_ns = max(departures.told.pause_ns, heard_ns - departures.heard_ns)
    departures.heard_ns = heard_ns
    departures.told.messages += 1
    departures.told.urgent |= departures.told.messages > MAX_MESSAGES // 2
    while left:
        chunk = _chunk(packet + at, left)
        for index in range(chunk.count):
            status = _status(chunk, index)
            if status == SMALL:
                time_us += packet[delta_at] * TICK_US
            elif status == LARGE:
                time_us += <int64_t> (<int16_t> read16(packet + delta_at)) * TICK_US
            else:
                status = 0
            delta_at += status
            _take(departures, <uint16_t> (number + index), status != 0, time_us)
        number = <uint16_t> (number + chunk.count)
        left -= chunk.count
        at += 2
    return True


cdef inline int64_t _arrived_us(Departures* departures, int64_t time_us) noexcept nogil:
    """The receiver's clock, unwrapped."""
    cdef int64_t step
    if not departures.clock_known:
        departures.clock_known = 1
        departures.clock_us = time_us
    step = (time_us - departures.clock_us + WRAP_US // 2) % WRAP_US
    if step < 0:
        step += WRAP_US
    departures.clock_us += step - WRAP_US // 2
    return departures.clock_us


cdef inline void _take(Departures* departures, uint16_t number, bint arrived, int64_t time_us) noexcept nogil:
    """One status."""
    cdef Told* told = departures.told
    cdef int64_t newest = departures.next - 1
    cdef int64_t position = newest - <uint16_t> (<uint16_t> newest - number)
    cdef Departure* departure = departures_find(departures, position)
    if arrived:
        time_us = _arrived_us(departures, time_us)
    if departure == NULL:
        told.unmatched += 1
        return
    if departure.fate == Fate.RECEIVED or (departure.fate == Fate.LOST and not arrived):
        return
    if departure.fate == Fate.UNDER_WAY:
        told.covered_bytes += departure.size
        told.covered_until_ns = max(told.covered_until_ns, departure.sent_ns)
    if position > departures.newest_covered:
        departures.newest_covered = position
        departures.covered_total = departure.total_bytes
    if not arrived:
        departure.fate = Fate.LOST
        told.lost += 1
        told.urgent = 1
        return
    told.recovered += departure.fate == Fate.LOST
    departure.fate = Fate.RECEIVED
    told.received += 1
    told.received_bytes += departure.size
    told.newest_sent_ns = max(told.newest_sent_ns, departure.sent_ns)
    _group(departures, departure, time_us)
    if departure.cluster:
        _cluster(told, departure, time_us)


cdef inline void _begin_group(Group* group, const Departure* departure, int64_t arrived_us) noexcept nogil:
    group.first_sent_ns = group.last_sent_ns = departure.sent_ns
    group.first_arrived_us = group.last_arrived_us = arrived_us
    group.size_bytes = departure.size


cdef inline void _group(Departures* departures, const Departure* departure, int64_t arrived_us) noexcept nogil:
    """The packet joins the burst, or completes it and begins another."""
    cdef Group* group = &departures.group
    if not departures.grouping:
        departures.grouping = 1
        _begin_group(group, departure, arrived_us)
    elif departure.sent_ns < group.first_sent_ns:
        return
    elif departure.sent_ns - group.first_sent_ns <= GROUP_NS or _caught_up(group, departure, arrived_us):
        group.last_sent_ns = max(group.last_sent_ns, departure.sent_ns)
        group.last_arrived_us = max(group.last_arrived_us, arrived_us)
        group.size_bytes += departure.size
    else:
        _complete_group(departures, group)
        _begin_group(group, departure, arrived_us)


cdef inline bint _caught_up(const Group* group, const Departure* departure, int64_t arrived_us) noexcept nogil:
    cdef int64_t after_us = arrived_us - group.last_arrived_us
    cdef bint faster = after_us * 1_000 < departure.sent_ns - group.last_sent_ns
    return faster and after_us <= CAUGHT_UP_US and arrived_us - group.first_arrived_us < BURST_US


cdef inline void _complete_group(Departures* departures, const Group* group) noexcept nogil:
    cdef Told* told = departures.told
    cdef Group* last
    cdef int64_t delay_us = group.last_arrived_us - group.last_sent_ns // 1_000
    told.least_us = delay_us if told.group_count == 0 else min(told.least_us, delay_us)
    told.urgent |= not departures.flat_known or delay_us > departures.flat_us + GROWN_US or told.group_count > MAX_GROUPS // 2
    if told.group_count < MAX_GROUPS:
        told.groups[told.group_count] = group[0]
        told.group_count += 1
        return
    last = &told.groups[MAX_GROUPS - 1]
    last.last_sent_ns = group.last_sent_ns
    last.last_arrived_us = group.last_arrived_us
    last.size_bytes += group.size_bytes


cdef void _cluster(Told* told, const Departure* departure, int64_t arrived_us) noexcept nogil:
    """The packet belongs to a probe."""
    cdef Cluster* cluster
    cdef int index = 0
    told.urgent = 1
    while index < told.cluster_count and told.clusters[index].cluster != departure.cluster:
        index += 1
    if index == MAX_CLUSTERS:
        return
    cluster = &told.clusters[index]
    if index == told.cluster_count:
        told.cluster_count += 1
        cluster.cluster = departure.cluster
        cluster.packets = 0
        cluster.size_bytes = 0
        cluster.first_sent_ns = cluster.last_sent_ns = departure.sent_ns
        cluster.first_arrived_us = cluster.last_arrived_us = arrived_us
        cluster.first_arrived_bytes = departure.size
    cluster.packets += 1
    cluster.size_bytes += departure.size
    if departure.sent_ns >= cluster.last_sent_ns:
        cluster.last_sent_ns = departure.sent_ns
        cluster.last_sent_bytes = departure.size
    if arrived_us < cluster.first_arrived_us:
        cluster.first_arrived_us = arrived_us
        cluster.first_arrived_bytes = departure.size
    cluster.first_sent_ns = min(cluster.first_sent_ns, departure.sent_ns)
    cluster.last_arrived_us = max(cluster.last_arrived_us, arrived_us)
