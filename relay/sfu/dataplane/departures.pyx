"""The send history of transport-wide congestion control (draft-holmer-rmcat-transport-wide-cc-extensions-01): number → when it left, how
large, for which probe, and what became of it.

It starts small and doubles while what would be overwritten is younger than KEEP_NS, up to a bound of its own and to the
budget of the worker.
"""

from libc.stdint cimport int64_t, uint16_t, uint32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

import cython

from .condense cimport condense, feedback_is_whole
from .types cimport NOTHING

from .records import ArrivalGroup, ProbeArrivals

cdef enum:
    KEEP_NS = 2_000_000_000


cdef bint departures_open(Departures* departures, Budget* budget) noexcept nogil:
    """False when memory or the budget is exhausted; nothing is remembered then."""
    cdef int64_t size = DEPARTURES * sizeof(Departure) + sizeof(Told)
    if budget.used_bytes + size > budget.limit_bytes:
        return False
    departures.entries = <Departure*> calloc(DEPARTURES, sizeof(Departure))
    departures.told = <Told*> calloc(1, sizeof(Told))
    if departures.entries == NULL or departures.told == NULL:
        free(departures.entries)
        free(departures.told)
        departures.entries = NULL
        departures.told = NULL
        return False
    budget.used_bytes += size
    departures.budget = budget
    departures.mask = DEPARTURES - 1
    departures.newest_covered = NOTHING
    return True


cdef void departures_close(Departures* departures) noexcept nogil:
    if departures.budget != NULL:
        departures.budget.used_bytes -= (departures.mask + 1) * sizeof(Departure) + sizeof(Told)
    free(departures.entries)
    free(departures.told)
    memset(departures, 0, sizeof(Departures))


cdef void _double(Departures* departures) noexcept nogil:
    cdef int64_t size = departures.mask + 1, number
    cdef Budget* budget = departures.budget
    cdef Departure* bigger
    if size == MAX_DEPARTURES or budget.used_bytes + <int64_t> (size * sizeof(Departure)) > budget.limit_bytes:
        return
    bigger = <Departure*> calloc(2 * size, sizeof(Departure))
    if bigger == NULL:
        return
    budget.used_bytes += size * sizeof(Departure)
    for number in range(departures.next - size, departures.next):
        bigger[number & (2 * size - 1)] = departures.entries[number & departures.mask]
    free(departures.entries)
    departures.entries = bigger
    departures.mask = 2 * size - 1


cdef void departures_note(Departures* departures, int size, int64_t now_ns, uint32_t cluster) noexcept nogil:
    """The packet with the number `next` left."""
    cdef Departure* departure = &departures.entries[departures.next & departures.mask]
    if departure.fate != Fate.NEVER_LEFT and now_ns - departure.sent_ns < KEEP_NS:
        _double(departures)
        departure = &departures.entries[departures.next & departures.mask]
    departures.total_bytes += size
    departure.sent_ns = now_ns
    departure.total_bytes = departures.total_bytes
    departure.size = <uint16_t> size
    departure.cluster = cluster
    departure.fate = Fate.UNDER_WAY
    departures.next += 1


cdef int64_t departures_in_flight(const Departures* departures) noexcept nogil:
    """Bytes that left after the newest packet that feedback told of; 0 without numbers."""
    if departures.budget == NULL or departures.next == 0:
        return 0
    return departures.total_bytes - departures.covered_total


cdef tuple _groups(const Told* told):
    cdef const Group* group
    groups = []
    for index in range(told.group_count):
        group = &told.groups[index]
        groups.append(ArrivalGroup(group.last_sent_ns / 1e9, group.last_arrived_us / 1e6, group.size_bytes))
    return tuple(groups)


cdef tuple _probes(const Told* told):
    cdef const Cluster* cluster
    probes = []
    for index in range(told.cluster_count):
        cluster = &told.clusters[index]
        probes.append(
            ProbeArrivals(
                cluster.cluster,
                cluster.packets,
                cluster.size_bytes,
                cluster.first_sent_ns / 1e9,
                cluster.last_sent_ns / 1e9,
                cluster.last_sent_bytes,
                cluster.first_arrived_us / 1e6,
                cluster.first_arrived_bytes,
                cluster.last_arrived_us / 1e6,
            )
        )
    return tuple(probes)


cdef tuple departures_read(Departures* departures, int64_t now_ns):
    """The fields of `relay.sfu.ports.Feedback` since the last call."""
    cdef Told* told = departures.told
    sums = (
        _groups(told),
        _probes(told),
        told.received,
        told.received_bytes,
        told.lost,
        told.recovered,
        told.covered_bytes,
        told.covered_until_ns / 1e9,
        told.newest_sent_ns / 1e9,
        told.unmatched,
        told.messages,
        told.pause_ns / 1e9,
        max(now_ns - departures.heard_ns, 0) / 1e9,
    )
    if told.group_count:
        departures.flat_us = told.least_us
        departures.flat_known = 1
    memset(told, 0, sizeof(Told))
    return sums


@cython.final
cdef class DepartureLog:
    """The departures of one peer, outside of a worker. For tests and tools."""

    cdef Budget budget
    cdef Departures departures

    def __cinit__(self, int64_t budget_bytes=1 << 30):
        self.budget.limit_bytes = budget_bytes
        if not departures_open(&self.departures, &self.budget):
            raise MemoryError("beyond the budget")

    def __dealloc__(self):
        departures_close(&self.departures)

    def note(self, int size, int64_t now_ns, int cluster=0):
        """A packet left; its number on the wire."""
        number = self.departures.next & 0xFFFF
        departures_note(&self.departures, size, now_ns, <uint32_t> cluster)
        return number

    def take(self, bytes message not None):
        """A feedback message, its RTCP header included: the fields of `relay.sfu.ports.Feedback`, or None when
        it has the wrong shape."""
        return departures_read(&self.departures, 0) if self.hear(message) else None

    def hear(self, bytes message not None):
        """Only that; False: it has the wrong shape, or there were too many since `take`."""
        return bool(feedback_is_whole(message, <int> len(message)) and condense(&self.departures, message, 0))

    @property
    def urgent(self):
        """Whether what was heard should not wait."""
        return bool(self.departures.told.urgent)

    @property
    def in_flight_bytes(self):
        """Sent after the newest packet that feedback told of."""
        return departures_in_flight(&self.departures)

    @property
    def used_bytes(self):
        """Of memory."""
        return self.budget.used_bytes
