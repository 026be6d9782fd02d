"""What arrives: packets to frames, as a decoder would have them, and what is measured of both.

Packets wait in a window until all before them are there. A frame counts when its last packet is delivered in order; a video
stream that had to give up a packet delivers nothing until its next keyframe (told by the payload: RFC 7741, RFC 6184).
"""

from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t
from libc.string cimport memset

from .feedback cimport note_arrival
from .srtp cimport unprotect
from .ticks cimport note, read16, read32, unix_of
from .types cimport MISSING, OPUS, PRESENT, TRAILER, UNKNOWN, VP8, Bot, Receiver, Waiting, World

cdef enum:
    FREEZE_EXTRA_NS = 150_000_000
    MAX_JUMP = 3000            # a step of more sequence numbers is a new stream


cdef int64_t OLDEST_NS = 60_000_000_000


cdef struct Packet:
    uint8_t* payload
    int size
    bint marker
    bint again
    uint8_t payload_type
    uint16_t sequence
    uint32_t timestamp
    uint32_t ssrc
    const uint8_t* stamp       # NULL: none


cdef bint _read(Packet* packet, uint8_t* data, int length) noexcept nogil:
    cdef int at = 12 + 4 * (data[0] & 0x0F)
    packet.marker = data[1] >> 7
    packet.payload_type = data[1] & 0x7F
    packet.sequence = read16(data + 2)
    packet.timestamp = read32(data + 4)
    packet.ssrc = read32(data + 8)
    packet.stamp = NULL
    packet.again = False
    if data[0] & 0x10:
        if at + 4 > length:
            return False
        at += 4 + 4 * read16(data + at + 2)
    if data[0] & 0x20:
        length -= data[length - 1]
    packet.payload = data + at
    packet.size = length - at
    return packet.size >= 0


cdef const uint8_t* _find_extension(const uint8_t* data, int number, int size) noexcept nogil:
    """The bytes of an extension in one-byte form, at least `size` of them, or NULL. The header was checked before."""
    cdef int at = 12 + 4 * (data[0] & 0x0F), end, length
    if not data[0] & 0x10 or read16(data + at) != 0xBEDE:
        return NULL
    end = at + 4 + 4 * read16(data + at + 2)
    at += 4
    while at < end:
        length = (data[at] & 0x0F) + 1
        if data[at] == 0:
            at += 1
            continue
        if data[at] >> 4 == number and length >= size and at + 1 + length <= end:
            return data + at + 1
        at += 1 + length
    return NULL


cdef Receiver* _receiver_of(World* world, const Bot* bot, const Packet* packet) noexcept nogil:
    """By SSRC; the first packet of a payload type is of the stream whose SSRC was not announced."""
    cdef Receiver* receiver
    cdef int row
    for row in range(bot.receiver_count):
        receiver = &world.receivers[bot.receivers[row]]
        if packet.ssrc and (receiver.ssrc == packet.ssrc or receiver.rtx_ssrc == packet.ssrc):
            return receiver
    for row in range(bot.receiver_count):
        receiver = &world.receivers[bot.receivers[row]]
        if receiver.ssrc == 0 and receiver.payload_type == packet.payload_type:
            receiver.ssrc = packet.ssrc
            return receiver
        if receiver.rtx_ssrc == 0 and receiver.rtx_payload_type and receiver.rtx_payload_type == packet.payload_type:
            receiver.rtx_ssrc = packet.ssrc
            return receiver
    return NULL


cdef void _note_way(World* world, Bot* bot, const uint8_t* data, const Packet* packet, int64_t received_ns) noexcept nogil:
    """For feedback, whatever stream it is: probes count too."""
    cdef const uint8_t* number = _find_extension(data, bot.transport_id, 2) if bot.transport_id else NULL
    if number != NULL:
        bot.media_ssrc = packet.ssrc
        note_arrival(bot, read16(number), received_ns)


cdef void handle_rtp(World* world, Bot* bot, uint8_t* data, int length, int64_t received_ns) noexcept nogil:
    """One SRTP packet; `data` is decrypted in place."""
    cdef Packet packet
    cdef Receiver* receiver
    if bot.inbound == NULL or length < 12 or not unprotect(bot.inbound, data, &length):
        world.totals.unprotect_failed += 1
        return
    if not _read(&packet, data, length):
        world.totals.malformed += 1
        return
    _note_way(world, bot, data, &packet, received_ns)
    receiver = _receiver_of(world, bot, &packet)
    if receiver == NULL:
        world.totals.unknown_ssrc += 1
        return
    if receiver.stamp_id == TRAILER:
        packet.stamp = packet.payload + packet.size - 8 if packet.size > 8 else NULL
    elif receiver.stamp_id:
        packet.stamp = _find_extension(data, receiver.stamp_id, 8)
    if packet.ssrc == receiver.rtx_ssrc:
        if packet.size < 2:                # a probe: only padding
            return
        packet.again = True
        packet.sequence = read16(packet.payload)
        packet.payload += 2
        packet.size -= 2
    _measure(world, receiver, &packet, length, received_ns)
    if packet.size > 0:
        _place(world, receiver, &packet, received_ns)
        _deliver(world, receiver, received_ns)


cdef void _measure(World* world, Receiver* receiver, const Packet* packet, int length, int64_t received_ns) noexcept nogil:
    cdef int64_t transit, step, age
    receiver.packets += 1
    receiver.octets += length
    world.totals.rtp_received += 1
    if receiver.expected:
        if receiver.first_packet_ns == 0:
            receiver.first_packet_ns = received_ns
        elif received_ns - receiver.last_packet_ns > receiver.longest_gap_ns:
            receiver.longest_gap_ns = received_ns - receiver.last_packet_ns
    receiver.last_packet_ns = received_ns
    if packet.again:
        return
    if packet.stamp != NULL:
        age = received_ns - unix_of(read32(packet.stamp), read32(packet.stamp + 4))
        if 0 <= age < OLDEST_NS:           # otherwise these bytes are no stamp: a server encoded anew
            note(world, receiver.histogram, age)
            _note_speed(&world.bots[receiver.bot], age)
    transit = (received_ns // 1000) * receiver.clock_rate_hz // 1_000_000 - packet.timestamp
    step = <int32_t> (transit - receiver.transit_ticks)
    receiver.transit_ticks = transit
    step = step if step > 0 else -step
    if receiver.started and packet.sequence == <uint16_t> (receiver.highest + 1) and step < receiver.clock_rate_hz:
        receiver.jitter_ticks += (step - receiver.jitter_ticks) / 16


cdef inline void _note_speed(Bot* bot, int64_t age) noexcept nogil:
    if bot.fastest_ns == 0 or age < bot.fastest_ns:
        bot.fastest_ns = age
    if bot.period_fastest_ns == 0 or age < bot.period_fastest_ns:
        bot.period_fastest_ns = age


cdef inline Waiting* _waiting(Receiver* receiver, uint16_t sequence) noexcept nogil:
    return &receiver.packets_kept[sequence % receiver.window]


cdef void _begin(Receiver* receiver, uint16_t sequence) noexcept nogil:
    """A new stream, or one that went on far from where it was."""
    memset(receiver.packets_kept, 0, receiver.window * sizeof(Waiting))
    receiver.started = True
    receiver.skipping = False
    receiver.wants_keyframe = receiver.codec != OPUS
    receiver.next = sequence
    receiver.highest = <uint16_t> (sequence - 1)
    receiver.first_extended = receiver.cycles + sequence
    receiver.gaps = 0


cdef void _place(World* world, Receiver* receiver, const Packet* packet, int64_t received_ns) noexcept nogil:
    """Into the window; what was jumped over is missing from now on."""
    cdef Waiting* place
    cdef int16_t ahead
    cdef int _
    if not receiver.started:
        _begin(receiver, packet.sequence)
    ahead = <int16_t> (packet.sequence - receiver.highest)
    if ahead > MAX_JUMP or ahead < -MAX_JUMP:
        _begin(receiver, packet.sequence)
        ahead = 1
    if <int16_t> (packet.sequence - receiver.next) < 0:
        receiver.duplicates += 1           # delivered already, or given up
        world.totals.duplicates += 1
        return
    while <uint16_t> (packet.sequence - receiver.next) >= receiver.window:
        give_up(world, receiver, received_ns)
    for _ in range(1, ahead):
        _open_gap(receiver, received_ns)
    place = _waiting(receiver, packet.sequence)
    if ahead > 0:
        _raise_highest(receiver)
    elif not _fill(world, receiver, place, packet):
        return
    place.state, place.sequence, place.timestamp = PRESENT, packet.sequence, packet.timestamp
    place.marker = packet.marker
    place.keyframe = _begins_keyframe(receiver, packet)


cdef inline void _raise_highest(Receiver* receiver) noexcept nogil:
    receiver.highest += 1
    if receiver.highest == 0:
        receiver.cycles += 1 << 16


cdef void _open_gap(Receiver* receiver, int64_t received_ns) noexcept nogil:
    cdef Waiting* place
    _raise_highest(receiver)
    place = _waiting(receiver, receiver.highest)
    memset(place, 0, sizeof(Waiting))
    place.state, place.sequence, place.noticed_ns = MISSING, receiver.highest, received_ns
    receiver.gaps += 1


cdef bint _fill(World* world, Receiver* receiver, const Waiting* place, const Packet* packet) noexcept nogil:
    """A packet behind the highest: was it missing?"""
    if place.state != MISSING or place.sequence != packet.sequence:
        receiver.duplicates += 1
        world.totals.duplicates += 1
        return False
    receiver.gaps -= 1
    # Without RTX a packet sent again looks like one that was overtaken: it counts as repaired if it had been asked for.
    if packet.again or place.tries:
        receiver.repaired += 1
        receiver.missing += 1
        world.totals.repaired += 1
        world.totals.missing += 1
    else:
        receiver.reordered += 1
        world.totals.reordered += 1
    return True


cdef bint _begins_keyframe(const Receiver* receiver, const Packet* packet) noexcept nogil:
    if receiver.codec == OPUS:
        return True
    if receiver.codec == VP8:
        return _begins_vp8_keyframe(packet.payload, packet.size)
    return _begins_h264_keyframe(packet.payload, packet.size)


cdef bint _begins_vp8_keyframe(const uint8_t* payload, int size) noexcept nogil:
    """RFC 7741 §4.2, §4.3."""
    cdef int at = 1
    if size < 4 or payload[0] & 0x17 != 0x10:
        return False
    if payload[0] & 0x80:
        at = 2
        if payload[1] & 0x80:
            at += 2 if payload[2] & 0x80 else 1
        if payload[1] & 0x40:
            at += 1
        if payload[1] & 0x30:
            at += 1
    return at < size and not payload[at] & 1


cdef bint _begins_h264_keyframe(const uint8_t* payload, int size) noexcept nogil:
    """A parameter set or an IDR slice: alone, first in a STAP-A, or beginning in an FU-A (RFC 6184 §5.6–5.8)."""
    cdef int kind = payload[0] & 0x1F
    if kind == 24 and size > 3:
        kind = payload[3] & 0x1F
    elif kind == 28 and size > 1:
        kind = payload[1] & 0x1F if payload[1] & 0x80 else 0
    return kind == 5 or kind == 7


cdef void _deliver(World* world, Receiver* receiver, int64_t received_ns) noexcept nogil:
    """Everything that is there in order."""
    cdef Waiting* place
    while <int16_t> (receiver.highest - receiver.next) >= 0:
        place = _waiting(receiver, receiver.next)
        if place.state != PRESENT:
            return
        if place.keyframe and receiver.wants_keyframe:
            receiver.wants_keyframe = False
            receiver.skipping = False
        if place.marker or receiver.codec == OPUS:
            _end_frame(world, receiver, received_ns)
        place.state = UNKNOWN
        receiver.next += 1


cdef void _end_frame(World* world, Receiver* receiver, int64_t received_ns) noexcept nogil:
    cdef bint broken = receiver.skipping or receiver.wants_keyframe
    receiver.skipping = False
    if broken:
        if receiver.frames_since_expected:
            receiver.broken_frames += 1
            world.totals.broken_frames += 1
        return
    receiver.frames += 1
    world.totals.frames_received += 1
    if receiver.expected:
        _watch(world, receiver, received_ns)
    receiver.last_frame_ns = received_ns


cdef void _watch(World* world, Receiver* receiver, int64_t received_ns) noexcept nogil:
    """Freezes, as W3C webrtc-stats counts them; the average is that of some 30 frames."""
    cdef int64_t interval = received_ns - receiver.last_frame_ns, average = receiver.average_interval_ns
    receiver.frames_since_expected += 1
    if receiver.frames_since_expected == 1:
        receiver.first_frame_ns = received_ns
        return
    receiver.watched_ns += interval
    world.totals.watched_ns += interval
    if receiver.frames_since_expected > 5 and interval > max(3 * average, average + FREEZE_EXTRA_NS):
        receiver.freezes += 1
        receiver.freeze_ns += interval
        world.totals.freezes += 1
        world.totals.freeze_ns += interval
        return
    receiver.average_interval_ns += (interval - average) // min(<int64_t> receiver.frames_since_expected, <int64_t> 30)


cdef void give_up(World* world, Receiver* receiver, int64_t received_ns) noexcept nogil:
    """The packet that is waited for will not come: step over it."""
    cdef Waiting* place = _waiting(receiver, receiver.next)
    if place.state == MISSING:
        receiver.gaps -= 1
        receiver.missing += 1
        world.totals.missing += 1
        receiver.skipping = True
        receiver.wants_keyframe = receiver.codec != OPUS
        if receiver.codec == OPUS:
            receiver.broken_frames += 1
            world.totals.broken_frames += 1
            receiver.skipping = False
    place.state = UNKNOWN
    receiver.next += 1
    _deliver(world, receiver, received_ns)


cdef void expect(Receiver* receiver, bint expected) noexcept nogil:
    """From now on somebody looks at this stream, or nobody does."""
    receiver.expected = expected
    receiver.first_packet_ns = 0
    receiver.first_frame_ns = 0
    receiver.frames_since_expected = 0
    receiver.average_interval_ns = 0
    receiver.wants_keyframe = receiver.codec != OPUS and expected
