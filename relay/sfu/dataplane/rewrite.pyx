"""Continuity of a slot's stream: every source has numbers, timestamps and picture ids of its own, the receiver sees
one line.

Rules:
- A new source starts with a packet that is the newest of its track and, for video, begins a keyframe.
- Numbers go on at +1; at +2 when the last frame of the old source, if it was video, stayed incomplete, so that nobody joins
  the two.
- Timestamps go on by the time that passed between the two packets, and always forward.
- A hole in the source's numbers stays a hole: the packet may still come. A packet without payload is dropped and its
  number closed up, unless it comes late: then the hole is already told, and the empty packet fills it.
- A packet of a layer that is not forwarded is closed up in the same way, and with it, where the codec counts without
  gaps, its picture's id.
- A late packet gets the offsets that were valid at its position.
- Picture ids always leave with 15 bits: a source that counts with 7 wraps sooner than its receiver expects after a
  switch.
"""

import cython

from libc.stdint cimport int64_t, uint16_t, uint32_t
from libc.string cimport memset

from .seq cimport later_by
from .types cimport NOTHING, Descriptor, Label, Packet


cdef void rewrite_open(Rewrite* rewrite, bint gated, uint16_t first_sequence, uint32_t first_timestamp) noexcept nogil:
    """The first packet that ever leaves gets these numbers. Keep `first_sequence` below 2**15: a receiver that misses
    the first packets of a stream which soon wraps would guess the roll-over counter wrong (RFC 3711 §3.3.1)."""
    memset(rewrite, 0, sizeof(Rewrite))
    rewrite.gated = gated
    rewrite.highest = <int64_t> first_sequence - 1
    rewrite.timestamp = first_timestamp
    rewrite.complete = 1
    rewrite.waiting = 1


cdef void rewrite_await(Rewrite* rewrite) noexcept nogil:
    """The next packets come from another source."""
    rewrite.waiting = 1


cdef inline void _shift(Rewrite* rewrite, int64_t first, int64_t offset) noexcept nogil:
    """`offset` holds from `first` on. Of a run of closed-up numbers one shift is kept; the oldest gives way to the
    newest."""
    cdef int last = rewrite.shift_count - 1, index
    if last >= 0 and rewrite.shifts[last].first == first - 1:
        rewrite.shift_count -= 1
    elif rewrite.shift_count == MAX_SHIFTS:
        for index in range(MAX_SHIFTS - 1):
            rewrite.shifts[index] = rewrite.shifts[index + 1]
        rewrite.shift_count -= 1
    rewrite.shifts[rewrite.shift_count].first = first
    rewrite.shifts[rewrite.shift_count].offset = offset
    rewrite.shifts[rewrite.shift_count].picture_offset = rewrite.pictures.offset
    rewrite.shift_count += 1


cdef inline Shift* _shift_at(Rewrite* rewrite, int64_t position) noexcept nogil:
    cdef int index = rewrite.shift_count - 1
    while index >= 0 and rewrite.shifts[index].first > position:
        index -= 1
    return &rewrite.shifts[index] if index >= 0 else NULL


cdef void _start(Rewrite* rewrite, const Packet* packet, uint32_t clock_rate_hz, int64_t since_last_ns) noexcept nogil:
    """`packet` is the first of a new source."""
    cdef int64_t number = rewrite.highest + (1 if rewrite.complete else 2)
    cdef int64_t units = 0
    if rewrite.begun:
        if since_last_ns < 0:
            since_last_ns = packet.received_ns - rewrite.received_ns
        units = since_last_ns // 1_000 * clock_rate_hz // 1_000_000
        if units < 1:
            units = 1
    rewrite.timestamp_offset = rewrite.timestamp + <uint32_t> units - packet.timestamp
    rewrite.shift_count = 0
    _shift(rewrite, packet.position, number - packet.position)
    rewrite.origin = packet.position
    rewrite.source_highest = packet.position - 1
    rewrite.pictures.joined = 0
    rewrite.pictures.source = NOTHING
    rewrite.pictures.wide = 0
    rewrite.framed = 0
    rewrite.waiting = 0
    rewrite.begun = 1


cdef inline Drop _admit(const Rewrite* rewrite, const Packet* packet) noexcept nogil:
    if packet.payload_at == packet.length:
        return Drop.PADDING_ONLY
    if not packet.newest or (rewrite.gated and not packet.start):
        return Drop.AWAITING_KEYFRAME
    return Drop.KEPT


cdef inline Drop _number(Rewrite* rewrite, const Packet* packet, int64_t* number) noexcept nogil:
    cdef Shift* shift
    if packet.position < rewrite.origin:
        return Drop.BEFORE_SWITCH
    shift = _shift_at(rewrite, packet.position)
    if shift == NULL:
        return Drop.TOO_LATE
    if packet.position > rewrite.source_highest:
        rewrite.source_highest = packet.position
        if packet.payload_at == packet.length:
            _shift(rewrite, packet.position + 1, shift.offset - 1)
            return Drop.PADDING_ONLY
    number[0] = packet.position + shift.offset
    return Drop.KEPT


cdef inline int64_t _extend_picture(const Pictures* pictures, const Descriptor* found) noexcept nogil:
    """The picture id on the source's line: the nearest to its highest."""
    cdef int64_t modulus = 1 << 15 if pictures.wide else 1 << 7
    cdef int64_t ahead
    if pictures.source == NOTHING:
        return found.picture + (1 << 16)   # room for late ones below the first
    ahead = (found.picture - pictures.source) & (modulus - 1)
    return pictures.source + (ahead if ahead < modulus // 2 else ahead - modulus)


cdef void _join_pictures(Rewrite* rewrite, const Descriptor* found) noexcept nogil:
    """First descriptor of a source: go on where the last source ended; the very first source keeps its own ids."""
    cdef Pictures* pictures = &rewrite.pictures
    pictures.joined = 1
    if not pictures.begun:
        pictures.offset = 0
        return
    if found.picture_at != NOTHING:
        pictures.offset = pictures.highest + 1 - _extend_picture(pictures, found)
        for index in range(rewrite.shift_count):
            rewrite.shifts[index].picture_offset = pictures.offset
    pictures.level_offset = pictures.level + 1 - found.level
    pictures.key_offset = pictures.key + 1 - found.key


cdef void _label_pictures(Rewrite* rewrite, const Packet* packet, Label* label) noexcept nogil:
    cdef Pictures* pictures = &rewrite.pictures
    cdef const Descriptor* found = &packet.descriptor
    cdef int64_t source, outgoing
    if found.wide and found.picture_at != NOTHING:
        pictures.wide = 1
    if not pictures.joined:
        _join_pictures(rewrite, found)
    label.level = found.level + pictures.level_offset
    label.key = (found.key + pictures.key_offset) & 0x1F
    if found.picture_at != NOTHING:
        source = _extend_picture(pictures, found)
        outgoing = source + _shift_at(rewrite, packet.position).picture_offset
        label.picture = outgoing & 0x7FFF
        if source > pictures.source:
            pictures.source = source
        if not pictures.begun or outgoing > pictures.highest:
            pictures.highest = outgoing
    if packet.newest:
        if found.level_at != NOTHING:
            pictures.level = label.level
        if found.key_at != NOTHING:
            pictures.key = label.key
    pictures.begun = 1


cdef inline void _label_frame(Rewrite* rewrite, const Packet* packet, Label* label) noexcept nogil:
    """Frame numbers go on where the last source ended. Frames name each other by distance, so gaps may stay."""
    cdef uint16_t frame = packet.descriptor.frame
    if not rewrite.framed:
        rewrite.framed = 1
        rewrite.frame_offset = rewrite.frame + 1 - frame if rewrite.counted else 0
        rewrite.counted = 1
    label.picture = frame + rewrite.frame_offset
    if packet.newest:
        rewrite.frame = label.picture


cdef inline void _note_time(
    Rewrite* rewrite, const Packet* packet, uint32_t timestamp, uint32_t clock_rate_hz
) noexcept nogil:
    """Remember the latest time that left. Frames may leave out of order by a little; a long way back is a source that
    paused for more than half of the timestamp's range."""
    cdef int64_t ahead = later_by(timestamp, rewrite.timestamp)
    if ahead >= 0 or ahead < -10 * <int64_t> clock_rate_hz:
        rewrite.timestamp = timestamp
        rewrite.source_timestamp = packet.timestamp
        rewrite.received_ns = packet.received_ns


cdef Drop rewrite_label(
    Rewrite* rewrite, const Packet* packet, uint32_t clock_rate_hz, int64_t since_last_ns, Label* label
) noexcept nogil:
    """Give the packet its outgoing numbers; its marker is given. `since_last_ns`: if the packet starts a new source, the time between it
    and the newest packet of the old one where sender reports tell; negative: take the time between their arrivals."""
    cdef int64_t number = 0
    cdef Drop drop
    if rewrite.waiting:
        drop = _admit(rewrite, packet)
        if drop != Drop.KEPT:
            return drop
        _start(rewrite, packet, clock_rate_hz, since_last_ns)
    drop = _number(rewrite, packet, &number)
    if drop != Drop.KEPT:
        return drop
    label.sequence = number & 0xFFFF
    label.timestamp = packet.timestamp + rewrite.timestamp_offset
    label.original = NOTHING
    if packet.descriptor.present:
        _label_pictures(rewrite, packet, label)
    elif packet.descriptor.framed:
        _label_frame(rewrite, packet, label)
    if number > rewrite.highest:
        rewrite.highest = number
        rewrite.complete = label.marker or not rewrite.gated
        _note_time(rewrite, packet, label.timestamp, clock_rate_hz)
    return Drop.KEPT


cdef inline void _skip_picture(Rewrite* rewrite, const Descriptor* found) noexcept nogil:
    """The first packet of a picture that does not leave."""
    cdef Pictures* pictures = &rewrite.pictures
    cdef int64_t source
    if not (found.dense and pictures.joined) or found.picture_at == NOTHING:
        return
    source = _extend_picture(pictures, found)
    if source > pictures.source:
        pictures.source = source
        pictures.offset -= 1


cdef bint rewrite_skip(Rewrite* rewrite, const Packet* packet) noexcept nogil:
    """The packet is of a layer that is not forwarded. True: nothing is missed, as its number is closed up. False: it
    comes late, the receiver knows of a hole in its place, and an empty packet must fill it."""
    cdef Shift* shift
    if rewrite.waiting or packet.position < rewrite.origin:
        return True
    if packet.position <= rewrite.source_highest:
        return False
    shift = _shift_at(rewrite, packet.position)
    _skip_picture(rewrite, &packet.descriptor)
    rewrite.source_highest = packet.position
    _shift(rewrite, packet.position + 1, shift.offset - 1)
    return True


@cython.final
cdef class StreamRewrite:
    """One slot's line by itself, without socket and packet. For tests and tools."""

    cdef Rewrite rewrite
    cdef uint32_t clock_rate_hz

    def __cinit__(self, bint gated, uint16_t first_sequence, uint32_t first_timestamp, uint32_t clock_rate_hz):
        rewrite_open(&self.rewrite, gated, first_sequence, first_timestamp)
        self.clock_rate_hz = clock_rate_hz

    def switch(self):
        """The next packets come from another source."""
        rewrite_await(&self.rewrite)

    def skip(self, int64_t position, *, picture=None, bint wide=True):
        """The packet is of a layer that is not forwarded: whether its number could be closed up."""
        cdef Packet packet
        memset(&packet, 0, sizeof(Packet))
        packet.position = position
        packet.descriptor.dense = 1
        packet.descriptor.wide = wide
        packet.descriptor.picture_at, packet.descriptor.picture = (NOTHING, 0) if picture is None else (0, picture)
        return bool(rewrite_skip(&self.rewrite, &packet))

    def label(
        self,
        int64_t position,
        uint32_t timestamp,
        int64_t received_ns,
        *,
        bint marker=False,
        bint keyframe=False,
        bint newest=True,
        bint empty=False,
        picture=None,
        bint wide=True,
        level=None,
        key=None,
        int64_t since_last_ns=NOTHING,
    ):
        """Why the packet is dropped (0: it is not), then its sequence number, timestamp, picture id, TL0PICIDX and
        KEYIDX."""
        cdef Packet packet
        cdef Label label
        cdef Descriptor* found = &packet.descriptor
        memset(&packet, 0, sizeof(Packet))
        memset(&label, 0, sizeof(Label))
        label.marker = marker
        packet.position = position
        packet.timestamp = timestamp
        packet.received_ns = received_ns
        packet.marker = marker
        packet.start = keyframe
        packet.newest = newest
        packet.length = 0 if empty else 1
        found.picture_at, found.picture = (NOTHING, 0) if picture is None else (0, picture)
        found.level_at, found.level = (NOTHING, 0) if level is None else (0, level)
        found.key_at, found.key = (NOTHING, 0) if key is None else (0, key)
        found.wide = wide
        found.present = not (picture is None and level is None and key is None)
        drop = rewrite_label(&self.rewrite, &packet, self.clock_rate_hz, since_last_ns, &label)
        return drop, label.sequence, label.timestamp, label.picture, label.level, label.key
