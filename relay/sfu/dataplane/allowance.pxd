"""How much media one peer may send: a token bucket over authentic packets, so that nobody else can use it up."""

from libc.stdint cimport int64_t


cdef enum:
    BURST_NS = 250_000_000     # of the rate: keyframes come in bursts
    NS_PER_S = 1_000_000_000


ctypedef struct Allowance:
    # owned
    int64_t spent_ns           # of the burst, as time at the full rate
    int64_t seen_ns


cdef inline bint allowance_take(Allowance* allowance, int64_t rate_bytes_s, int length, int64_t now_ns) noexcept nogil:
    """Whether `length` bytes more are within the rate; 0: there is none. A clock that jumps back gives nothing."""
    cdef int64_t cost_ns
    if rate_bytes_s == 0:
        return True
    cost_ns = <int64_t> length * NS_PER_S // rate_bytes_s
    allowance.spent_ns = max(0, allowance.spent_ns - max(0, now_ns - allowance.seen_ns))
    allowance.seen_ns = now_ns
    if allowance.spent_ns + cost_ns > BURST_NS:
        return False
    allowance.spent_ns += cost_ns
    return True
