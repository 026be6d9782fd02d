"""Receive a batch, send a batch, send one datagram, read from and write to connections, read the kernel's clock.

Errors that the network causes (an ICMP message for an earlier datagram, a route that is gone) belong to one datagram:
they are counted and the loop goes on. Only a descriptor that is no socket any more stops it.
"""

from cpython.exc cimport PyErr_SetFromErrno
from libc.errno cimport errno
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t
from libc.string cimport memcmp, memcpy, memset

from ._inet cimport (
    AF_INET, AF_INET6, CMSG_DATA, CMSG_FIRSTHDR, CMSG_NXTHDR, IP_PKTINFO, IPPROTO_IP, IPPROTO_IPV6, IPV6_PKTINFO,
    IPV6_RECVPKTINFO, cmsghdr, in6_pktinfo, in_pktinfo, iovec, msghdr, sockaddr, sockaddr_in, sockaddr_in6,
)
from ._linux cimport (
    CLOCK_REALTIME, EAGAIN, EBADF, EINTR, EINVAL, EIO, EMSGSIZE, ENOBUFS, ENOTSOCK, MSG_DONTWAIT, SCM_TIMESTAMPNS,
    MSG_NOSIGNAL, SO_TIMESTAMPNS, SOL_SOCKET, clock_gettime, getpeername, getsockname, receive_batch, recv, send_batch, sendmsg, setsockopt,
    timespec,
)
from .batch cimport BATCH, CONTROL, Lane, Message, outbox_build, outbox_reset
from .connections cimport QUEUE, STREAM, connection_put, connections_take
from .hops cimport Drop, Total, note_residence
from .locals cimport local_via4, local_via6
from .types cimport NOTHING


cdef int64_t standing_ns = 0


def set_clock(int64_t now_ns) -> None:
    """The time that all packet paths of this process read from now on; 0: the system's. For simulations, which also turn the
    kernel's stamps off."""
    global standing_ns
    standing_ns = now_ns


cdef int64_t clock_ns() noexcept nogil:
    """CLOCK_REALTIME, the clock of the kernel's stamps."""
    cdef timespec now
    if standing_ns:
        return standing_ns
    clock_gettime(CLOCK_REALTIME, &now)
    return now.tv_sec * 1_000_000_000 + now.tv_nsec


cdef int socket_attach(int fd) except -1:
    """Turn on receive stamps; returns the socket's address family."""
    cdef sockaddr_in6 name
    cdef uint32_t length = sizeof(sockaddr_in6)
    cdef int on = 1
    if getsockname(fd, <sockaddr*> &name, &length) < 0:
        PyErr_SetFromErrno(OSError)
    if name.sin6_family != AF_INET and name.sin6_family != AF_INET6:
        raise ValueError("not an internet socket")
    if SO_TIMESTAMPNS >= 0 and setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) < 0:
        PyErr_SetFromErrno(OSError)
    _ask_destination(fd, &name)
    return name.sin6_family


cdef int _ask_destination(int fd, const sockaddr_in6* name) except -1:
    """A socket bound to all addresses learns to which of them each datagram came, to answer from there: on a machine
    with several, the kernel would choose by the route back, and the peer would take the answer for a stranger's."""
    cdef int on = 1
    cdef uint8_t[16] anywhere
    memset(anywhere, 0, sizeof(anywhere))
    if name.sin6_family == AF_INET:
        if (<const sockaddr_in*> name).sin_addr.s_addr == 0 and IP_PKTINFO >= 0:
            if setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)) < 0:
                PyErr_SetFromErrno(OSError)
    elif memcmp(&name.sin6_addr, anywhere, 16) == 0 and IPV6_RECVPKTINFO >= 0:
        if setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)) < 0:
            PyErr_SetFromErrno(OSError)
    return 0


cdef inline void _read_control(Inbox* inbox, int row, int64_t now) noexcept nogil:
    """When the datagram came, and to which address of ours."""
    cdef msghdr* header = &inbox.headers[row].msg_hdr
    cdef cmsghdr* control = CMSG_FIRSTHDR(header)
    cdef timespec at
    inbox.received_ns[row] = now
    inbox.via[row] = 0
    while control != NULL:
        if control.cmsg_level == SOL_SOCKET and control.cmsg_type == SCM_TIMESTAMPNS:
            memcpy(&at, CMSG_DATA(control), sizeof(timespec))
            inbox.received_ns[row] = at.tv_sec * 1_000_000_000 + at.tv_nsec
        elif control.cmsg_level == IPPROTO_IPV6 and control.cmsg_type == IPV6_PKTINFO:
            inbox.via[row] = local_via6(inbox, <const in6_pktinfo*> CMSG_DATA(control))
        elif control.cmsg_level == IPPROTO_IP and control.cmsg_type == IP_PKTINFO:
            inbox.via[row] = local_via4(inbox, <const in_pktinfo*> CMSG_DATA(control))
        control = CMSG_NXTHDR(header, control)


cdef int socket_receive(int fd, Inbox* inbox, Hops* hops) noexcept nogil:
    """Fill the inbox; the number of datagrams, 0 when there is none or an error of the network was reported, or
    NOTHING when `fd` is no socket (any more): errno tells."""
    cdef int count
    cdef int64_t now
    cdef msghdr* header
    for row in range(BATCH):
        header = &inbox.headers[row].msg_hdr
        header.msg_namelen = sizeof(sockaddr_in6)
        header.msg_controllen = CONTROL
        header.msg_flags = 0
    hops.totals[<int> Total.RECEIVE_CALLS] += 1
    count = receive_batch(fd, inbox.headers, BATCH)
    if count < 0:
        return NOTHING if errno == EBADF or errno == ENOTSOCK else 0
    now = clock_ns()
    for row in range(count):
        _read_control(inbox, row, now)
        hops.totals[<int> Total.BYTES_IN] += inbox.headers[row].msg_len
    hops.totals[<int> Total.PACKETS_IN] += count
    return count


cdef void _account(const Outbox* outbox, int32_t first, int32_t count, int64_t now, Hops* hops) noexcept nogil:
    """Packets at `first`, … in sending order left."""
    cdef int32_t cell
    for place in range(first, first + count):
        cell = outbox.order[place]
        hops.totals[<int> Total.BYTES_OUT] += outbox.packets[cell].length
        if outbox.packets[cell].received_ns:
            note_residence(hops, now - outbox.packets[cell].received_ns)
    hops.totals[<int> Total.PACKETS_OUT] += count


cdef int32_t _send_apart(int fd, Outbox* outbox, const Message* message, Hops* hops) noexcept nogil:
    """Send the segments of a message one by one; how many left."""
    cdef msghdr header = outbox.headers[outbox.sent].msg_hdr
    cdef int32_t left = 0
    header.msg_iovlen = 1
    header.msg_controllen = message.source_length
    if message.source_length == 0:
        header.msg_control = NULL
    for place in range(message.first, message.first + message.count):
        header.msg_iov = &outbox.vectors[place]
        hops.totals[<int> Total.SEND_CALLS] += 1
        if sendmsg(fd, &header, MSG_DONTWAIT) >= 0:
            _account(outbox, place, 1, clock_ns(), hops)
            left += 1
    return left


cdef void _settle_refusal(int fd, Outbox* outbox, int error, Hops* hops) noexcept nogil:
    """The kernel refused the message at the head: without segmentation, if that was the reason; else without it. An
    error may also be the belated report for an earlier datagram, so the message gets a second chance."""
    cdef const Message* message = &outbox.messages[outbox.sent]
    cdef int32_t left = _send_apart(fd, outbox, message, hops)
    if left and message.count > 1 and (error == EIO or error == EINVAL or error == EMSGSIZE):
        outbox.segmentation = False
        hops.totals[<int> Total.SEGMENTATION_REFUSED] += 1
    hops.drops[<int> Drop.SEND_REFUSED] += message.count - left


cdef int connection_name(int fd, sockaddr_in6* name) except -1:
    """Whom the connection leads to."""
    cdef uint32_t length = sizeof(sockaddr_in6)
    memset(name, 0, sizeof(sockaddr_in6))
    if getpeername(fd, <sockaddr*> name, &length) < 0:
        PyErr_SetFromErrno(OSError)
    return 0


cdef int32_t connection_read(const Connection* connection, uint8_t* stream, Hops* hops) noexcept nogil:
    """Up to STREAM bytes; how many, 0 when there are none now, NOTHING when the connection has ended."""
    cdef ssize_t length
    hops.totals[<int> Total.RECEIVE_CALLS] += 1
    length = recv(connection.fd, stream, STREAM, MSG_DONTWAIT)
    if length > 0:
        return <int32_t> length
    return 0 if length < 0 and (errno == EAGAIN or errno == EINTR) else NOTHING


cdef void _flush_connection(Outbox* outbox, Connection* connection, Hops* hops) noexcept nogil:
    """Write what waits. Where the socket takes no more, the rest waits for `connections_retry`; where the connection has
    ended, it is gone, and reading tells."""
    cdef iovec[2] vectors
    cdef msghdr header
    cdef int32_t straight
    cdef ssize_t written
    memset(&header, 0, sizeof(header))
    header.msg_iov = vectors
    while connection.queued:
        straight = min(connection.queued, QUEUE - connection.first)
        vectors[0].iov_base = connection.queue + connection.first
        vectors[0].iov_len = straight
        vectors[1].iov_base = connection.queue
        vectors[1].iov_len = connection.queued - straight
        header.msg_iovlen = 2 if straight < connection.queued else 1
        hops.totals[<int> Total.SEND_CALLS] += 1
        written = sendmsg(connection.fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL)
        if written >= 0:
            hops.totals[<int> Total.MESSAGES_OUT] += 1
            connection.first = (connection.first + <int32_t> written) & (QUEUE - 1)
            connection.queued -= <int32_t> written
        elif errno == EAGAIN or errno == ENOBUFS:
            hops.totals[<int> Total.SEND_BLOCKED] += 1
            connection.full = True
            connection.next_full = outbox.first_full
            outbox.first_full = connection
            return
        elif errno != EINTR:
            connection.queued = 0
    connection.first = 0


cdef inline void _flush_filled(Outbox* outbox, Hops* hops) noexcept nogil:
    cdef Connection* connection = outbox.first_filled
    outbox.first_filled = NULL
    while connection != NULL:
        connection.filled = False
        _flush_connection(outbox, connection, hops)
        connection = connection.next_filled


cdef void _flush_connections(Outbox* outbox, Hops* hops) noexcept nogil:
    """Write what the lanes over TCP hold. A connection whose socket is full only waits: nobody pays for it."""
    connections_take(outbox, hops, clock_ns())
    _flush_filled(outbox, hops)


cdef void connections_retry(Outbox* outbox, Hops* hops) noexcept nogil:
    """Write to the connections whose sockets took no more before."""
    cdef Connection* connection = outbox.first_full
    cdef Connection* after
    outbox.first_full = NULL
    while connection != NULL:
        after = connection.next_full
        connection.full = False
        _flush_connection(outbox, connection, hops)
        connection = after


cdef bint _send_over(
    Outbox* outbox, Connection* connection, const uint8_t* data, int length, Hops* hops
) noexcept nogil:
    """One frame; False when there is no room for it."""
    cdef Drop drop = connection_put(outbox, connection, data, length)
    _flush_filled(outbox, hops)
    if drop != Drop.KEPT:
        hops.drops[<int> drop] += 1
        return False
    hops.totals[<int> Total.PACKETS_OUT] += 1
    hops.totals[<int> Total.BYTES_OUT] += length
    return True


cdef bint socket_flush(int fd, Outbox* outbox, Hops* hops) noexcept nogil:
    """Send what is in the outbox; False when the socket took only a part: the rest stays, in order."""
    cdef int32_t count, last
    cdef int error
    if outbox.connected:
        _flush_connections(outbox, hops)
    outbox_build(outbox)
    while outbox.sent < outbox.built:
        count = send_batch(fd, &outbox.headers[outbox.sent], outbox.built - outbox.sent)
        error = errno
        hops.totals[<int> Total.SEND_CALLS] += 1
        if count > 0:
            last = outbox.sent + count - 1
            _account(
                outbox,
                outbox.messages[outbox.sent].first,
                outbox.messages[last].first + outbox.messages[last].count - outbox.messages[outbox.sent].first,
                clock_ns(),
                hops,
            )
            hops.totals[<int> Total.MESSAGES_OUT] += count
            outbox.sent += count
        elif error == EAGAIN or error == ENOBUFS:
            hops.totals[<int> Total.SEND_BLOCKED] += 1
            return False
        elif error != EINTR:
            _settle_refusal(fd, outbox, error, hops)
            outbox.sent += 1
    outbox_reset(outbox)
    return True


cdef bint socket_send(
    int fd, Outbox* outbox, const uint8_t* data, int length, const Lane* lane, Hops* hops
) noexcept nogil:
    """Send one datagram to where the lane leads, now; False when the socket takes no more or the kernel refuses. Tried
    twice: the first error may be the belated report for an earlier datagram."""
    cdef iovec vector
    cdef msghdr header
    if lane.connection != NULL:
        return _send_over(outbox, lane.connection, data, length, hops)
    vector.iov_base = <void*> data
    vector.iov_len = length
    memset(&header, 0, sizeof(header))
    header.msg_name = <void*> &lane.name
    header.msg_namelen = lane.name_length
    header.msg_iov = &vector
    header.msg_iovlen = 1
    if lane.local != NULL:
        header.msg_control = <void*> lane.local.control
        header.msg_controllen = lane.local.control_length
    for _ in range(2):
        hops.totals[<int> Total.SEND_CALLS] += 1
        if sendmsg(fd, &header, MSG_DONTWAIT) >= 0:
            hops.totals[<int> Total.PACKETS_OUT] += 1
            hops.totals[<int> Total.BYTES_OUT] += length
            hops.totals[<int> Total.MESSAGES_OUT] += 1
            return True
        if errno == EAGAIN or errno == ENOBUFS:
            hops.totals[<int> Total.SEND_BLOCKED] += 1
            return False
    hops.drops[<int> Drop.SEND_REFUSED] += 1
    return False
