"""A leaky bucket and what waits behind it.

Rules:
- What leaves takes its time at the given rate; a packet may leave while that is at most BURST_NS ahead; where the downlink is known
  to carry all there is, SETTLED_BURST_NS: a frame that leaves at once is cheap, and its packets go to the kernel as one.
- While more is in flight than the window holds, a packet leaves only now and then: a path that swallows everything gets
  little more, and shows so that it is back.
- A probe has its own rate, and no burst.
"""

from libc.stdint cimport int64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memmove, memset

cdef enum:
    BURST_NS = 5_000_000
    SETTLED_BURST_NS = 30_000_000
    PROBE_BURST_NS = 1_000_000
    MOST_AHEAD_NS = 100_000_000
    TRICKLE_NS = 100_000_000
    SLOWEST_TRICKLE_NS = 800_000_000


cdef int64_t BYTE_NS = 8_000_000_000       # a byte at one bit a second


cdef inline int64_t _rate_bps(const Pacer* pacer) noexcept nogil:
    return max(pacer.rate_bps, pacer.probes[0].rate_bps) if pacer.probe_count else pacer.rate_bps


cdef inline int64_t _burst_ns(const Pacer* pacer) noexcept nogil:
    if pacer.probe_count:
        return PROBE_BURST_NS
    return SETTLED_BURST_NS if pacer.settled else BURST_NS


cdef inline bint _is_full(const Pacer* pacer, int64_t in_flight_bytes) noexcept nogil:
    return pacer.window_bytes and in_flight_bytes > pacer.window_bytes


cdef bint pacer_admits(const Pacer* pacer, int64_t now_ns, int64_t in_flight_bytes) noexcept nogil:
    """Whether a packet may leave now."""
    if _is_full(pacer, in_flight_bytes) and now_ns < pacer.trickle_ns:
        return False
    return pacer.free_ns - now_ns <= _burst_ns(pacer)


cdef void pacer_spend(Pacer* pacer, int size, int64_t now_ns, int64_t in_flight_bytes) noexcept nogil:
    """A packet left."""
    cdef Burst* probe = &pacer.probes[0]
    pacer.free_ns = max(pacer.free_ns, now_ns) + size * BYTE_NS // _rate_bps(pacer)
    pacer.free_ns = min(pacer.free_ns, now_ns + MOST_AHEAD_NS)
    if not _is_full(pacer, in_flight_bytes):
        pacer.trickle_gap_ns = TRICKLE_NS
    elif now_ns >= pacer.trickle_ns:
        pacer.trickle_gap_ns = max(TRICKLE_NS, min(2 * pacer.trickle_gap_ns, <int64_t> SLOWEST_TRICKLE_NS))
        pacer.trickle_ns = now_ns + pacer.trickle_gap_ns
    if pacer.probe_count:
        probe.bytes_left -= size
        probe.packets_left -= 1
        if (probe.bytes_left <= 0 and probe.packets_left <= 0) or now_ns > probe.ends_ns:
            pacer.probe_count -= 1
            pacer.repeated = 0
            memmove(probe, probe + 1, pacer.probe_count * sizeof(Burst))


cdef int64_t pacer_due_ns(const Pacer* pacer, int64_t now_ns, int64_t in_flight_bytes) noexcept nogil:
    """When the next packet may leave."""
    cdef int64_t due_ns = pacer.free_ns - _burst_ns(pacer)
    if _is_full(pacer, in_flight_bytes):
        due_ns = max(due_ns, pacer.trickle_ns)
    return max(due_ns, now_ns)


cdef bint pacer_push(Pacer* pacer, const Waiting* waiting) noexcept nogil:
    """At the end; False: no room."""
    if pacer.count == pacer.capacity and not _grow(pacer):
        return False
    pacer.queue[(pacer.head + pacer.count) % pacer.capacity] = waiting[0]
    pacer.count += 1
    pacer.queued_bytes += waiting.size
    return True


cdef bint _grow(Pacer* pacer) noexcept nogil:
    cdef int capacity = 2 * pacer.capacity if pacer.capacity else FIRST_WAITING, index
    cdef Waiting* bigger
    if capacity > MAX_WAITING:
        return False
    bigger = <Waiting*> malloc(capacity * sizeof(Waiting))
    if bigger == NULL:
        return False
    for index in range(pacer.count):
        bigger[index] = pacer.queue[(pacer.head + index) % pacer.capacity]
    free(pacer.queue)
    pacer.queue = bigger
    pacer.head = 0
    pacer.capacity = capacity
    return True


cdef Waiting* pacer_head(const Pacer* pacer) noexcept nogil:
    """What leaves next; NULL: nothing waits."""
    return &pacer.queue[pacer.head] if pacer.count else NULL


cdef void pacer_pop(Pacer* pacer) noexcept nogil:
    """The head is gone; an empty queue gives its memory back."""
    pacer.queued_bytes -= pacer.queue[pacer.head].size
    pacer.head = (pacer.head + 1) % pacer.capacity
    pacer.count -= 1
    if pacer.count == 0:
        free(pacer.queue)
        pacer.queue = NULL
        pacer.head = pacer.capacity = 0


cdef void pacer_probe(Pacer* pacer, const Burst* probe) noexcept nogil:
    """After those under way; more than MAX_PROBES are not sent."""
    if pacer.probe_count < MAX_PROBES:
        pacer.probes[pacer.probe_count] = probe[0]
        pacer.probe_count += 1


cdef void pacer_close(Pacer* pacer) noexcept nogil:
    free(pacer.queue)
    memset(pacer, 0, sizeof(Pacer))
