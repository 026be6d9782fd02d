"""RTCP: what others report and ask for, and what the bots report and ask for (RFC 3550, RFC 4585, RFC 5104).

A receiver asks for a missing packet ten times at most, and gives up on audio sooner than on video. Compound packets begin
with a report, reduced size is not used: every server takes them.
"""

from libc.stdint cimport int16_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

from .feedback cimport feed_back, handle_transport_feedback, write_remb
from .receive cimport give_up
from .send cimport send_again, send_rtcp
from .srtp cimport unprotect_rtcp
from .ticks cimport ntp_of, read16, read32, write16, write32
from .types cimport MISSING, NOTHING, OPUS, Bot, Receiver, Sender, Waiting, World

cdef enum:
    SR = 200
    RR = 201
    SDES = 202
    RTPFB = 205
    PSFB = 206
    REPORT_NS = 1_000_000_000
    ASK_NS = 60_000_000        # between two requests for one packet
    ASK_KEYFRAME_NS = 200_000_000   # what browsers wait for one
    MAX_TRIES = 10
    AUDIO_PATIENCE_NS = 150_000_000
    VIDEO_PATIENCE_NS = 600_000_000
    MAX_BLOCKS = 8
    MAX_NACKS = 60
    SCRATCH = 1400


cdef void handle_rtcp(World* world, Bot* bot, uint8_t* data, int length, int64_t received_ns, int64_t now_ns) noexcept nogil:
    """One SRTCP packet; `data` is decrypted in place."""
    cdef int at = 0, size
    if bot.inbound == NULL or not unprotect_rtcp(bot.inbound, data, &length):
        world.totals.unprotect_failed += 1
        return
    while at + 8 <= length:
        size = 4 + 4 * read16(data + at + 2)
        if at + size > length:
            world.totals.malformed += 1
            return
        if data[at + 1] == RTPFB and data[at] & 0x1F == 1 and size >= 16:
            _answer_nack(world, bot, data + at, size, now_ns)
        elif data[at + 1] == RTPFB and data[at] & 0x1F == 15 and size >= 20:
            handle_transport_feedback(world, data + at, size)
        elif data[at + 1] == PSFB:
            _answer_keyframe_request(world, bot, data + at, size)
        elif data[at + 1] == SR and size >= 28:
            _note_sender_report(world, bot, data + at, received_ns)
        at += size


cdef Sender* _sender_of(World* world, const Bot* bot, uint32_t ssrc) noexcept nogil:
    cdef int row
    for row in range(bot.sender_count):
        if world.senders[bot.senders[row]].ssrc == ssrc:
            return &world.senders[bot.senders[row]]
    return NULL


cdef void _answer_nack(World* world, const Bot* bot, const uint8_t* data, int size, int64_t now_ns) noexcept nogil:
    cdef Sender* sender = _sender_of(world, bot, read32(data + 8))
    cdef uint16_t first, others
    cdef int at, bit
    if sender == NULL:
        return
    for at in range(12, size - 3, 4):
        first, others = read16(data + at), read16(data + at + 2)
        send_again(world, sender, first, now_ns)
        for bit in range(16):
            if others >> bit & 1:
                send_again(world, sender, <uint16_t> (first + bit + 1), now_ns)


cdef void _answer_keyframe_request(World* world, const Bot* bot, const uint8_t* data, int size) noexcept nogil:
    """PLI (format 1) names the stream in its header, FIR (format 4) in its entries."""
    cdef int at = 8 if data[0] & 0x1F == 1 else 12
    cdef Sender* sender
    if data[0] & 0x1F not in (1, 4) or at + 4 > size:
        return
    sender = _sender_of(world, bot, read32(data + at))
    if sender != NULL:
        sender.restart = True
        sender.keyframe_requests += 1
        world.totals.keyframe_requests += 1


cdef void _note_sender_report(World* world, const Bot* bot, const uint8_t* data, int64_t received_ns) noexcept nogil:
    cdef Receiver* receiver
    cdef int row
    for row in range(bot.receiver_count):
        receiver = &world.receivers[bot.receivers[row]]
        if receiver.ssrc == read32(data + 4):
            receiver.sender_report = read32(data + 10)
            receiver.sender_report_ns = received_ns


cdef void tick(World* world, int64_t now_ns, int64_t wall_ns) noexcept nogil:
    """Every 10 ms: ask for what is missing, give up on what is too old, report once a second."""
    cdef Bot* bot
    cdef Receiver* receiver
    cdef int index
    for index in range(world.receiver_count):
        receiver = &world.receivers[index]
        if receiver.gaps or receiver.wants_keyframe:
            _repair(world, receiver, wall_ns)
    for index in range(world.bot_count):
        bot = &world.bots[index]
        if bot.fd != NOTHING and bot.outbound != NULL and now_ns >= bot.report_ns:
            bot.report_ns = now_ns + REPORT_NS
            _report(world, bot, wall_ns)
        if bot.fd != NOTHING and bot.outbound != NULL and bot.transport_id:
            feed_back(world, index, now_ns, wall_ns)


cdef void _repair(World* world, Receiver* receiver, int64_t wall_ns) noexcept nogil:
    cdef uint8_t data[SCRATCH]
    cdef Bot* bot = &world.bots[receiver.bot]
    cdef int count, length
    cdef int64_t patience = AUDIO_PATIENCE_NS if receiver.codec == OPUS else VIDEO_PATIENCE_NS
    cdef Waiting* place
    while receiver.gaps:
        place = &receiver.packets_kept[receiver.next % receiver.window]
        if place.state != MISSING or wall_ns - place.noticed_ns < patience:
            break
        give_up(world, receiver, wall_ns)
    if receiver.rtx_payload_type or receiver.codec != OPUS:
        length = _begin_compound(world, bot, data)
        count = _write_nacks(receiver, data + length, wall_ns)
        if count:
            receiver.nacks += count
            send_rtcp(world, bot, data, length + 12 + 4 * count)
    if not (receiver.wants_keyframe and receiver.expected and receiver.first_packet_ns):
        return
    if wall_ns - max(receiver.asked_keyframe_ns, receiver.first_packet_ns) > ASK_KEYFRAME_NS:
        receiver.asked_keyframe_ns = wall_ns
        receiver.keyframe_requests += 1
        length = _begin_compound(world, bot, data)
        _write_feedback_head(data + length, PSFB, 1, 2, receiver.ssrc)
        send_rtcp(world, bot, data, length + 12)


cdef int _write_nacks(Receiver* receiver, uint8_t* data, int64_t wall_ns) noexcept nogil:
    """A NACK for all that is due to be asked for, one entry a packet; how many."""
    cdef int count = 0
    cdef uint16_t sequence = receiver.next
    cdef Waiting* place
    while <int16_t> (receiver.highest - sequence) > 0 and count < MAX_NACKS and receiver.gaps:
        place = &receiver.packets_kept[sequence % receiver.window]
        if place.state == MISSING and place.tries < MAX_TRIES and wall_ns - place.asked_ns > ASK_NS:
            place.tries += 1
            place.asked_ns = wall_ns
            write16(data + 12 + 4 * count, sequence)
            write16(data + 14 + 4 * count, 0)
            count += 1
        sequence += 1
    _write_feedback_head(data, RTPFB, 1, 2 + count, receiver.ssrc)
    return count


cdef void _write_feedback_head(uint8_t* data, int kind, int form, int words, uint32_t media) noexcept nogil:
    data[0] = 0x80 | form
    data[1] = kind
    write16(data + 2, words)
    write32(data + 4, 1)
    write32(data + 8, media)


cdef int _begin_compound(World* world, const Bot* bot, uint8_t* data) noexcept nogil:
    """An empty receiver report (RFC 3550 §6.1: a compound packet begins with a report)."""
    data[0], data[1] = 0x80, RR
    write16(data + 2, 1)
    write32(data + 4, world.senders[bot.senders[0]].ssrc if bot.sender_count else 1)
    return 8


cdef void _report(World* world, Bot* bot, int64_t wall_ns) noexcept nogil:
    """SR for each sender that has sent, report blocks with the first or in an RR, and the CNAME."""
    cdef uint8_t data[SCRATCH]
    cdef int length = 0, head = 0, row
    cdef Sender* sender
    for row in range(bot.sender_count):
        sender = &world.senders[bot.senders[row]]
        if sender.active and sender.frames:
            length += _write_sender_report(world, sender, data + length, wall_ns)
    if length == 0 or bot.receiver_count:
        head = length
        length += _begin_compound(world, bot, data + length)
        for row in range(min(bot.receiver_count, MAX_BLOCKS)):
            if world.receivers[bot.receivers[row]].packets:
                _write_block(&world.receivers[bot.receivers[row]], data + length, wall_ns)
                length += 24
                data[head] += 1
        write16(data + head + 2, (length - head) // 4 - 1)
    data[length], data[length + 1] = 0x81, SDES
    write16(data + length + 2, 3)
    memcpy(data + length + 4, data + 4, 4)
    memcpy(data + length + 8, b"\x01\x03bot\x00\x00\x00", 8)
    length += 16
    if bot.remb:
        length += write_remb(world, bot, data + length)
    send_rtcp(world, bot, data, length)


cdef int _write_sender_report(World* world, const Sender* sender, uint8_t* data, int64_t wall_ns) noexcept nogil:
    cdef uint64_t ntp = ntp_of(wall_ns)
    cdef int64_t rate = world.programs[sender.program].clock_rate_hz
    data[0], data[1] = 0x80, SR
    write16(data + 2, 6)
    write32(data + 4, sender.ssrc)
    write32(data + 8, <uint32_t> (ntp >> 32))
    write32(data + 12, <uint32_t> ntp)
    write32(data + 16, sender.last_timestamp + <uint32_t> ((wall_ns - sender.last_frame_ns) * rate // 1_000_000_000))
    write32(data + 20, <uint32_t> sender.packets)
    write32(data + 24, <uint32_t> sender.octets)
    return 28


cdef void _write_block(Receiver* receiver, uint8_t* data, int64_t wall_ns) noexcept nogil:
    cdef uint32_t highest = receiver.cycles + receiver.highest
    cdef int64_t expected = highest - receiver.first_extended + 1
    cdef int64_t received = expected - receiver.gaps - (receiver.missing - receiver.repaired)
    cdef int64_t span = expected - receiver.reported_expected, lost = span - (received - receiver.reported_received)
    receiver.reported_expected, receiver.reported_received = expected, received
    write32(data, receiver.ssrc)
    write32(data + 4, max(min(expected - received, 0x7FFFFF), 0))
    data[4] = 0 if span <= 0 or lost <= 0 else min(lost * 256 // span, 255)
    write32(data + 8, highest)
    write32(data + 12, <uint32_t> receiver.jitter_ticks)
    write32(data + 16, receiver.sender_report)
    write32(data + 20, ((wall_ns - receiver.sender_report_ns) * 65536 // 1_000_000_000) if receiver.sender_report else 0)
