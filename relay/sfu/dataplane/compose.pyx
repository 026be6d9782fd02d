"""An outgoing packet is written once, into the cell it leaves from: header under new numbers, the extensions the receiver
negotiated under its ids, then the payload with its picture ids renumbered.

Of the extensions only those that describe the media go from hop to hop; the others (MID, RID, transport-wide sequence numbers,
send time) belong to the hop they were made for.
"""

from libc.stdint cimport uint8_t
from libc.string cimport memcpy, memset

from .header cimport write16, write32
from .types cimport (
    ABS_CAPTURE_TIME, AUDIO_LEVEL, MAX_PACKET, NOTHING, PLAYOUT_DELAY, VIDEO_ORIENTATION, Descriptor, Element, Label, Packet,
)

cdef enum:
    END_TO_END = 1 << AUDIO_LEVEL | 1 << VIDEO_ORIENTATION | 1 << ABS_CAPTURE_TIME | 1 << PLAYOUT_DELAY


cdef inline uint8_t _wire_id(const Element* element, const uint8_t* ids) noexcept nogil:
    """The receiver's id of an element that goes on to it, else 0."""
    return ids[element.kind] if END_TO_END >> element.kind & 1 else 0


cdef inline int _element_room(const Packet* packet, const uint8_t* ids, bint* two_byte) noexcept nogil:
    """Bytes of all elements that go on, padded; whether one of them needs the two-byte form (RFC 8285 §4.3)."""
    cdef int room = 0, count = 0
    cdef const Element* element
    two_byte[0] = False
    for index in range(packet.element_count):
        element = &packet.elements[index]
        if _wire_id(element, ids):
            two_byte[0] = two_byte[0] or _wire_id(element, ids) > 14 or not 1 <= element.length <= 16
            room += element.length
            count += 1
    if count == 0:
        return 0
    room += 2 * count if two_byte[0] else count
    return (room + 3) & ~3


cdef inline int _write_elements(const Packet* packet, const uint8_t* ids, uint8_t* out) noexcept nogil:
    """The extension block with its frame; its length, 0 when nothing goes on."""
    cdef bint two_byte = False
    cdef int room = _element_room(packet, ids, &two_byte), at = 4
    cdef const Element* element
    cdef uint8_t wire_id
    if room == 0:
        return 0
    write16(out, 0x1000 if two_byte else 0xBEDE)
    write16(out + 2, room // 4)
    memset(out + at + room - 4, 0, 4)
    for index in range(packet.element_count):
        element = &packet.elements[index]
        wire_id = _wire_id(element, ids)
        if wire_id == 0:
            continue
        if two_byte:
            out[at] = wire_id
            out[at + 1] = element.length
            at += 2
        else:
            out[at] = wire_id << 4 | (element.length - 1)
            at += 1
        memcpy(out + at, packet.data + element.at, element.length)
        at += element.length
    return 4 + room


cdef inline int _write_payload(const Packet* packet, const Label* label, uint8_t* out) noexcept nogil:
    """The payload with renumbered picture ids, always of 15 bits; its length: one more than it came with where it had 7."""
    cdef const Descriptor* found = &packet.descriptor
    cdef const uint8_t* payload = packet.data + packet.payload_at
    cdef int length = packet.length - packet.payload_at, grown = 0
    if found.picture_at == NOTHING:
        memcpy(out, payload, length)
    else:
        grown = 0 if found.wide else 1
        memcpy(out, payload, found.picture_at)
        memcpy(
            out + found.picture_at + 1 + grown, payload + found.picture_at + 1, length - found.picture_at - 1
        )
        write16(out + found.picture_at, 0x8000 | label.picture)
    if found.level_at != NOTHING:
        out[found.level_at + grown] = label.level
    if found.key_at != NOTHING:
        out[found.key_at + grown] = (payload[found.key_at] & 0xE0) | label.key
    return length + grown


cdef int compose(const Packet* packet, const Label* label, const uint8_t* ids, uint8_t* out) noexcept nogil:
    """Write the packet as `label` says into `out` (room for MAX_PACKET); its length, or 0 when it would be longer than that.
    `ids`: records.Extension → the receiver's id, 0 where not negotiated."""
    cdef int at = 12 + 4 * packet.contributors
    if packet.length + 3 + 2 * packet.element_count + 4 > MAX_PACKET:
        return 0
    memcpy(out + 12, packet.data + 12, 4 * packet.contributors)
    at += _write_elements(packet, ids, out + at)
    out[0] = 0x80 | (0x10 if at > 12 + 4 * packet.contributors else 0) | packet.contributors
    out[1] = packet.marker << 7 | label.payload_type
    write16(out + 2, label.sequence)
    write32(out + 4, label.timestamp)
    write32(out + 8, label.ssrc)
    if label.original != NOTHING:
        write16(out + at, label.original)
        at += 2
    return at + _write_payload(packet, label, out + at)
