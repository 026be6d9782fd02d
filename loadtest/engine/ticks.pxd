"""Inline: clocks, network byte order, log-linear buckets (the twin of loadtest.measure.histogram)."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from ._linux cimport clock_gettime, timespec
from .types cimport BUCKETS, World

cdef enum:
    LATENESS = 0               # histogram: a frame left later than it was due
    LAG = 1                    # histogram: a datagram lay in the kernel before it was read


cdef inline int64_t clock_ns(int clock) noexcept nogil:
    cdef timespec now
    clock_gettime(clock, &now)
    return now.tv_sec * 1_000_000_000 + now.tv_nsec


cdef inline uint16_t read16(const uint8_t* at) noexcept nogil:
    return <uint16_t> ((at[0] << 8) | at[1])


cdef inline uint32_t read32(const uint8_t* at) noexcept nogil:
    return (<uint32_t> at[0] << 24) | (<uint32_t> at[1] << 16) | (<uint32_t> at[2] << 8) | at[3]


cdef inline void write16(uint8_t* at, uint16_t value) noexcept nogil:
    at[0] = value >> 8
    at[1] = value & 0xFF


cdef inline void write32(uint8_t* at, uint32_t value) noexcept nogil:
    write16(at, value >> 16)
    write16(at + 2, value & 0xFFFF)


cdef inline uint64_t ntp_of(int64_t unix_ns) noexcept nogil:
    """Seconds since 1900 and their fraction, 32 bits each (RFC 5905 §6)."""
    cdef uint64_t seconds = unix_ns // 1_000_000_000
    cdef uint64_t rest = unix_ns % 1_000_000_000
    return ((seconds + <uint64_t> 2_208_988_800) << 32) | ((rest << 32) // 1_000_000_000)


cdef inline int64_t unix_of(uint32_t seconds, uint32_t fraction) noexcept nogil:
    return (<int64_t> seconds - <int64_t> 2_208_988_800) * 1_000_000_000 + (((<uint64_t> fraction) * 1_000_000_000) >> 32)


cdef inline void note(World* world, int histogram, int64_t value_ns) noexcept nogil:
    cdef int64_t value = value_ns // 1000
    cdef int64_t shifted
    cdef int shift = 0
    if value < 0:
        value = 0
    if value >= 1 << 30:
        value = (1 << 30) - 1
    if value >= 64:
        shifted = value
        while shifted >= 64:
            shifted >>= 1
            shift += 1
        value = 64 + (shift - 1) * 32 + shifted - 32
    world.histograms[histogram * BUCKETS + value] += 1
