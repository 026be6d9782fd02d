"""FlexFEC (draft-ietf-payload-flexible-fec-scheme-03, which is what browsers speak): a packet lost alone in its group is
the XOR of all others and the parity packet.

The parity is of packets as they leave, extensions included, so it is taken after these are stamped and before SRTP.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from .header cimport read16, read32, write16, write32
from .types cimport MAX_PACKET

cdef enum:
    FIXED_HEADER = 12
    PATIENCE_NS = 40_000_000   # a group that grows slowly is closed at the end of a frame
    LAST_MASK = 0x8000         # k: no further mask follows


cdef void _begin_anew(Parity* parity) noexcept nogil:
    memset(parity.bytes, 0, parity.longest)
    parity.head = parity.kind = 0
    parity.length = parity.mask = 0
    parity.timestamp = 0
    parity.count = parity.longest = 0


cdef bint parity_add(Parity* parity, const uint8_t* packet, int length, int64_t now_ns) noexcept nogil:
    """Take one RTP packet into the group; False when it does not belong there: it is older than the first, or there
    already, or there is no memory. One that is too far from the first begins another group."""
    cdef uint16_t sequence = read16(packet + 2)
    cdef uint16_t distance
    cdef int rest = length - FIXED_HEADER, index
    if parity.bytes == NULL:
        parity.bytes = <uint8_t*> calloc(1, MAX_PACKET)
        if parity.bytes == NULL:
            return False
    distance = sequence - parity.first
    if parity.count and distance >= 0x8000:
        return False
    if parity.count and distance >= MAX_GROUP:
        _begin_anew(parity)
    if parity.count == 0:
        parity.first = sequence
        parity.begun_ns = now_ns
        distance = 0
    if parity.mask >> (MAX_GROUP - 1 - distance) & 1:
        return False
    parity.mask |= 1 << (MAX_GROUP - 1 - distance)
    parity.head ^= packet[0]
    parity.kind ^= packet[1]
    parity.length ^= <uint16_t> rest
    parity.newest_timestamp = read32(packet + 4)
    parity.timestamp ^= parity.newest_timestamp
    for index in range(rest):
        parity.bytes[index] ^= packet[FIXED_HEADER + index]
    parity.longest = max(parity.longest, rest)
    parity.count += 1
    return True


cdef bint parity_due(const Parity* parity, bint frame_ends, int64_t now_ns) noexcept nogil:
    """Whether the parity packet should leave now: the group is full, or has been open for too long."""
    if parity.count == 0 or parity.group == 0:
        return False
    return parity.count >= parity.group or (frame_ends and now_ns - parity.begun_ns >= PATIENCE_NS)


cdef int parity_take(Parity* parity, uint32_t media_ssrc, uint8_t* out) noexcept nogil:
    """Write the payload of the parity packet into `out` (room for MAX_PARITY) and begin a new group; its length, or 0
    when there is nothing to protect."""
    cdef int length = PARITY_HEADER + parity.longest
    if parity.count == 0:
        return 0
    out[0] = parity.head & 0x3F    # R and F: not a retransmission, and the mask is flexible
    out[1] = parity.kind
    write16(out + 2, parity.length)
    write32(out + 4, parity.timestamp)
    write32(out + 8, 1 << 24)      # one SSRC is protected
    write32(out + 12, media_ssrc)
    write16(out + 16, parity.first)
    write16(out + 18, LAST_MASK | parity.mask)
    memcpy(out + PARITY_HEADER, parity.bytes, parity.longest)
    _begin_anew(parity)
    return length


cdef void parity_close(Parity* parity) noexcept nogil:
    free(parity.bytes)
    memset(parity, 0, sizeof(Parity))


cdef class ParityGroup:
    """One group at a time, from Python: for tests and tools."""

    cdef Parity parity

    def __cinit__(self):
        memset(&self.parity, 0, sizeof(Parity))

    def __dealloc__(self):
        parity_close(&self.parity)

    def add(self, bytes packet not None) -> bool:
        """Take an RTP packet into the group; False when it does not belong there. ValueError: it is no RTP packet."""
        if not FIXED_HEADER <= len(packet) <= MAX_PACKET:
            raise ValueError("no RTP packet")
        return parity_add(&self.parity, packet, <int> len(packet), 0)

    def take(self, uint32_t media_ssrc) -> bytes:
        """The payload of the parity packet; a new group begins. Empty: nothing was added."""
        cdef uint8_t[MAX_PARITY] out
        cdef int length = parity_take(&self.parity, media_ssrc, out)
        return <bytes> out[:length]
