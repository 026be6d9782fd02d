"""What is known about the packets of one incoming stream: which came, which are missing, how regularly."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from .hops cimport Drop
from .types cimport NOTHING


cdef enum:
    SEEN_WORDS = 32
    WINDOW = 64 * 32           # positions remembered as seen
    MAX_MISSING = 1024         # packets asked for at a time
    MAX_TRIES = 10


ctypedef struct Missing:
    int64_t position
    int64_t at_ns              # when its absence was noticed, or when it was asked for last
    int32_t tries
    int32_t spare


ctypedef struct Reception:
    # RFC 3550 A.1, A.3
    int64_t first_cycle        # positions of this sender start here
    int64_t base               # lowest position; NOTHING: no packet yet
    int64_t highest
    uint64_t received          # retransmissions not counted
    uint64_t recovered         # retransmissions of what was missing
    uint64_t duplicates
    int64_t expected_prior
    int64_t received_prior
    # RFC 3550 A.8
    uint32_t transit
    uint32_t jitter_q4         # 16 × jitter, in units of the clock rate
    # owned
    uint64_t seen[SEEN_WORDS]
    Missing* missing           # by rising position; allocated at the first hole
    int missing_count
    int missing_capacity
    uint8_t repairing          # holes are listed
    uint8_t given_up           # a hole will not be filled: set here, cleared by the reader


cdef void reception_open(Reception* reception) noexcept nogil
cdef void reception_restart(Reception* reception) noexcept nogil
cdef void reception_close(Reception* reception) noexcept nogil
cdef Drop reception_note(
    Reception* reception,
    uint16_t sequence,
    int64_t received_ns,
    bint recovered,
    int64_t* position,
    int64_t* round_trip_ns,
) noexcept nogil
cdef void reception_time(
    Reception* reception, uint32_t timestamp, int64_t received_ns, uint32_t clock_rate_hz
) noexcept nogil
cdef void reception_forgo(Reception* reception) noexcept nogil
cdef int reception_ask(
    Reception* reception, int64_t now_ns, int64_t round_trip_ns, uint32_t* asked, int limit
) noexcept nogil
cdef uint8_t reception_fraction_lost(Reception* reception) noexcept nogil


cdef inline int64_t reception_expected(const Reception* reception) noexcept nogil:
    """Positions from the lowest to the highest (RFC 3550 A.3)."""
    return 0 if reception.base == NOTHING else reception.highest - reception.base + 1
