"""Forward error correction of one outgoing stream: one parity packet for a group of media packets (FlexFEC-03)."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

from .types cimport MAX_PACKET


cdef enum:
    MAX_GROUP = 15             # packets that the shortest mask can name
    PARITY_HEADER = 20         # bytes, with that mask
    MAX_PARITY = PARITY_HEADER + MAX_PACKET


ctypedef struct Parity:
    # given
    uint32_t ssrc              # that parity packets leave under; 0: not negotiated
    int payload_type
    int group                  # media packets per parity packet; 0: none is sent now
    # owned
    uint16_t sequence          # of the last parity packet
    uint8_t* bytes             # XOR of what follows the fixed headers; NULL: never used
    uint8_t head               # XOR of the first octets
    uint8_t kind               # of the second ones: marker and payload type
    uint16_t length            # of the numbers of octets after the fixed headers
    uint32_t timestamp
    uint16_t first             # sequence number of the group's first packet
    uint16_t mask              # bit 14 is the first packet, bit 13 the one after it …
    int count
    int longest                # octets in `bytes`
    uint32_t newest_timestamp
    int64_t begun_ns           # when the first packet left


cdef bint parity_add(Parity* parity, const uint8_t* packet, int length, int64_t now_ns) noexcept nogil
cdef bint parity_due(const Parity* parity, bint frame_ends, int64_t now_ns) noexcept nogil
cdef int parity_take(Parity* parity, uint32_t media_ssrc, uint8_t* out) noexcept nogil
cdef void parity_close(Parity* parity) noexcept nogil
