"""Keyframes and picture ids of each payload format. Bytes that end early are no keyframe and have no descriptor: the packet is
forwarded as it is, the receiver's decoder will judge.

A packet is marked when a receiver can start to decode with it: the first packet of a keyframe, or the parameter sets before it.
"""

from libc.stdint cimport uint8_t

from .header cimport read16, read_header
from .hops cimport Drop
from .types cimport AV1, H264, H265, VP8, VP9, Descriptor, Packet


cdef int _picture(const uint8_t* payload, int length, int at, Descriptor* found) noexcept nogil:
    """A picture id of 7 or 15 bits, as VP8 and VP9 both write it; the offset behind it, beyond `length` when cut."""
    if at >= length:
        return length + 1
    found.present = 1
    if not payload[at] & 0x80:
        found.picture_at = at
        found.picture = payload[at]
        found.wide = 0
        return at + 1
    if at + 1 >= length:
        found.present = 0
        return length + 1
    found.picture_at = at
    found.picture = read16(payload + at) & 0x7FFF
    found.wide = 1
    return at + 2


cdef bint _vp8(const uint8_t* payload, int length, Descriptor* found) noexcept nogil:
    """RFC 7741 §4.2, §4.3."""
    cdef int at = 1
    cdef uint8_t extensions
    if payload[0] & 0x80:
        if length < 2:
            return False
        extensions = payload[1]
        at = 2
        if extensions & 0x80:
            at = _picture(payload, length, at, found)
        if extensions & 0x40 and at < length:
            found.present = 1
            found.level_at = at
            found.level = payload[at]
            at += 1
        if extensions & 0x30:
            if extensions & 0x10 and at < length:
                found.present = 1
                found.key_at = at
                found.key = payload[at] & 0x1F
            at += 1
    return at < length and payload[0] & 0x10 and not payload[0] & 0x07 and not payload[at] & 0x01


cdef bint _vp9(const uint8_t* payload, int length, Descriptor* found) noexcept nogil:
    """RFC 9628 §4.2: begins a frame (B), predicted from nothing (not P), in the lowest spatial layer."""
    cdef uint8_t flags = payload[0]
    cdef uint8_t layer = 0
    cdef int at = 1
    if flags & 0x80:
        at = _picture(payload, length, at, found)
    if flags & 0x20:
        if at < length:
            layer = (payload[at] >> 1) & 0x07
        at += 1
        if not flags & 0x10:
            if at < length:
                found.present = 1
                found.level_at = at
                found.level = payload[at]
            at += 1
    return at < length and flags & 0x08 and not flags & 0x40 and layer == 0


cdef inline bint _h264_starts(uint8_t unit) noexcept nogil:
    return unit & 0x1F == 5 or unit & 0x1F == 7    # IDR slice, sequence parameter set


cdef bint _h264(const uint8_t* payload, int length) noexcept nogil:
    """RFC 6184 §5.4: single units, STAP-A (24), FU-A (28)."""
    cdef int at = 1, size
    if payload[0] & 0x1F == 28:
        return length > 1 and payload[1] & 0x80 and _h264_starts(payload[1])
    if payload[0] & 0x1F != 24:
        return _h264_starts(payload[0])
    while at + 2 < length:
        size = read16(payload + at)
        if _h264_starts(payload[at + 2]):
            return True
        at += 2 + size
    return False


cdef inline bint _h265_starts(uint8_t kind) noexcept nogil:
    return 16 <= kind <= 21 or 32 <= kind <= 33    # IRAP pictures, video and sequence parameter sets


cdef bint _h265(const uint8_t* payload, int length) noexcept nogil:
    """RFC 7798 §4.4: single units, aggregation (48), fragmentation (49)."""
    cdef int at = 2
    cdef uint8_t kind = (payload[0] >> 1) & 0x3F
    if kind == 49:
        return length > 2 and payload[2] & 0x80 and _h265_starts(payload[2] & 0x3F)
    if kind != 48:
        return _h265_starts(kind)
    while at + 2 < length:
        if _h265_starts((payload[at + 2] >> 1) & 0x3F):
            return True
        at += 2 + read16(payload + at)
    return False


cdef inline bint _av1(const uint8_t* payload) noexcept nogil:
    """AV1 RTP specification §4.4: N begins a coded video sequence, not Z begins an OBU."""
    return payload[0] & 0x88 == 0x08


cdef void inspect(int family, Packet* packet) noexcept nogil:
    """Set `keyframe` and `descriptor` of a packet that has a payload. A family not known here may start anywhere."""
    cdef const uint8_t* payload = packet.data + packet.payload_at
    cdef int length = packet.length - packet.payload_at
    if family == VP8:
        packet.keyframe = _vp8(payload, length, &packet.descriptor)
    elif family == VP9:
        packet.keyframe = _vp9(payload, length, &packet.descriptor)
    elif family == H264:
        packet.keyframe = _h264(payload, length)
    elif family == H265:
        packet.keyframe = _h265(payload, length)
    elif family == AV1:
        packet.keyframe = _av1(payload)
    else:
        packet.keyframe = 1


def starts_here(int family, bytes packet not None) -> bool:
    """Whether a receiver can start to decode with this RTP packet. For tests and tools; ValueError when it is none."""
    cdef Packet view
    cdef bytearray copy = bytearray(packet)
    cdef uint8_t* data = copy
    if read_header(&view, data, <int> len(copy), 0) != Drop.KEPT:
        raise ValueError("no RTP packet")
    if view.payload_at == view.length:
        return False
    inspect(family, &view)
    return view.keyframe
