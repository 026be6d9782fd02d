"""Keyframes and picture ids of each payload format. Bytes that end early are no keyframe and have no descriptor: the
packet is forwarded as it is, the receiver's decoder will judge.

A packet is marked when a receiver can start to decode with it: the first packet of a keyframe, or the parameter sets
before it.
"""

from libc.stdint cimport uint8_t, uint16_t

from .header cimport read16, read_header
from .hops cimport Drop
from .types cimport AV1, DEPENDENCY_DESCRIPTOR, H264, H265, LAYERS, VP8, VP9, Descriptor, Element, Layer, Packet, Rise, Start


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


cdef inline void _vp8_layer(const uint8_t* payload, uint8_t index, Layer* layer) noexcept nogil:
    """RFC 7741 §4.2: TID, and Y: the frame depends on nothing but the base layer."""
    layer.present = 1
    layer.temporal = min(index >> 6, LAYERS - 1)
    layer.rise = Rise.INTO if index & 0x20 else Rise.LEVEL
    layer.begins = payload[0] & 0x10 and not payload[0] & 0x07


cdef bint _vp8(const uint8_t* payload, int length, Descriptor* found, Layer* layer) noexcept nogil:
    """RFC 7741 §4.2, §4.3."""
    cdef int at = 1
    cdef uint8_t extensions
    found.dense = 1
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
            if extensions & 0x20 and at < length:
                _vp8_layer(payload, payload[at], layer)
            if extensions & 0x10 and at < length:
                found.present = 1
                found.key_at = at
                found.key = payload[at] & 0x1F
            at += 1
    return at < length and payload[0] & 0x10 and not payload[0] & 0x07 and not payload[at] & 0x01


cdef inline void _vp9_layer(uint8_t flags, uint8_t index, Layer* layer) noexcept nogil:
    """RFC 9628 §4.2: TID, U, SID; B and E bound a layer's frame, and without P it depends on none of before."""
    layer.present = 1
    layer.temporal = min(index >> 5, LAYERS - 1)
    layer.spatial = min((index >> 1) & 0x07, LAYERS - 1)
    layer.rise = Rise.BEYOND if index & 0x10 else Rise.LEVEL
    layer.begins = (flags >> 3) & 1
    layer.ends = (flags >> 2) & 1
    layer.intra = not flags & 0x40


cdef bint _vp9(const uint8_t* payload, int length, Descriptor* found, Layer* layers) noexcept nogil:
    """RFC 9628 §4.2: begins a frame (B), predicted from nothing (not P), in the lowest spatial layer."""
    cdef uint8_t flags = payload[0]
    cdef uint8_t layer = 0
    cdef int at = 1
    if flags & 0x80:
        at = _picture(payload, length, at, found)
    if flags & 0x20:
        if at < length:
            layer = (payload[at] >> 1) & 0x07
            _vp9_layer(flags, payload[at], layers)
        at += 1
        if not flags & 0x10:
            if at < length:
                found.present = 1
                found.level_at = at
                found.level = payload[at]
            at += 1
    return at <= length and flags & 0x08 and not flags & 0x40 and layer == 0


cdef inline uint8_t _h264_unit(uint8_t kind) noexcept nogil:
    kind &= 0x1F
    if kind == 7:                                  # sequence parameter set
        return Start.WITH_SETS
    return Start.PICTURE if kind == 5 else Start.NOWHERE


cdef uint8_t _h264(const uint8_t* payload, int length) noexcept nogil:
    """RFC 6184 §5.4: single units, STAP-A (24), FU-A (28)."""
    cdef int at = 1
    cdef uint8_t best = Start.NOWHERE
    if payload[0] & 0x1F == 28:
        return _h264_unit(payload[1]) if length > 1 and payload[1] & 0x80 else Start.NOWHERE
    if payload[0] & 0x1F != 24:
        return _h264_unit(payload[0])
    while at + 2 < length:
        best = max(best, _h264_unit(payload[at + 2]))
        at += 2 + read16(payload + at)
    return best


cdef inline uint8_t _h265_unit(uint8_t kind) noexcept nogil:
    if kind == 32 or kind == 33:                   # video and sequence parameter set
        return Start.WITH_SETS
    return Start.PICTURE if 16 <= kind <= 21 else Start.NOWHERE


cdef uint8_t _h265(const uint8_t* payload, int length) noexcept nogil:
    """RFC 7798 §4.4: single units, aggregation (48), fragmentation (49)."""
    cdef int at = 2
    cdef uint8_t kind = (payload[0] >> 1) & 0x3F, best = Start.NOWHERE
    if kind == 49:
        return _h265_unit(payload[2] & 0x3F) if length > 2 and payload[2] & 0x80 else Start.NOWHERE
    if kind != 48:
        return _h265_unit(kind)
    while at + 2 < length:
        best = max(best, _h265_unit((payload[at + 2] >> 1) & 0x3F))
        at += 2 + read16(payload + at)
    return best


cdef inline void _descriptor(Packet* packet) noexcept nogil:
    """Where the frame number of the dependency descriptor is."""
    cdef const Element* element
    for index in range(packet.element_count):
        element = &packet.elements[index]
        if element.kind == DEPENDENCY_DESCRIPTOR and element.length >= 3:
            packet.descriptor.framed = 1
            packet.descriptor.frame_at = element.at + 1
            packet.descriptor.frame = read16(packet.data + element.at + 1)


cdef inline bint _av1(const uint8_t* payload) noexcept nogil:
    """AV1 RTP specification §4.4: N begins a coded video sequence, not Z begins an OBU."""
    return payload[0] & 0x88 == 0x08


cdef void inspect(int family, Packet* packet) noexcept nogil:
    """Set `start`, `descriptor` and `layer` of a packet that has a payload. A family not known here may start anywhere."""
    cdef const uint8_t* payload = packet.data + packet.payload_at
    cdef int length = packet.length - packet.payload_at
    if family == VP8:
        packet.start = _vp8(payload, length, &packet.descriptor, &packet.layer)
    elif family == VP9:
        packet.start = _vp9(payload, length, &packet.descriptor, &packet.layer)
    elif family == H264:
        packet.start = _h264(payload, length)
    elif family == H265:
        packet.start = _h265(payload, length)
    elif family == AV1:
        packet.start = _av1(payload)
        _descriptor(packet)
    else:
        packet.start = Start.PICTURE


cdef bint red_primary(Packet* packet) noexcept nogil:
    """Narrow a packet of redundant audio (RFC 2198) to its primary block; False when that is not there."""
    cdef const uint8_t* data = packet.data
    cdef int at = packet.payload_at, skipped = 0
    while at < packet.length and data[at] & 0x80:
        if at + 4 > packet.length:
            return False
        skipped += (data[at + 2] & 0x03) << 8 | data[at + 3]
        at += 4
    at += 1 + skipped
    if at >= packet.length:
        return False
    packet.payload_at = <uint16_t> at
    return True


def primary_of(bytes payload not None):
    """The primary block of a payload of redundant audio, or None. For tests and tools."""
    cdef Packet view
    cdef bytearray copy = bytearray(payload)
    view.data = copy
    view.length = <int> len(copy)
    view.payload_at = 0
    return bytes(copy[view.payload_at:]) if red_primary(&view) else None


def starts_here(int family, bytes packet not None) -> int:
    """Whether a receiver can start to decode with this RTP packet: 0 no, 1 with a picture, 2 with the parameter sets
    before it. For tests and tools; ValueError when it is none."""
    cdef Packet view
    cdef bytearray copy = bytearray(packet)
    cdef uint8_t* data = copy
    if read_header(&view, data, <int> len(copy), 0) != Drop.KEPT:
        raise ValueError("no RTP packet")
    if view.length > view.payload_at:
        inspect(family, &view)
    return view.start
