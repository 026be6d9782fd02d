"""Transport-wide congestion control, the receiver's part: which packets of a peer arrived, and when, for its sender to estimate its
uplink by (draft-holmer-rmcat-transport-wide-cc-extensions-01).

Rules:
- The number is the peer's, over all its streams: retransmissions and padding count like media.
- A packet that comes after its number was reported as missing is reported again, so that reordering is not taken for loss.
- One report covers what fits; the rest waits for the next call, which is due at once.
"""

from libc.stdint cimport int16_t, int64_t, uint8_t, uint16_t, uint32_t
from libc.string cimport memset

from .header cimport write16, write32
from .seq cimport extend

cdef enum:
    TICK_NS = 250_000          # unit of a delta
    REFERENCE_TICKS = 256      # unit of the reference time: 64 ms
    PER_CHUNK = 7              # two-bit symbols of a status vector chunk
    FORMAT = 15
    TRANSPORT_FEEDBACK = 205
    REPORTER = 1


cdef void arrivals_note(Arrivals* arrivals, uint32_t ssrc, uint16_t sequence, int64_t received_ns) noexcept nogil:
    """The packet with this transport-wide number arrived, in the stream `ssrc`."""
    cdef int64_t position
    if not arrivals.started:
        arrivals.started = 1
        # Far enough from zero that reordering at the start does not go below it.
        arrivals.first = arrivals.highest = 0x10000 + sequence
    position = extend(arrivals.highest, sequence)
    if position <= arrivals.highest - ARRIVALS:
        return
    _advance(arrivals, position)
    if position < arrivals.first:
        arrivals.first = position
    arrivals.times_ns[position % ARRIVALS] = received_ns
    arrivals.ssrc = ssrc
    arrivals.pending = 1


cdef inline void _advance(Arrivals* arrivals, int64_t position) noexcept nogil:
    """Make room for `position` if it is a new highest one."""
    if position - arrivals.highest >= ARRIVALS:
        memset(arrivals.times_ns, 0, sizeof(arrivals.times_ns))
        arrivals.first = position
        arrivals.highest = position
    while arrivals.highest < position:
        arrivals.highest += 1
        arrivals.times_ns[arrivals.highest % ARRIVALS] = 0
    if arrivals.highest - arrivals.first >= ARRIVALS:
        arrivals.first = arrivals.highest - ARRIVALS + 1


cdef int arrivals_report(Arrivals* arrivals, uint8_t* out, int64_t now_ns) noexcept nogil:
    """Write one feedback packet after an empty receiver report, MAX_FEEDBACK bytes at the most; its length, 0 if there is nothing to say.
    The numbers belong to no stream, but libwebrtc takes feedback only if the media source it names is one of its own."""
    cdef uint8_t[ARRIVALS] symbols
    cdef int16_t[ARRIVALS] deltas
    cdef int64_t start = _first_arrived(arrivals)
    cdef int64_t reference
    cdef int count
    if not arrivals.pending or start > arrivals.highest:
        arrivals.pending = 0
        return 0
    reference = arrivals.times_ns[start % ARRIVALS] // TICK_NS // REFERENCE_TICKS
    count = _measure(arrivals, reference * REFERENCE_TICKS, symbols, deltas)
    write16(out + 20, <uint16_t> (arrivals.first & 0xFFFF))
    write16(out + 22, <uint16_t> count)
    write32(out + 24, <uint32_t> ((reference & 0xFFFFFF) << 8) | arrivals.feedbacks)
    arrivals.feedbacks += 1
    arrivals.first += count
    arrivals.reported_ns = now_ns
    arrivals.pending = arrivals.first <= arrivals.highest
    write32(out + 16, arrivals.ssrc)
    return _frame(out, _write_deltas(out, _write_chunks(out, symbols, count), symbols, deltas, count))


cdef inline int64_t _first_arrived(const Arrivals* arrivals) noexcept nogil:
    cdef int64_t position = arrivals.first
    while position <= arrivals.highest and arrivals.times_ns[position % ARRIVALS] == 0:
        position += 1
    return position


cdef inline int _measure(const Arrivals* arrivals, int64_t ticks, uint8_t* symbols, int16_t* deltas) noexcept nogil:
    """Symbol and delta of each number from `first` on, up to one whose delta does not fit; how many."""
    cdef int count = 0
    cdef int64_t position, at_ns, delta
    for position in range(arrivals.first, arrivals.highest + 1):
        at_ns = arrivals.times_ns[position % ARRIVALS]
        symbols[count] = 0
        if at_ns:
            delta = at_ns // TICK_NS - ticks
            if delta > 0x7FFF or delta < -0x8000:
                break
            ticks += delta
            symbols[count] = 1 if 0 <= delta <= 0xFF else 2
            deltas[count] = <int16_t> delta
        count += 1
    return count


cdef inline int _write_chunks(uint8_t* out, const uint8_t* symbols, int count) noexcept nogil:
    """Status vectors of two-bit symbols; where the next octet goes."""
    cdef int at = 28, index = 0, bit
    cdef uint16_t chunk
    while index < count:
        chunk = 0xC000
        for bit in range(PER_CHUNK):
            if index + bit < count:
                chunk |= <uint16_t> (symbols[index + bit] << (12 - 2 * bit))
        write16(out + at, chunk)
        at += 2
        index += PER_CHUNK
    return at


cdef inline int _write_deltas(uint8_t* out, int at, const uint8_t* symbols, const int16_t* deltas, int count) noexcept nogil:
    cdef int index
    for index in range(count):
        if symbols[index] == 1:
            out[at] = <uint8_t> deltas[index]
            at += 1
        elif symbols[index] == 2:
            write16(out + at, <uint16_t> deltas[index])
            at += 2
    return at


cdef inline int _frame(uint8_t* out, int length) noexcept nogil:
    """Pad to whole words, and write the headers (RFC 3550 §6.4.2, RFC 4585 §6.1)."""
    cdef int padding = -length & 3
    if padding:
        memset(out + length, 0, padding)
        out[length + padding - 1] = <uint8_t> padding
    write32(out, 0x80C90001)
    write32(out + 4, REPORTER)
    out[8] = 0x80 | (0x20 if padding else 0) | FORMAT
    out[9] = TRANSPORT_FEEDBACK
    length += padding
    write16(out + 10, <uint16_t> ((length - 8) // 4 - 1))
    write32(out + 12, REPORTER)
    return length


cdef class ArrivalLog:
    """The arrivals of one peer, outside of a worker."""

    cdef Arrivals arrivals

    def __cinit__(self) -> None:
        memset(&self.arrivals, 0, sizeof(Arrivals))

    def note(self, uint32_t ssrc, uint16_t sequence, int64_t received_ns) -> None:
        """The packet with this transport-wide number arrived, in the stream `ssrc`."""
        arrivals_note(&self.arrivals, ssrc, sequence, received_ns)

    def report(self, int64_t now_ns) -> bytes:
        """The next compound packet with feedback; empty if there is nothing to say."""
        cdef uint8_t[MAX_FEEDBACK] out
        cdef int length = arrivals_report(&self.arrivals, out, now_ns)
        return (<char*> out)[:length]
