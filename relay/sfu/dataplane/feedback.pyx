"""Walks a compound RTCP packet with every bound checked (RFC 3550 §6, RFC 4585 §6, RFC 5104 §4.3.1).

Sender and receiver reports, NACK, PLI, FIR, BYE, REMB and transport-wide feedback become records; SDES is skipped;
packets of other types can be moved together at the front of the buffer, for the control side. A packet that overruns
ends the walk, and what was found before it stands: an authenticated peer has no reason to send such, but its earlier
reports are none the worse.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memmove

from .condense cimport feedback_is_whole
from .header cimport read16, read32, read64

cdef enum:
    SR = 200
    RR = 201
    SDES = 202
    GOODBYE = 203
    RTPFB = 205
    PSFB = 206
    REMB_NAME = 0x52454D42


cdef inline Record* _record(Walk* found, RecordKind kind, uint32_t ssrc) noexcept nogil:
    cdef Record* record = &found.records[found.count]
    found.count += 1
    record.kind = kind
    record.ssrc = ssrc
    return record


cdef bint _reports(const uint8_t* packet, int length, int at, Walk* found) noexcept nogil:
    """Report blocks from `at` on (RFC 3550 §6.4.1)."""
    cdef Record* record
    if at + 24 * (packet[0] & 0x1F) > length:
        return False
    for _ in range(packet[0] & 0x1F):
        record = _record(found, RecordKind.REPORT_BLOCK, read32(packet + at))
        record.lost = packet[at + 4]
        record.jitter = read32(packet + at + 12)
        record.value = read32(packet + at + 16)
        record.extra = read32(packet + at + 20)
        at += 24
    return True


cdef bint _sender_report(const uint8_t* packet, int length, Walk* found) noexcept nogil:
    cdef Record* record
    if length < 28:
        return False
    record = _record(found, RecordKind.SENDER_REPORT, read32(packet + 4))
    record.ntp = read64(packet + 8)
    record.value = read32(packet + 16)
    return _reports(packet, length, 28, found)


cdef bint _bye(const uint8_t* packet, int length, Walk* found) noexcept nogil:
    cdef int index
    if 4 + 4 * (packet[0] & 0x1F) > length:
        return False
    for index in range(packet[0] & 0x1F):
        _record(found, RecordKind.BYE, read32(packet + 4 + 4 * index))
    return True


cdef bint _nack(const uint8_t* packet, int length, Walk* found) noexcept nogil:
    """Generic NACK (RFC 4585 §6.2.1)."""
    cdef int at
    for at in range(12, length - 3, 4):
        _record(found, RecordKind.NACK, read32(packet + 8)).value = read32(packet + at)
    return length >= 16


cdef bint _fir(const uint8_t* packet, int length, Walk* found) noexcept nogil:
    """Full intra request (RFC 5104 §4.3.1.1): the target is named in each entry."""
    cdef int at
    for at in range(12, length - 7, 8):
        _record(found, RecordKind.FIR, read32(packet + at)).value = packet[at + 4]
    return length >= 20


cdef bint _remb(const uint8_t* packet, int length, Walk* found) noexcept nogil:
    """Receiver's estimate (draft-alvestrand-rmcat-remb-03 §2.2): 6 bits of exponent, 18 of mantissa."""
    cdef uint64_t bps
    cdef int exponent
    if length < 20 or length != 20 + 4 * packet[16]:
        return False
    exponent = packet[17] >> 2
    bps = <uint64_t> (read32(packet + 16) & 0x3FFFF)
    bps = 0xFFFFFFFF if exponent > 32 and bps else bps << exponent
    _record(found, RecordKind.REMB, 0).value = <uint32_t> min(bps, <uint64_t> 0xFFFFFFFF)
    return True


cdef int _consume_feedback(const uint8_t* packet, int length, int at, Walk* found) noexcept nogil:
    """As `_consume`, of packets that are feedback (RFC 4585 §6.1)."""
    cdef int kind = packet[1], format = packet[0] & 0x1F
    if kind == RTPFB and format == 1:
        return 1 if _nack(packet, length, found) else -1
    if kind == RTPFB and format == 15:
        if not feedback_is_whole(packet, length):
            return -1
        _record(found, RecordKind.TRANSPORT_FEEDBACK, 0).value = at
        return 1
    if kind == PSFB and format == 1:
        if length < 12:
            return -1
        _record(found, RecordKind.PLI, read32(packet + 8))
        return 1
    if kind == PSFB and format == 4:
        return 1 if _fir(packet, length, found) else -1
    if kind == PSFB and format == 15 and length >= 16 and read32(packet + 12) == REMB_NAME:
        return 1 if _remb(packet, length, found) else -1
    return 0


cdef int _consume(const uint8_t* packet, int length, int at, Walk* found) noexcept nogil:
    """1: understood; 0: for the control side; -1: wrong shape. `length` is at least 4; `at`: place in the compound."""
    cdef int kind = packet[1]
    if kind == SDES:
        return 1
    if kind == GOODBYE:
        return 1 if _bye(packet, length, found) else -1
    if kind == SR:
        return 1 if _sender_report(packet, length, found) else -1
    if kind == RR:
        return 1 if length >= 8 and _reports(packet, length, 8, found) else -1
    return _consume_feedback(packet, length, at, found)


cdef inline int _content(const uint8_t* packet, int size) noexcept nogil:
    """The length of a packet without its padding; below 4 when that is wrong."""
    return size - packet[size - 1] if packet[0] & 0x20 else size


cdef bint walk(const uint8_t* compound, int length, Walk* found) noexcept nogil:
    """Fill `found`; False when a packet has the wrong shape. `length` at most CELL, so that the records suffice: each
    takes four bytes or more of the compound."""
    cdef int at = 0, size, verdict
    found.count = found.remainder = found.span_count = 0
    while at + 4 <= length:
        size = 4 + 4 * read16(compound + at + 2)
        if compound[at] >> 6 != 2 or at + size > length:
            return False
        if _content(compound + at, size) < 4:
            return False
        verdict = _consume(compound + at, _content(compound + at, size), at, found)
        if verdict < 0:
            return False
        if verdict == 0:
            found.spans[found.span_count] = <uint16_t> at
            found.span_count += 1
            found.remainder += size
        at += size
    return at == length


cdef void gather(uint8_t* compound, const Walk* found) noexcept nogil:
    """Move what nobody here understands to the front; records that point into the compound are void then."""
    cdef int index, size, to = 0
    cdef const uint8_t* packet
    for index in range(found.span_count):
        packet = compound + found.spans[index]
        size = 4 + 4 * read16(packet + 2)
        memmove(compound + to, packet, size)
        to += size


def condense(bytes compound not None) -> tuple[bool, list[tuple[int, int, int]], bytes]:
    """Whether the compound has the right shape; its records as (kind, ssrc, value); the packets of other types. For
    tests and tools; ValueError for more bytes than a datagram cell holds."""
    cdef Walk found
    cdef bytearray copy = bytearray(compound)
    cdef uint8_t* data = copy
    if len(copy) > 2048:
        raise ValueError("longer than a datagram cell")
    whole = walk(data, <int> len(copy), &found)
    gather(data, &found)
    records = [(found.records[i].kind, found.records[i].ssrc, found.records[i].value) for i in range(found.count)]
    return whole, records, bytes(copy[:found.remainder])
