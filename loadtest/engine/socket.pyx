"""The system calls of the loop: read a batch, hand STUN and DTLS to the tray, wait."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t
from libc.string cimport memcpy, memset

from ._linux cimport (
    CLOCK_MONOTONIC, CLOCK_REALTIME, CMSG_DATA, CMSG_FIRSTHDR, CMSG_NXTHDR, MSG_DONTWAIT, SCM_TIMESTAMPNS, SO_RXQ_OVFL,
    SO_TIMESTAMPNS, SOL_SOCKET, TFD_TIMER_ABSTIME, cmsghdr, itimerspec, msghdr, recvmmsg, setsockopt, sockaddr_in,
    timerfd_settime, timespec,
)
from .receive cimport handle_rtp
from .repair cimport handle_rtcp
from .ticks cimport LAG, clock_ns, note
from .types cimport BATCH, CELL, CONTROL, Bot, World


cdef void prepare_inbox(World* world) noexcept nogil:
    """Point the headers at their cells, once."""
    cdef int row
    for row in range(BATCH):
        world.in_vectors[row].iov_base = world.inbox + row * CELL
        world.in_vectors[row].iov_len = CELL
        world.in_headers[row].msg_hdr.msg_iov = &world.in_vectors[row]
        world.in_headers[row].msg_hdr.msg_iovlen = 1
        world.in_headers[row].msg_hdr.msg_name = &world.in_names[row]
        world.in_headers[row].msg_hdr.msg_control = world.in_controls + row * CONTROL
        world.out_vectors[row].iov_base = world.outbox + row * CELL


cdef int turn_on_stamps(int fd) noexcept nogil:
    """Kernel receive stamps, and the count of datagrams that found no room."""
    cdef int on = 1
    return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) | setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on))


cdef int64_t _read_controls(World* world, Bot* bot, msghdr* header, int64_t otherwise) noexcept nogil:
    cdef cmsghdr* control = CMSG_FIRSTHDR(header)
    cdef timespec at
    cdef uint32_t overflow
    cdef int64_t stamp = otherwise
    while control != NULL:
        if control.cmsg_level == SOL_SOCKET and control.cmsg_type == SCM_TIMESTAMPNS:
            memcpy(&at, CMSG_DATA(control), sizeof(timespec))
            stamp = at.tv_sec * 1_000_000_000 + at.tv_nsec
        elif control.cmsg_level == SOL_SOCKET and control.cmsg_type == SO_RXQ_OVFL:
            memcpy(&overflow, CMSG_DATA(control), sizeof(uint32_t))
            world.totals.overflow += <uint32_t> (overflow - bot.overflow)
            bot.overflow = overflow
        control = CMSG_NXTHDR(header, control)
    return stamp


cdef void drain(World* world, int32_t index, Tray* tray) noexcept nogil:
    """One batch of a bot's socket; more than a batch waits for the next round of the loop, so that nobody starves."""
    cdef Bot* bot = &world.bots[index]
    cdef int row, count
    cdef int64_t wall_ns, received_ns
    for row in range(BATCH):
        world.in_headers[row].msg_hdr.msg_namelen = sizeof(sockaddr_in)
        world.in_headers[row].msg_hdr.msg_controllen = CONTROL
    count = recvmmsg(bot.fd, world.in_headers, BATCH, MSG_DONTWAIT, NULL)
    wall_ns = clock_ns(CLOCK_REALTIME)
    for row in range(max(count, 0)):
        received_ns = _read_controls(world, bot, &world.in_headers[row].msg_hdr, wall_ns)
        note(world, LAG, wall_ns - received_ns)
        world.totals.packets_received += 1
        world.totals.bytes_received += world.in_headers[row].msg_len
        _classify(world, index, row, received_ns, tray)


cdef void _classify(World* world, int32_t index, int row, int64_t received_ns, Tray* tray) noexcept nogil:
    """RFC 7983 §7, RFC 5761 §4."""
    cdef uint8_t* data = world.inbox + row * CELL
    cdef int length = world.in_headers[row].msg_len
    if length < 8:
        world.totals.malformed += 1
    elif 128 <= data[0] <= 191:
        if 192 <= data[1] <= 223:
            handle_rtcp(world, &world.bots[index], data, length, received_ns, clock_ns(CLOCK_MONOTONIC))
        else:
            handle_rtp(world, &world.bots[index], data, length, received_ns)
    elif tray.count == TRAY:
        world.totals.arrivals_dropped += 1
    else:
        memcpy(tray.cells + tray.count * CELL, data, length)
        tray.lengths[tray.count] = length
        tray.bots[tray.count] = index
        tray.names[tray.count] = world.in_names[row]
        tray.count += 1


cdef void arm(int timer, int64_t at_ns) noexcept nogil:
    """Make the timer readable at a monotonic time."""
    cdef itimerspec when
    memset(&when, 0, sizeof(when))
    when.it_value.tv_sec = at_ns // 1_000_000_000
    when.it_value.tv_nsec = at_ns % 1_000_000_000
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL)
