"""What leaves: frames when they are due, packets that are asked for again, RTCP.

A frame's packets leave together, as an encoder makes them; the due times are those of the clip, so lateness does not add up.
Packets of equal size to one peer leave as one message that the kernel cuts (UDP_SEGMENT).
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from ._linux cimport (
    CLOCK_REALTIME, CMSG_DATA, CMSG_FIRSTHDR, CMSG_LEN, CMSG_SPACE, MSG_DONTWAIT, SOL_UDP, UDP_SEGMENT, cmsghdr, msghdr,
    sendmsg, sendto, sockaddr, sockaddr_in,
)
from .srtp cimport protect, protect_rtcp
from .ticks cimport LATENESS, clock_ns, note, ntp_of, write16, write32
from .types cimport BATCH, CELL, CONTROL, HISTORY, NOTHING, TRAILER, Beat, Bot, Marks, Program, Sender, Sent, World

cdef enum:
    MAX_MESSAGE = 60_000
    AGAIN_NS = 20_000_000      # a packet is sent again at most once in this time


cdef void schedule(World* world, int32_t sender, int64_t due_ns) noexcept nogil:
    """Put a sender's next frame on the heap; there is room for one beat a sender."""
    cdef int32_t place = world.beat_count, above
    cdef Beat beat = Beat(due_ns=due_ns, sender=sender)
    world.beat_count += 1
    while place > 0:
        above = (place - 1) // 2
        if world.beats[above].due_ns <= due_ns:
            break
        world.beats[place] = world.beats[above]
        place = above
    world.beats[place] = beat


cdef int32_t _take(World* world) noexcept nogil:
    """The sender whose frame is due first, off the heap."""
    cdef int32_t first = world.beats[0].sender, place = 0, below
    cdef Beat last
    world.beat_count -= 1
    last = world.beats[world.beat_count]
    while True:
        below = 2 * place + 1
        if below >= world.beat_count:
            break
        if below + 1 < world.beat_count and world.beats[below + 1].due_ns < world.beats[below].due_ns:
            below += 1
        if last.due_ns <= world.beats[below].due_ns:
            break
        world.beats[place] = world.beats[below]
        place = below
    world.beats[place] = last
    return first


cdef int64_t next_due(const World* world) noexcept nogil:
    """Monotonic time of the next frame; 0: none."""
    return world.beats[0].due_ns if world.beat_count else 0


cdef void send_due(World* world, int64_t now_ns) noexcept nogil:
    """All frames that are due by now."""
    cdef Sender* sender
    cdef int64_t due
    cdef int32_t index
    while world.beat_count and world.beats[0].due_ns <= now_ns:
        due = world.beats[0].due_ns
        index = _take(world)
        sender = &world.senders[index]
        if not sender.active:
            sender.scheduled = False
            continue
        note(world, LATENESS, now_ns - due)
        _send_frame(world, sender, due)
        schedule(world, index, _advance(world, sender, due))


cdef int64_t _due(const Program* program, const Sender* sender) noexcept nogil:
    return sender.round_ns + program.frame_ticks[sender.frame] * 1_000_000_000 // program.clock_rate_hz


cdef int64_t _advance(World* world, Sender* sender, int64_t due_ns) noexcept nogil:
    """To the next frame; returns when it is due. A wish for a keyframe begins a new round there."""
    cdef Program* program = &world.programs[sender.program]
    cdef int64_t next_ticks
    sender.frame += 1
    if sender.frame == program.frame_count or sender.restart:
        next_ticks = program.length_ticks if sender.frame == program.frame_count else program.frame_ticks[sender.frame]
        sender.round_ns += next_ticks * 1_000_000_000 // program.clock_rate_hz
        sender.first_timestamp += <uint32_t> next_ticks
        sender.frame = 0
        sender.restart = False
    return _due(program, sender)


cdef void _send_frame(World* world, Sender* sender, int64_t due_ns) noexcept nogil:
    cdef Program* program = &world.programs[sender.program]
    cdef Bot* bot = &world.bots[sender.bot]
    cdef int32_t payload, last = program.frame_first[sender.frame + 1] - 1
    cdef uint32_t timestamp = sender.first_timestamp + <uint32_t> program.frame_ticks[sender.frame]
    cdef Sent* sent
    if bot.outbound == NULL or not bot.has_path:
        return
    sender.last_timestamp = timestamp
    sender.last_frame_ns = clock_ns(CLOCK_REALTIME)
    sender.frames += 1
    for payload in range(program.frame_first[sender.frame], last + 1):
        sent = &sender.history[sender.sequence % HISTORY]
        sent.sequence, sent.payload, sent.timestamp, sent.marker = sender.sequence, payload, timestamp, payload == last
        sent.again_ns = 0
        _append(world, sender, sent, False)
        sender.sequence += 1
        if world.out_count == BATCH:
            _flush(world, bot)
    _flush(world, bot)


cdef void _append(World* world, Sender* sender, const Sent* sent, bint again) noexcept nogil:
    """Write, protect and add one packet to the outbox; `again`: in its retransmission format (RFC 4588 §4)."""
    cdef Program* program = &world.programs[sender.program]
    cdef uint8_t* cell = world.outbox + world.out_count * CELL
    cdef int32_t start = program.payload_at[sent.payload]
    cdef int32_t size = program.payload_at[sent.payload + 1] - start
    cdef int length = sender.head_length
    memcpy(cell, sender.head, length)
    cell[1] = (sender.rtx_payload_type if again else sender.payload_type) | (0x80 if sent.marker else 0)
    write16(cell + 2, sender.rtx_sequence if again else sent.sequence)
    write32(cell + 4, sent.timestamp)
    write32(cell + 8, sender.rtx_ssrc if again else sender.ssrc)
    if sender.stamp_at:
        _stamp(cell + sender.stamp_at)
    if sender.transport_at:
        write16(cell + sender.transport_at, world.bots[sender.bot].transport_sequence)
        world.bots[sender.bot].transport_sequence += 1
    if again and sender.rid_at:
        cell[sender.rid_at] = sender.rid_again_id << 4 | cell[sender.rid_at] & 0x0F
    if again:
        write16(cell + length, sent.sequence)
        length += 2
        sender.rtx_sequence += 1
    memcpy(cell + length, program.data + start, size)
    length += size
    if sender.trailer:
        _stamp(cell + length)
        length += 8
    sender.octets += size
    sender.packets += 1
    if not protect(world.bots[sender.bot].outbound, cell, &length):
        world.totals.send_refused += 1
        return
    world.out_vectors[world.out_count].iov_len = length
    world.out_count += 1


cdef void _stamp(uint8_t* at) noexcept nogil:
    cdef uint64_t ntp = ntp_of(clock_ns(CLOCK_REALTIME))
    write32(at, <uint32_t> (ntp >> 32))
    write32(at + 4, <uint32_t> ntp)


cdef void _flush(World* world, Bot* bot) noexcept nogil:
    """Send the outbox: a message for each run of equal sizes, the last of which may be shorter."""
    cdef int32_t first = 0, end
    cdef size_t size, total
    while first < world.out_count:
        size = total = world.out_vectors[first].iov_len
        end = first + 1
        while end < world.out_count and world.out_vectors[end].iov_len <= size and total + size <= MAX_MESSAGE:
            total += world.out_vectors[end].iov_len
            end += 1
            if world.out_vectors[end - 1].iov_len < size:
                break
        _send_run(world, bot, first, end - first, size, total)
        first = end
    world.out_count = 0


cdef void _send_run(World* world, Bot* bot, int32_t first, int32_t count, size_t size, size_t total) noexcept nogil:
    cdef msghdr header
    cdef uint8_t control[CONTROL]
    cdef cmsghdr* option
    cdef uint16_t segment = <uint16_t> size
    memset(&header, 0, sizeof(header))
    header.msg_name = &bot.path
    header.msg_namelen = sizeof(sockaddr_in)
    header.msg_iov = &world.out_vectors[first]
    header.msg_iovlen = count
    if count > 1:
        header.msg_control = control
        header.msg_controllen = CMSG_SPACE(sizeof(uint16_t))
        option = CMSG_FIRSTHDR(&header)
        option.cmsg_level, option.cmsg_type, option.cmsg_len = SOL_UDP, UDP_SEGMENT, CMSG_LEN(sizeof(uint16_t))
        memcpy(CMSG_DATA(option), &segment, sizeof(uint16_t))
    if sendmsg(bot.fd, &header, MSG_DONTWAIT) < 0:
        world.totals.send_refused += count
        return
    world.totals.packets_sent += count
    world.totals.bytes_sent += total


cdef void send_again(World* world, Sender* sender, uint16_t sequence, int64_t now_ns) noexcept nogil:
    """Answer a NACK from the history, as RTX if that was negotiated."""
    cdef Sent* sent = &sender.history[sequence % HISTORY]
    cdef Bot* bot = &world.bots[sender.bot]
    sender.nacks += 1
    if sent.payload == NOTHING or sent.sequence != sequence or now_ns - sent.again_ns < AGAIN_NS or bot.outbound == NULL:
        return
    sent.again_ns = now_ns
    sender.retransmitted += 1
    world.totals.retransmitted += 1
    _append(world, sender, sent, sender.rtx_ssrc != 0)
    _flush(world, bot)


cdef bint send_rtcp(World* world, Bot* bot, uint8_t* data, int length) noexcept nogil:
    """Protect a compound packet, in place with room behind it, and send it."""
    if bot.outbound == NULL or not bot.has_path or not protect_rtcp(bot.outbound, data, &length):
        return False
    return sendto(bot.fd, data, length, MSG_DONTWAIT, <sockaddr*> &bot.path, sizeof(sockaddr_in)) >= 0


cdef void write_head(Sender* sender, const Marks* marks) noexcept nogil:
    """The part of the RTP header that stays: version, and the extensions in one-byte form (RFC 8285 §4.2)."""
    cdef int at = 16
    cdef bint stamped = marks.stamp_id and marks.stamp_id != TRAILER
    memset(sender.head, 0, sizeof(sender.head))
    sender.head[0] = 0x80
    sender.head_length = 12
    sender.stamp_at = sender.transport_at = sender.rid_at = 0
    sender.trailer = marks.stamp_id == TRAILER
    if stamped:
        sender.head[at] = (marks.stamp_id << 4) | 7
        sender.stamp_at = at + 1
        at += 9
    if marks.transport_id:
        sender.head[at] = (marks.transport_id << 4) | 1
        sender.transport_at = at + 1
        at += 3
    if marks.mid_id:
        at = _write_text(sender.head, at, marks.mid_id, marks.mid, marks.mid_length)
    if marks.rid_id:
        sender.rid_at = at
        sender.rid_again_id = marks.rid_again_id
        at = _write_text(sender.head, at, marks.rid_id, marks.rid, marks.rid_length)
    if at == 16:
        return
    at = (at + 3) // 4 * 4
    sender.head[0] |= 0x10
    write16(sender.head + 12, 0xBEDE)
    write16(sender.head + 14, (at - 16) // 4)
    sender.head_length = at


cdef int _write_text(uint8_t* head, int at, uint8_t number, const uint8_t* text, int length) noexcept nogil:
    head[at] = (number << 4) | (length - 1)
    memcpy(head + at + 1, text, length)
    return at + 1 + length
