"""Which protocol a datagram belongs to, by its first two bytes (RFC 7983 §7, RFC 5761 §4)."""

from libc.stdint cimport uint8_t

from .types cimport DTLS, FOREIGN, RTCP, RTP, STUN


cdef inline int classify(const uint8_t* data, int length) noexcept nogil:
    if length < 2:
        return FOREIGN
    if 128 <= data[0] <= 191:
        return RTCP if 64 <= (data[1] & 0x7F) <= 95 else RTP
    if 20 <= data[0] <= 63:
        return DTLS
    return STUN if data[0] <= 3 else FOREIGN
