"""What waits for one peer, and at what rate it may leave."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t

from .types cimport Label


cdef enum:
    FIRST_WAITING = 32
    MAX_WAITING = 512          # packets of one peer
    MAX_PROBES = 4             # of one peer, one after the other


ctypedef struct Waiting:
    int64_t track              # handles
    int64_t slot
    int64_t position
    int64_t since_ns
    int32_t size
    uint8_t empty              # leaves without its payload
    Label label


ctypedef struct Burst:
    # a probe: so much at this rate, media first, then repetitions and padding
    uint32_t cluster
    int64_t rate_bps
    int64_t bytes_left
    int64_t packets_left
    int64_t ends_ns            # over by then, however little left


ctypedef struct Pacer:
    # given
    int64_t rate_bps           # 0: nothing waits
    int64_t window_bytes       # may be in flight
    bint settled               # the downlink is known to carry all there is
    # owned
    int64_t free_ns            # what left is through the bottleneck then, if that has this rate
    int64_t trickle_ns         # a packet may leave then although the window is full
    int64_t trickle_gap_ns
    Waiting* queue             # a ring
    int head
    int count
    int capacity
    int64_t queued_bytes
    Burst probes[MAX_PROBES]
    int probe_count
    int repeated               # packets that the probe under way repeated


cdef bint pacer_admits(const Pacer* pacer, int64_t now_ns, int64_t in_flight_bytes) noexcept nogil
cdef void pacer_spend(Pacer* pacer, int size, int64_t now_ns, int64_t in_flight_bytes) noexcept nogil
cdef int64_t pacer_due_ns(const Pacer* pacer, int64_t now_ns, int64_t in_flight_bytes) noexcept nogil
cdef bint pacer_push(Pacer* pacer, const Waiting* waiting) noexcept nogil
cdef Waiting* pacer_head(const Pacer* pacer) noexcept nogil
cdef void pacer_pop(Pacer* pacer) noexcept nogil
cdef void pacer_probe(Pacer* pacer, const Burst* probe) noexcept nogil
cdef void pacer_close(Pacer* pacer) noexcept nogil
