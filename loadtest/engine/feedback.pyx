"""Congestion feedback of the bots (draft-holmer-rmcat-transport-wide-cc-extensions-01; draft-alvestrand-rmcat-remb-03).

A receiver tells every 50 ms which transport-wide numbers arrived and when; a packet that comes after its gap was reported is
reported again, as libwebrtc does. Where only REMB was negotiated, it tells once a second what the downlink seems to carry:
less than what arrives when more than a tenth is missing or the fastest packet was slow, half as much again otherwise.
"""

from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from .send cimport send_rtcp
from .ticks cimport read16, write16, write32
from .types cimport ARRIVALS, Arrived, Bot, Receiver, World

cdef enum:
    RTPFB = 205
    PSFB = 206
    FEEDBACK_NS = 50_000_000
    TICK_NS = 250_000
    TICKS_PER_REFERENCE = 256
    MAX_STATUSES = 280         # with two bits and at most two bytes each they fit a datagram
    PER_CHUNK = 7
    SCRATCH = 1400
    SLOW_NS = 80_000_000       # the fastest packet of a second, over the fastest ever: a queue stands
    START_BPS = 1_000_000
    MAX_SSRCS = 16


cdef void note_arrival(Bot* bot, uint16_t sequence, int64_t received_ns) noexcept nogil:
    """A packet with this transport-wide number is there."""
    cdef Arrived* place = &bot.arrived[sequence % ARRIVALS]
    cdef int16_t ahead = <int16_t> (sequence - bot.highest_arrived)
    if not bot.any_arrived or ahead > ARRIVALS or ahead < -ARRIVALS:
        memset(bot.arrived, 0, sizeof(bot.arrived))
        bot.any_arrived = True
        bot.next_reported = sequence
        bot.highest_arrived = sequence
    elif ahead > 0:
        bot.highest_arrived = sequence
        if <uint16_t> (sequence - bot.next_reported) >= ARRIVALS:
            bot.next_reported = <uint16_t> (sequence - ARRIVALS + 1)
    elif <int16_t> (sequence - bot.next_reported) < 0:
        bot.next_reported = sequence
    place.sequence = sequence
    place.at_ns = received_ns


cdef void feed_back(World* world, int32_t index, int64_t now_ns, int64_t wall_ns) noexcept nogil:
    """Report what has not been reported, when it is time."""
    cdef Bot* bot = &world.bots[index]
    cdef uint8_t data[SCRATCH]
    cdef int length
    if not bot.any_arrived or now_ns < bot.feedback_ns:
        return
    bot.feedback_ns = now_ns + FEEDBACK_NS
    while <int16_t> (bot.highest_arrived - bot.next_reported) >= 0:
        length = _write_feedback(world, bot, data)
        if length == 0:
            return
        send_rtcp(world, bot, data, length)
        world.totals.feedback_sent += 1


cdef inline int64_t _arrived_ns(const Bot* bot, uint16_t sequence) noexcept nogil:
    """0: it did not arrive."""
    cdef const Arrived* place = &bot.arrived[sequence % ARRIVALS]
    return place.at_ns if place.sequence == sequence else 0


cdef struct Draft:
    # of one message
    int count                  # statuses
    int arrived
    uint32_t reference         # 64 ms each
    uint8_t symbols[MAX_STATUSES + PER_CHUNK]
    uint8_t deltas[2 * MAX_STATUSES]
    int deltas_size


cdef void _draft(const Bot* bot, Draft* draft) noexcept nogil:
    """As many statuses from `next_reported` on as one message can say."""
    cdef uint16_t sequence = bot.next_reported
    cdef int64_t at_ns, ticks = 0, delta
    memset(draft, 0, sizeof(Draft))
    while draft.count < MAX_STATUSES and <int16_t> (bot.highest_arrived - sequence) >= 0:
        at_ns = _arrived_ns(bot, sequence)
        if at_ns:
            if draft.arrived == 0:
                draft.reference = <uint32_t> (at_ns // TICK_NS // TICKS_PER_REFERENCE)
                ticks = at_ns // TICK_NS // TICKS_PER_REFERENCE * TICKS_PER_REFERENCE
            delta = at_ns // TICK_NS - ticks
            if delta < -32768 or delta > 32767:
                return
            ticks += delta
            _push_delta(draft, delta)
        draft.count += 1
        sequence += 1


cdef void _push_delta(Draft* draft, int64_t delta) noexcept nogil:
    """One byte, or two with a sign (§3.1.5)."""
    cdef int size = 1 if 0 <= delta <= 255 else 2
    draft.symbols[draft.count] = size
    if size == 1:
        draft.deltas[draft.deltas_size] = <uint8_t> delta
    else:
        write16(draft.deltas + draft.deltas_size, <uint16_t> delta)
    draft.deltas_size += size
    draft.arrived += 1


cdef int _write_feedback(World* world, Bot* bot, uint8_t* data) noexcept nogil:
    """One message behind an empty report; 0: nothing arrived of what is left."""
    cdef Draft draft
    cdef uint8_t* message = data + 8
    cdef int size = 20, chunk = 0
    _draft(bot, &draft)
    if draft.arrived:
        _write_head(world, bot, data, &draft)
        while chunk < draft.count:
            write16(message + size, _vector(draft.symbols + chunk))
            size += 2
            chunk += PER_CHUNK
        memcpy(message + size, draft.deltas, draft.deltas_size)
        size += draft.deltas_size
        while size % 4:
            message[size] = 0
            size += 1
        write16(message + 2, size // 4 - 1)
        bot.feedback_count += 1
    bot.next_reported += draft.count
    return 8 + size if draft.arrived else 0


cdef uint16_t _vector(const uint8_t* symbols) noexcept nogil:
    """Seven statuses of two bits (§3.1.4)."""
    cdef uint16_t chunk = 0xC000
    cdef int place
    for place in range(PER_CHUNK):
        chunk |= symbols[place] << (2 * (PER_CHUNK - 1 - place))
    return chunk


cdef void _write_head(const World* world, const Bot* bot, uint8_t* data, const Draft* draft) noexcept nogil:
    cdef uint32_t own = world.senders[bot.senders[0]].ssrc if bot.sender_count else 1
    data[0], data[1] = 0x80, 201
    write16(data + 2, 1)
    write32(data + 4, own)
    data[8], data[9] = 0x80 | 15, RTPFB
    write32(data + 12, own)
    write32(data + 16, bot.media_ssrc)
    write16(data + 20, bot.next_reported)
    write16(data + 22, draft.count)
    write32(data + 24, draft.reference << 8 | bot.feedback_count)


cdef void handle_transport_feedback(World* world, const uint8_t* data, int size) noexcept nogil:
    """What the server says of our packets: how many it got, how many not."""
    cdef int at = 20, left = read16(data + 14), run, place, symbol
    cdef uint16_t chunk
    world.totals.feedback_received += 1
    while left > 0 and at + 2 <= size:
        chunk = read16(data + at)
        at += 2
        if not chunk & 0x8000:                     # a run
            run = min(left, chunk & 0x1FFF)
            left -= run
            if chunk >> 13 & 3:
                world.totals.reported_received += run
            else:
                world.totals.reported_lost += run
            continue
        run = min(left, 7 if chunk & 0x4000 else 14)
        left -= run
        for place in range(run):
            symbol = chunk >> (12 - 2 * place) & 3 if chunk & 0x4000 else chunk >> (13 - place) & 1
            if symbol:
                world.totals.reported_received += 1
            else:
                world.totals.reported_lost += 1


cdef int write_remb(World* world, Bot* bot, uint8_t* data) noexcept nogil:
    """The estimate of the downlink after another second; 0 where nothing was received."""
    cdef Receiver* receiver
    cdef int row, count = 0
    cdef int64_t octets = 0, packets = 0, missing = 0
    for row in range(bot.receiver_count):
        receiver = &world.receivers[bot.receivers[row]]
        octets += receiver.octets
        packets += receiver.packets
        missing += receiver.missing - receiver.repaired + receiver.gaps
        if receiver.ssrc and receiver.packets and count < MAX_SSRCS:
            write32(data + 20 + 4 * count, receiver.ssrc)
            count += 1
    if count == 0 or packets == bot.remb_packets:
        return 0
    _estimate(bot, 8 * (octets - bot.remb_octets), packets - bot.remb_packets, missing - bot.remb_missing)
    bot.remb_octets, bot.remb_packets, bot.remb_missing = octets, packets, missing
    _write_estimate(bot.remb_bps, count, data)
    world.totals.remb_sent += 1
    return 20 + 4 * count


cdef void _estimate(Bot* bot, int64_t bps, int64_t packets, int64_t missing) noexcept nogil:
    """From what a second brought."""
    if bot.remb_bps == 0:
        bot.remb_bps = START_BPS
    if 10 * missing > packets or bot.period_fastest_ns > bot.fastest_ns + SLOW_NS:
        bot.remb_bps = min(bot.remb_bps, bps * 85 // 100)
    else:
        bot.remb_bps = max(bot.remb_bps, min(bot.remb_bps * 108 // 100 + 10_000, bps * 3 // 2))
    bot.period_fastest_ns = 0


cdef void _write_estimate(int64_t bps, int count, uint8_t* data) noexcept nogil:
    """A mantissa of 18 bits and an exponent of six; the SSRCs stand behind already."""
    cdef uint64_t mantissa = bps
    cdef int exponent = 0
    while mantissa >= 1 << 18:
        mantissa >>= 1
        exponent += 1
    data[0], data[1] = 0x80 | 15, PSFB
    write16(data + 2, 4 + count)
    write32(data + 4, 1)
    write32(data + 8, 0)
    memcpy(data + 12, b"REMB", 4)
    data[16] = count
    data[17] = exponent << 2 | mantissa >> 16
    write16(data + 18, mantissa & 0xFFFF)
