"""The rows of connections, and the way of packets between batches and byte streams.

A frame that arrives becomes a row of the inbox, like a datagram: the packet path does not know the difference. A packet that
leaves is put into the outbox like any other; before the batch is sent, those on lanes over TCP are copied into the ring of
their connection, behind their length (RFC 4571 §2). A ring that has no room for a packet drops it whole: a receiver that
reads too slowly loses packets, as on a slow link, and nobody waits for it.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

from .batch cimport BATCH, SEND_CELL, Lane
from .framing cimport OVERLONG, PREFIX, framing_next, framing_open
from .hops cimport Drop, Total, note_residence
from .routes cimport pool_give
from .types cimport CELL, FIRST_DOOR, NOTHING

cdef enum:
    DOORS = 1 << 24            # numbers that `routes.endpoint_key` tells apart


cdef inline uint32_t _door(const Worker* worker, int32_t row) noexcept nogil:
    """Of the connection in this row; another one for the next connection there."""
    cdef uint32_t size = worker.connection_pool.size
    cdef uint32_t turn = worker.connection_pool.generations[row] // 2 % ((DOORS - FIRST_DOOR) // size)
    return FIRST_DOOR + turn * size + row


cdef Connection* connection_behind(const Worker* worker, uint32_t door) noexcept nogil:
    """The open connection of this number; NULL: none."""
    cdef Connection* connection
    if door < FIRST_DOOR:
        return NULL
    connection = &worker.connections[(door - FIRST_DOOR) % <uint32_t> worker.connection_pool.size]
    return connection if connection.fd != NOTHING and connection.door == door else NULL


cdef Connection* connection_open(Worker* worker, int32_t row, int fd) noexcept nogil:
    """The row is taken from the pool; the name is still to be set."""
    cdef Connection* connection = &worker.connections[row]
    connection.fd = fd
    connection.door = _door(worker, row)
    connection.queue = NULL
    connection.first = connection.queued = 0
    connection.full = connection.filled = False
    framing_open(&connection.framing)
    worker.outbox.connected += 1
    worker.hops.totals[<int> Total.CONNECTIONS_IN] += 1
    return connection


cdef void connection_close(Worker* worker, Connection* connection) noexcept nogil:
    """The caller has seen to it that no lane leads there any more, and closes the descriptor."""
    cdef Connection** link = &worker.outbox.first_full
    if connection.full:
        while link[0] != connection:
            link = &link[0].next_full
        link[0] = connection.next_full
    link = &worker.outbox.first_filled
    if connection.filled:
        while link[0] != connection:
            link = &link[0].next_filled
        link[0] = connection.next_filled
    free(connection.queue)
    connection.queue = NULL
    connection.fd = NOTHING
    worker.outbox.connected -= 1
    pool_give(&worker.connection_pool, <int32_t> (connection - worker.connections))


cdef int connection_unpack(
    Connection* connection, const uint8_t* stream, int32_t length, int32_t* used, Inbox* inbox, int64_t now_ns, Hops* hops
) noexcept nogil:
    """Fill the inbox with the frames that `stream` completes, from `used` on; how many."""
    cdef int count = 0
    cdef int32_t size
    while count < BATCH:
        size = framing_next(&connection.framing, stream, length, used, inbox.cells + count * CELL)
        if size == NOTHING:
            break
        if size == OVERLONG:
            hops.drops[<int> Drop.CUT] += 1
            continue
        inbox.headers[count].msg_len = size
        inbox.headers[count].msg_hdr.msg_flags = 0
        inbox.names[count] = connection.name
        inbox.via[count] = connection.door
        inbox.received_ns[count] = now_ns
        hops.totals[<int> Total.BYTES_IN] += size
        count += 1
    hops.totals[<int> Total.PACKETS_IN] += count
    return count


cdef inline void _write(Connection* connection, const uint8_t* data, int32_t length) noexcept nogil:
    cdef int32_t at = (connection.first + connection.queued) & (QUEUE - 1)
    cdef int32_t straight = min(length, QUEUE - at)
    memcpy(connection.queue + at, data, straight)
    memcpy(connection.queue, data + straight, length - straight)
    connection.queued += length


cdef Drop connection_put(Outbox* outbox, Connection* connection, const uint8_t* data, int32_t length) noexcept nogil:
    """One packet, whole or not at all; it is sent with what is sent next."""
    cdef uint8_t[PREFIX] prefix
    if connection.queue == NULL:
        connection.queue = <uint8_t*> malloc(QUEUE)
    if connection.queue == NULL or connection.queued + PREFIX + length > QUEUE:
        return Drop.CONNECTION_FULL
    prefix[0] = length >> 8
    prefix[1] = length & 0xFF
    _write(connection, prefix, PREFIX)
    _write(connection, data, length)
    if not connection.full and not connection.filled:
        connection.filled = True
        connection.next_filled = outbox.first_filled
        outbox.first_filled = connection
    return Drop.KEPT


cdef void _take_lane(Outbox* outbox, Lane* lane, Hops* hops, int64_t now_ns) noexcept nogil:
    cdef int32_t cell = lane.head, length
    cdef Drop drop
    while cell != NOTHING:
        length = outbox.packets[cell].length
        drop = connection_put(outbox, lane.connection, outbox.cells + <size_t> cell * SEND_CELL, length)
        if drop == Drop.KEPT:
            hops.totals[<int> Total.PACKETS_OUT] += 1
            hops.totals[<int> Total.BYTES_OUT] += length
            if outbox.packets[cell].received_ns:
                note_residence(hops, now_ns - outbox.packets[cell].received_ns)
        else:
            hops.drops[<int> drop] += 1
        cell = outbox.packets[cell].next
    lane.head = lane.tail = NOTHING


cdef void connections_take(Outbox* outbox, Hops* hops, int64_t now_ns) noexcept nogil:
    """Move what goes over TCP from the lanes into the rings of the connections."""
    cdef int32_t kept = 0
    cdef Lane* lane
    for index in range(outbox.lane_count):
        lane = outbox.lanes[index]
        if lane.connection == NULL:
            outbox.lanes[kept] = lane
            kept += 1
        else:
            _take_lane(outbox, lane, hops, now_ns)
    outbox.lane_count = kept
