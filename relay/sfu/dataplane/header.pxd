"""The RTP header and its extensions, read in place with every bound checked (RFC 3550 §5.1, RFC 8285)."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memset

from .hops cimport Drop
from .types cimport MAX_ELEMENTS, NOTHING, Packet


cdef inline uint16_t read16(const uint8_t* at) noexcept nogil:
    return <uint16_t> ((at[0] << 8) | at[1])


cdef inline uint32_t read32(const uint8_t* at) noexcept nogil:
    return (<uint32_t> at[0] << 24) | (<uint32_t> at[1] << 16) | (<uint32_t> at[2] << 8) | at[3]


cdef inline uint64_t read64(const uint8_t* at) noexcept nogil:
    return (<uint64_t> read32(at) << 32) | read32(at + 4)


cdef inline void write16(uint8_t* at, uint16_t value) noexcept nogil:
    at[0] = value >> 8
    at[1] = value & 0xFF


cdef inline void write32(uint8_t* at, uint32_t value) noexcept nogil:
    write16(at, value >> 16)
    write16(at + 2, value & 0xFFFF)


cdef inline Drop read_header(Packet* packet, uint8_t* data, int length, int64_t received_ns) noexcept nogil:
    """Fill `packet` from the fixed header, the contributors and the extension's frame; nothing else is readable before
    SRTP has authenticated it."""
    cdef int at
    memset(packet, 0, sizeof(Packet))
    packet.data = data
    packet.length = length
    packet.received_ns = received_ns
    packet.descriptor.picture_at = packet.descriptor.level_at = packet.descriptor.key_at = NOTHING
    if length < 12 or data[0] >> 6 != 2:
        return Drop.MALFORMED_RTP
    packet.contributors = data[0] & 0x0F
    packet.marker = data[1] >> 7
    packet.payload_type = data[1] & 0x7F
    packet.sequence = read16(data + 2)
    packet.timestamp = read32(data + 4)
    packet.ssrc = read32(data + 8)
    at = 12 + 4 * packet.contributors
    if data[0] & 0x10:
        if at + 4 > length:
            return Drop.MALFORMED_RTP
        at += 4 + 4 * read16(data + at + 2)
    if at > length:
        return Drop.MALFORMED_RTP
    packet.payload_at = at
    return Drop.KEPT


cdef inline Drop strip_padding(Packet* packet) noexcept nogil:
    """Take the padding (RFC 3550 §5.1) off the authenticated packet; what is left may have no payload at all."""
    cdef uint8_t padding
    if packet.data[0] & 0x20:
        padding = packet.data[packet.length - 1]
        if padding == 0 or padding > packet.length - packet.payload_at:
            return Drop.MALFORMED_RTP
        packet.length -= padding
        packet.data[0] &= 0xDF
    return Drop.KEPT


cdef inline void empty_packet(Packet* packet) noexcept nogil:
    """Leave nothing but the header."""
    packet.length = packet.payload_at
    packet.descriptor.present = packet.descriptor.framed = 0
    packet.descriptor.picture_at = packet.descriptor.level_at = packet.descriptor.key_at = NOTHING


cdef inline void _note_element(Packet* packet, const uint8_t* kinds, int wire_id, int at, int length) noexcept nogil:
    if kinds[wire_id] == 0 or packet.element_count == MAX_ELEMENTS:
        return
    packet.elements[packet.element_count].kind = kinds[wire_id]
    packet.elements[packet.element_count].at = at
    packet.elements[packet.element_count].length = length
    packet.element_count += 1


cdef inline void read_elements(Packet* packet, const uint8_t* kinds) noexcept nogil:
    """Remember the extension elements that `kinds` (id on the wire → records.Extension, 256 entries) names. An element
    that overruns ends the list: RFC 8285 §4.1.2 has the rest ignored, not the packet dropped."""
    cdef uint8_t* data = packet.data
    cdef int at, wire_id, length, frame = 12 + 4 * packet.contributors, end = packet.payload_at
    cdef bint one_byte
    if not data[0] & 0x10:
        return
    one_byte = read16(data + frame) == 0xBEDE
    if not one_byte and read16(data + frame) >> 4 != 0x100:
        return
    at = frame + 4
    while at < end:
        if data[at] == 0:
            at += 1
            continue
        if one_byte:
            wire_id = data[at] >> 4
            length = (data[at] & 0x0F) + 1
            at += 1
            if wire_id == 15:
                return
        else:
            if at + 2 > end:
                return
            wire_id = data[at]
            length = data[at + 1]
            at += 2
        if at + length > end:
            return
        _note_element(packet, kinds, wire_id, at, length)
        at += length
