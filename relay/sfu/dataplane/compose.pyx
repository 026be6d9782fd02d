"""An outgoing packet is written once, into the cell it leaves from: header under new numbers, the extensions the
receiver negotiated under its ids, then the payload with its picture ids renumbered.

Of the extensions only those that describe the media go from hop to hop; the others (MID, RID) belong to the hop they
were made for. Transport-wide sequence number and send time are written anew where the receiver negotiated them.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.string cimport memcpy, memset

from .header cimport read_elements, read_header, strip_padding, write16, write32
from .payload cimport inspect
from .types cimport (
    ABS_CAPTURE_TIME, ABS_SEND_TIME, AUDIO_LEVEL, MAX_KINDS, MAX_PACKET, NOTHING, PLAYOUT_DELAY, TRANSPORT_CC,
    VIDEO_ORIENTATION, Descriptor, Element, Label, Packet,
)

cdef enum:
    STAMPS = 2
    END_TO_END = 1 << AUDIO_LEVEL | 1 << VIDEO_ORIENTATION | 1 << ABS_CAPTURE_TIME | 1 << PLAYOUT_DELAY


cdef inline uint8_t _wire_id(const Packet* packet, const Element* element, const uint8_t* ids) noexcept nogil:
    """The receiver's id of an element that goes on to it, else 0."""
    if END_TO_END >> element.kind & 1:
        return ids[element.kind]
    return ids[element.kind] if packet.descriptor.framed and element.at + 1 == packet.descriptor.frame_at else 0


cdef int[STAMPS] STAMP_KINDS = [TRANSPORT_CC, ABS_SEND_TIME]
cdef int[STAMPS] STAMP_BYTES = [2, 3]


cdef inline int _extension_length(const Packet* packet, const uint8_t* ids, bint* two_byte) noexcept nogil:
    """Bytes of the extension block with all elements that go on, 0 without any; whether one of them needs the two-byte
    form (RFC 8285 §4.3)."""
    cdef int room = 0, count = 0
    cdef const Element* element
    two_byte[0] = False
    for index in range(STAMPS):
        if ids[STAMP_KINDS[index]]:
            two_byte[0] = two_byte[0] or ids[STAMP_KINDS[index]] > 14
            room += STAMP_BYTES[index]
            count += 1
    for index in range(packet.element_count):
        element = &packet.elements[index]
        if _wire_id(packet, element, ids):
            two_byte[0] = two_byte[0] or _wire_id(packet, element, ids) > 14 or not 1 <= element.length <= 16
            room += element.length
            count += 1
    if count == 0:
        return 0
    room += 2 * count if two_byte[0] else count
    return 4 + ((room + 3) & ~3)


cdef inline int _write_head(uint8_t* out, bint two_byte, uint8_t wire_id, uint8_t length) noexcept nogil:
    """Id and length of an element (RFC 8285 §4.2, §4.3); their size."""
    if two_byte:
        out[0] = wire_id
        out[1] = length
        return 2
    out[0] = wire_id << 4 | (length - 1)
    return 1


cdef inline int _write_stamps(const Label* label, const uint8_t* ids, bint two_byte, uint8_t* out) noexcept nogil:
    """What belongs to this hop; its size."""
    cdef int at = 0
    if ids[TRANSPORT_CC]:
        at += _write_head(out, two_byte, ids[TRANSPORT_CC], 2)
        write16(out + at, label.departure)
        at += 2
    if ids[ABS_SEND_TIME]:
        at += _write_head(out + at, two_byte, ids[ABS_SEND_TIME], 3)
        out[at] = <uint8_t> (label.send_time >> 16)
        write16(out + at + 1, <uint16_t> label.send_time)
        at += 3
    return at


cdef inline void _write_extension(
    const Packet* packet, const Label* label, const uint8_t* ids, bint two_byte, int length, uint8_t* out
) noexcept nogil:
    cdef const Element* element
    cdef uint8_t wire_id
    cdef int at = 4
    write16(out, 0x1000 if two_byte else 0xBEDE)
    write16(out + 2, length // 4 - 1)
    memset(out + length - 4, 0, 4)
    at += _write_stamps(label, ids, two_byte, out + at)
    for index in range(packet.element_count):
        element = &packet.elements[index]
        wire_id = _wire_id(packet, element, ids)
        if wire_id == 0:
            continue
        at += _write_head(out + at, two_byte, wire_id, <uint8_t> element.length)
        memcpy(out + at, packet.data + element.at, element.length)
        if packet.descriptor.framed and element.at + 1 == packet.descriptor.frame_at:
            write16(out + at + 1, label.picture)
        at += element.length


cdef inline void _write_payload(const Packet* packet, const Label* label, int grown, uint8_t* out) noexcept nogil:
    """The payload with renumbered picture ids; `grown`: the picture id comes with 7 bits, and leaves with 15 as all
    do."""
    cdef const Descriptor* found = &packet.descriptor
    cdef const uint8_t* payload = packet.data + packet.payload_at
    cdef int length = packet.length - packet.payload_at, rest
    if found.picture_at == NOTHING:
        memcpy(out, payload, length)
    else:
        rest = found.picture_at + 1
        memcpy(out, payload, found.picture_at)
        memcpy(out + rest + grown, payload + rest, length - rest)
        write16(out + found.picture_at, 0x8000 | label.picture)
    if found.level_at != NOTHING:
        out[found.level_at + grown] = label.level
    if found.key_at != NOTHING:
        out[found.key_at + grown] = (payload[found.key_at] & 0xE0) | label.key


cdef int compose(const Packet* packet, const Label* label, const uint8_t* ids, uint8_t* out) noexcept nogil:
    """Write the packet as `label` says into `out` (room for MAX_PACKET); its length, or 0 when it would be longer than
    that. `ids`: `relay.sfu.ports.Extension` → the receiver's id, 0 where not negotiated."""
    cdef bint two_byte = False
    cdef int at = 12 + 4 * packet.contributors
    cdef int extension = _extension_length(packet, ids, &two_byte)
    cdef int repair = 0 if label.original == NOTHING else 2
    cdef int grown = packet.descriptor.picture_at != NOTHING and not packet.descriptor.wide
    cdef int length = at + extension + repair + packet.length - packet.payload_at + grown
    if length > MAX_PACKET:
        return 0
    out[0] = 0x80 | (0x10 if extension else 0) | packet.contributors
    out[1] = label.marker << 7 | label.payload_type
    write16(out + 2, label.sequence)
    write32(out + 4, label.timestamp)
    write32(out + 8, label.ssrc)
    memcpy(out + 12, packet.data + 12, 4 * packet.contributors)
    if extension:
        _write_extension(packet, label, ids, two_byte, extension, out + at)
    if repair:
        write16(out + at + extension, label.original)
    _write_payload(packet, label, grown, out + at + extension + repair)
    return length


def recompose(
    bytes packet not None,
    *,
    dict kinds,
    dict ids,
    int family=0,
    uint32_t ssrc=0,
    uint32_t timestamp=0,
    uint16_t sequence=0,
    uint8_t payload_type=0,
    uint16_t picture=0,
    uint8_t level=0,
    uint8_t key=0,
    int original=NOTHING,
    tuple stamps=(0, 0),
):
    """An RTP packet as it came, as it would leave. `kinds`: id on the wire → `relay.sfu.ports.Extension`, `ids`: the
    other way round for the receiver, `stamps`: transport-wide number and send time. None: it would not fit. ValueError: it
    is no RTP packet. For tests and tools."""
    cdef bytearray copy = bytearray(packet)
    cdef uint8_t* data = copy
    cdef uint8_t[256] kind_of
    cdef uint8_t[MAX_KINDS] id_of
    cdef uint8_t[MAX_PACKET] out
    cdef Packet view
    cdef Label label
    memset(kind_of, 0, sizeof(kind_of))
    memset(id_of, 0, sizeof(id_of))
    for wire_id, kind in kinds.items():
        kind_of[<uint8_t> wire_id] = kind
    for kind, wire_id in ids.items():
        id_of[<uint8_t> kind] = wire_id
    if read_header(&view, data, <int> len(copy), 0) != 0 or strip_padding(&view) != 0:
        raise ValueError("no RTP packet")
    label = Label(ssrc, timestamp, sequence, payload_type, view.marker, original, picture, level, key, 1, stamps[0], stamps[1])
    read_elements(&view, kind_of)
    if view.length > view.payload_at:
        inspect(family, &view)
    length = compose(&view, &label, id_of, out)
    return <bytes> out[:length] if length else None
