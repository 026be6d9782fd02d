"""Inbox, outbox and tray.

Packets going out are chained per receiver (a lane) while a batch is made, so that what one receiver gets stays in
order and stands together; then each run of equal lengths in a lane becomes one message, which the kernel cuts into
datagrams (UDP_SEGMENT: all segments have the length of the first, only the last may be shorter).
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from ._inet cimport (
    CMSG_DATA, CMSG_LEN, CMSG_SPACE, SOL_UDP, UDP_SEGMENT, cmsghdr, iovec, mmsghdr, sockaddr_in6,
)
from .types cimport CELL, NOTHING


cdef void* _allocate(size_t count, size_t size) except NULL:
    cdef void* memory = calloc(count, size)
    if memory == NULL:
        raise MemoryError
    return memory


cdef int inbox_open(Inbox* inbox) except -1:
    cdef int row
    inbox.cells = <uint8_t*> _allocate(BATCH, CELL)
    inbox.headers = <mmsghdr*> _allocate(BATCH, sizeof(mmsghdr))
    inbox.vectors = <iovec*> _allocate(BATCH, sizeof(iovec))
    inbox.names = <sockaddr_in6*> _allocate(BATCH, sizeof(sockaddr_in6))
    inbox.controls = <uint8_t*> _allocate(BATCH, CONTROL)
    inbox.received_ns = <int64_t*> _allocate(BATCH, sizeof(int64_t))
    inbox.via = <uint32_t*> _allocate(BATCH, sizeof(uint32_t))
    for row in range(BATCH):
        inbox.vectors[row].iov_base = inbox.cells + row * CELL
        inbox.vectors[row].iov_len = CELL
        inbox.headers[row].msg_hdr.msg_iov = &inbox.vectors[row]
        inbox.headers[row].msg_hdr.msg_iovlen = 1
        inbox.headers[row].msg_hdr.msg_name = &inbox.names[row]
        inbox.headers[row].msg_hdr.msg_control = inbox.controls + row * CONTROL
    return 0


cdef void inbox_close(Inbox* inbox) noexcept:
    free(inbox.cells)
    free(inbox.headers)
    free(inbox.vectors)
    free(inbox.names)
    free(inbox.controls)
    free(inbox.received_ns)
    free(inbox.via)
    memset(inbox, 0, sizeof(Inbox))


cdef int outbox_open(Outbox* outbox, int32_t capacity) except -1:
    outbox.capacity = capacity
    outbox.segmentation = UDP_SEGMENT >= 0
    outbox.cells = <uint8_t*> _allocate(capacity, SEND_CELL)
    outbox.packets = <Outgoing*> _allocate(capacity, sizeof(Outgoing))
    outbox.lanes = <Lane**> _allocate(capacity, sizeof(Lane*))
    outbox.order = <int32_t*> _allocate(capacity, sizeof(int32_t))
    outbox.vectors = <iovec*> _allocate(capacity, sizeof(iovec))
    outbox.messages = <Message*> _allocate(capacity, sizeof(Message))
    outbox.headers = <mmsghdr*> _allocate(capacity, sizeof(mmsghdr))
    outbox.names = <sockaddr_in6*> _allocate(capacity, sizeof(sockaddr_in6))
    outbox.controls = <uint8_t*> _allocate(capacity, CONTROL)
    return 0


cdef void outbox_close(Outbox* outbox) noexcept:
    free(outbox.cells)
    free(outbox.packets)
    free(outbox.lanes)
    free(outbox.order)
    free(outbox.vectors)
    free(outbox.messages)
    free(outbox.headers)
    free(outbox.names)
    free(outbox.controls)
    memset(outbox, 0, sizeof(Outbox))


cdef uint8_t* outbox_cell(Outbox* outbox) noexcept nogil:
    """SEND_CELL bytes to write the next packet into; NULL: full."""
    if outbox.used == outbox.capacity:
        return NULL
    return outbox.cells + <size_t> outbox.used * SEND_CELL


cdef void outbox_push(Outbox* outbox, Lane* lane, int32_t length, int64_t received_ns) noexcept nogil:
    """The packet just written into `outbox_cell` goes out on this lane."""
    cdef int32_t cell = outbox.used
    outbox.used += 1
    outbox.packets[cell].next = NOTHING
    outbox.packets[cell].length = length
    outbox.packets[cell].received_ns = received_ns
    if lane.head == NOTHING:
        lane.head = cell
        outbox.lanes[outbox.lane_count] = lane
        outbox.lane_count += 1
    else:
        outbox.packets[lane.tail].next = cell
    lane.tail = cell


cdef inline void _place(Outbox* outbox, int32_t cell) noexcept nogil:
    outbox.order[outbox.ordered] = cell
    outbox.vectors[outbox.ordered].iov_base = outbox.cells + <size_t> cell * SEND_CELL
    outbox.vectors[outbox.ordered].iov_len = outbox.packets[cell].length
    outbox.ordered += 1


cdef inline void _ask_segmentation(Outbox* outbox, int32_t row, uint16_t size) noexcept nogil:
    """After what chooses the source address, if that is chosen."""
    cdef mmsghdr* header = &outbox.headers[row]
    cdef size_t at = header.msg_hdr.msg_controllen
    cdef cmsghdr* control = <cmsghdr*> (outbox.controls + row * CONTROL + at)
    header.msg_hdr.msg_control = outbox.controls + row * CONTROL
    header.msg_hdr.msg_controllen = at + CMSG_SPACE(sizeof(uint16_t))
    control.cmsg_level = SOL_UDP
    control.cmsg_type = UDP_SEGMENT
    control.cmsg_len = CMSG_LEN(sizeof(uint16_t))
    memcpy(CMSG_DATA(control), &size, sizeof(uint16_t))


cdef inline void _choose_source(Outbox* outbox, int32_t row, const Local* local) noexcept nogil:
    cdef mmsghdr* header = &outbox.headers[row]
    header.msg_hdr.msg_control = outbox.controls + row * CONTROL
    header.msg_hdr.msg_controllen = local.control_length
    memcpy(header.msg_hdr.msg_control, local.control, local.control_length)


cdef int32_t _build_message(Outbox* outbox, const Lane* lane, int32_t cell) noexcept nogil:
    """One message from `cell` on; returns the first cell of the lane that is not in it."""
    cdef int32_t row = outbox.built, size = outbox.packets[cell].length, total = 0, length = size
    cdef Message* message = &outbox.messages[row]
    cdef mmsghdr* header = &outbox.headers[row]
    message.first = outbox.ordered
    while True:
        _place(outbox, cell)
        total += length
        cell = outbox.packets[cell].next
        if cell == NOTHING or length < size or not outbox.segmentation:
            break
        length = outbox.packets[cell].length
        if length > size or total + length > MAX_MESSAGE or outbox.ordered - message.first == MAX_SEGMENTS:
            break
    message.count = outbox.ordered - message.first
    message.source_length = 0
    outbox.names[row] = lane.name
    memset(header, 0, sizeof(mmsghdr))
    header.msg_hdr.msg_name = &outbox.names[row]
    header.msg_hdr.msg_namelen = lane.name_length
    header.msg_hdr.msg_iov = &outbox.vectors[message.first]
    header.msg_hdr.msg_iovlen = message.count
    if lane.local != NULL:
        _choose_source(outbox, row, lane.local)
        message.source_length = lane.local.control_length
    if message.count > 1:
        _ask_segmentation(outbox, row, <uint16_t> size)
    outbox.built += 1
    return cell


cdef void outbox_build(Outbox* outbox) noexcept nogil:
    """Make messages of what the lanes hold; what was built before and is not sent yet stays before it."""
    cdef int32_t cell
    cdef Lane* lane
    for index in range(outbox.lane_count):
        lane = outbox.lanes[index]
        cell = lane.head
        while cell != NOTHING:
            cell = _build_message(outbox, lane, cell)
        lane.head = lane.tail = NOTHING
    outbox.lane_count = 0


cdef void outbox_reset(Outbox* outbox) noexcept nogil:
    """All is sent: start over at the first cell."""
    outbox.used = outbox.ordered = outbox.built = outbox.sent = 0


cdef int tray_open(Tray* tray, int32_t capacity, int32_t room) except -1:
    tray.capacity = capacity
    tray.room = room
    tray.data = <uint8_t*> _allocate(room, 1)
    tray.entries = <TrayEntry*> _allocate(capacity, sizeof(TrayEntry))
    return 0


cdef void tray_close(Tray* tray) noexcept:
    free(tray.data)
    free(tray.entries)
    memset(tray, 0, sizeof(Tray))


cdef Drop tray_put(
    Tray* tray, int kind, int64_t peer, const Endpoint* source, const uint8_t* data, int32_t length, int64_t received_ns
) noexcept nogil:
    """Keep a copy for the control side."""
    cdef TrayEntry* entry = &tray.entries[tray.count]
    if tray.count == tray.capacity or tray.used + length > tray.room:
        return Drop.TRAY_FULL
    entry.kind = kind
    entry.peer = peer
    entry.source = source[0]
    entry.received_ns = received_ns
    entry.at = tray.used
    entry.length = length
    if length:
        memcpy(tray.data + tray.used, data, length)
    tray.used += length
    tray.count += 1
    return Drop.KEPT
