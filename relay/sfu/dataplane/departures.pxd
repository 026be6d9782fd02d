"""What left for one peer under transport-wide numbers, and what its feedback said of that since the control side looked."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from .history cimport Budget


cdef enum:
    DEPARTURES = 256           # remembered at first
    MAX_DEPARTURES = 8192      # 4 s of 2,000 packets a second
    MAX_GROUPS = 256           # kept for the control side; what is beyond them joins the last
    MAX_CLUSTERS = 8           # probes told of at once
    MAX_MESSAGES = 16          # feedback messages of one peer between two looks; the rest are dropped


cdef enum Fate:
    NEVER_LEFT
    UNDER_WAY
    LOST
    RECEIVED


ctypedef struct Departure:
    int64_t sent_ns
    uint64_t total_bytes       # of all that left, with this
    uint32_t cluster           # 0: of no probe
    uint16_t size
    uint8_t fate


ctypedef struct Group:
    # packets that left as one burst: on the relay's clock, and on the receiver's
    int64_t first_sent_ns
    int64_t last_sent_ns
    int64_t first_arrived_us
    int64_t last_arrived_us
    int64_t size_bytes


ctypedef struct Cluster:
    uint32_t cluster
    int packets
    int64_t size_bytes
    int64_t first_sent_ns
    int64_t last_sent_ns
    int64_t last_sent_bytes
    int64_t first_arrived_us
    int64_t first_arrived_bytes
    int64_t last_arrived_us


ctypedef struct Told:
    # since the control side looked
    int messages
    Group groups[MAX_GROUPS]
    int group_count
    Cluster clusters[MAX_CLUSTERS]
    int cluster_count
    int64_t received
    int64_t received_bytes
    int64_t lost
    int64_t recovered
    int64_t covered_bytes
    int64_t covered_until_ns
    int64_t newest_sent_ns
    int64_t unmatched
    int64_t first_heard_ns     # when the first of the messages came
    int64_t pause_ns           # longest time without a message before one of them
    int64_t least_us           # delay of the burst that waited least, between clocks with different zeros
    uint8_t urgent             # losses, a probe, or a delay that grows: news that cannot wait


ctypedef struct Departures:
    # given
    Budget* budget             # NULL: closed
    # owned
    Departure* entries
    int64_t mask
    int64_t next               # number of the next packet, its low 16 bits on the wire
    uint64_t total_bytes       # of all that left, numbered or not
    int64_t newest_covered     # highest number that feedback told of
    uint64_t covered_total     # `total_bytes` of that
    # owned: the receiver's clock
    uint8_t clock_known
    int64_t clock_us
    # owned: the burst that is not complete yet
    uint8_t grouping
    Group group
    Told* told
    int64_t flat_us            # the least delay that was told last
    uint8_t flat_known
    int64_t heard_ns           # when the last message came


cdef bint departures_open(Departures* departures, Budget* budget) noexcept nogil
cdef void departures_close(Departures* departures) noexcept nogil
cdef void departures_note(Departures* departures, int size, int64_t now_ns, uint32_t cluster) noexcept nogil
cdef int64_t departures_in_flight(const Departures* departures) noexcept nogil
cdef tuple departures_read(Departures* departures, int64_t now_ns)


cdef inline Departure* departures_find(const Departures* departures, int64_t number) noexcept nogil:
    """NULL: never sent, or forgotten."""
    cdef inline Departure* departure
    if not departures.next - departures.mask - 1 <= number < departures.next:
        return NULL
    departure = &departures.entries[number & departures.mask]
    return NULL if departure.fate == Fate.NEVER_LEFT else departure
