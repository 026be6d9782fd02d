"""One time line and one run of numbers per slot, whatever its source."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

from .hops cimport Drop
from .types cimport Descriptor, Label, Packet


cdef enum:
    MAX_SHIFTS = 32            # places in a source's line where numbers were closed up


ctypedef struct Shift:
    int64_t first              # position from which on it holds
    int64_t offset             # outgoing number − position
    int64_t picture_offset     # outgoing picture id − that of the source


ctypedef struct Pictures:
    # picture id of 15 bits, TL0PICIDX of 8, KEYIDX of 5
    int64_t source             # highest picture id of the source, extended; NOTHING: none yet
    int64_t offset
    int64_t highest            # that left
    uint8_t wide               # the source counts with 15 bits
    uint8_t level
    uint8_t level_offset
    uint8_t key
    uint8_t key_offset
    uint8_t begun              # some picture left
    uint8_t joined             # offsets are set for the current source


ctypedef struct Rewrite:
    # given
    uint8_t gated              # starts at a keyframe only
    # owned: what left
    int64_t highest            # outgoing number, extended
    uint32_t timestamp         # of the newest packet
    int64_t received_ns        # when that came in
    uint8_t begun
    uint8_t complete           # the newest packet ended its frame
    # owned: the current source
    uint8_t waiting            # for a packet to start with
    int64_t origin             # position it started at
    int64_t source_highest     # position
    uint32_t source_timestamp  # of the newest packet, on the source's line
    uint32_t timestamp_offset
    Shift shifts[MAX_SHIFTS]
    int shift_count
    Pictures pictures
    # owned: frame numbers of dependency descriptors
    uint16_t frame             # that left last
    uint16_t frame_offset
    uint8_t framed             # the offset is set for the current source
    uint8_t counted            # some frame left


cdef void rewrite_open(Rewrite* rewrite, bint gated, uint16_t first_sequence, uint32_t first_timestamp) noexcept nogil
cdef void rewrite_await(Rewrite* rewrite) noexcept nogil
cdef bint rewrite_skip(Rewrite* rewrite, const Packet* packet) noexcept nogil
cdef Drop rewrite_label(
    Rewrite* rewrite, const Packet* packet, uint32_t clock_rate_hz, int64_t since_last_ns, Label* label
) noexcept nogil
