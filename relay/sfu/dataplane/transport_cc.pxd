from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

cdef enum:
    ARRIVALS = 512             # transport-wide numbers remembered of one peer: 50 ms at 10,000 packets/s
    MAX_FEEDBACK = 8 + 12 + 8 + 2 * (ARRIVALS // 7 + 1) + 2 * ARRIVALS + 3


ctypedef struct Arrivals:
    # owned
    int64_t times_ns[ARRIVALS]     # by position modulo ARRIVALS; 0: has not arrived
    int64_t first                  # position of the first that is not reported yet
    int64_t highest
    int64_t reported_ns            # when feedback left last
    uint32_t ssrc                  # of the packet that came last
    uint8_t started
    uint8_t pending                # something has arrived since
    uint8_t feedbacks              # how many have left, modulo 256


cdef void arrivals_note(Arrivals* arrivals, uint32_t ssrc, uint16_t sequence, int64_t received_ns) noexcept nogil
cdef int arrivals_report(Arrivals* arrivals, uint8_t* out, int64_t now_ns) noexcept nogil
