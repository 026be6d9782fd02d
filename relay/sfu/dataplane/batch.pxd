"""The memory that datagrams pass through, allocated once: a batch coming in, a batch going out, a tray for the control
side."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t

from ._inet cimport iovec, mmsghdr, sockaddr_in6
from .framing cimport Framing
from .hops cimport Drop
from .types cimport Endpoint


cdef enum:
    BATCH = 64             # datagrams received by one call
    CONTROL = 128          # bytes for control messages of one datagram
    SEND_CELL = 1536       # ≥ MAX_PACKET + TRAILER
    MAX_SEGMENTS = 64      # of one message, linux/udp.h UDP_MAX_SEGMENTS
    MAX_MESSAGE = 65_000   # bytes of one message
    MAX_LOCALS = 64        # addresses of this machine that a wildcard socket is reached by
    SOURCE_CONTROL = 40    # CMSG_SPACE of in6_pktinfo, the longer of the two


ctypedef struct Local:     # an address of this machine
    size_t control_length
    uint8_t control[SOURCE_CONTROL]    # what makes sendmsg send from it
    uint8_t ip[16]         # IPv6, or IPv4-mapped
    uint32_t interface     # of a link-local address, else 0


ctypedef struct Inbox:
    uint8_t* cells
    mmsghdr* headers
    iovec* vectors
    sockaddr_in6* names
    uint8_t* controls
    int64_t* received_ns
    uint32_t* via              # 1 + index in `locals` of the address that it came to; 0: not known
    # owned: a wildcard socket's
    Local locals[MAX_LOCALS]
    int local_count
    int local_last             # index of the latest


ctypedef struct Connection:    # TCP to one peer (RFC 6544), datagrams in frames (RFC 4571)
    # given
    int fd                     # NOTHING: the row is free
    uint32_t door              # `Endpoint.via` of what comes from it
    sockaddr_in6 name
    # owned
    Framing framing
    uint8_t* queue             # QUEUE bytes, a ring; NULL: nothing was sent yet
    int32_t first              # of the bytes that the socket has not taken
    int32_t queued
    Connection* next_full      # list of those whose sockets take no more
    Connection* next_filled    # list of those with something to send
    bint full
    bint filled


ctypedef struct Lane:
    # given
    sockaddr_in6 name
    unsigned int name_length   # 0: no path yet
    const Local* local         # send from this address; NULL: as the kernel routes
    Connection* connection     # send over it; NULL: by datagram
    # owned, while a batch is made
    int32_t head
    int32_t tail


ctypedef struct Outgoing:
    int32_t next               # of the same lane
    int32_t length
    int64_t received_ns        # 0: its stay is not measured


ctypedef struct Message:
    int32_t first              # place of its first packet in `order`
    int32_t count
    size_t source_length       # of the control message that chooses the source address; 0: none


ctypedef struct Outbox:
    # given
    int32_t capacity
    bint segmentation          # the kernel may cut a message into datagrams (UDP_SEGMENT)
    # packets, by cell
    uint8_t* cells
    Outgoing* packets
    int32_t used
    Lane** lanes               # those with packets not yet in a message
    int32_t lane_count
    # messages
    int32_t* order             # place → cell
    iovec* vectors             # by place
    int32_t ordered
    Message* messages
    mmsghdr* headers           # by message, as are names and controls
    sockaddr_in6* names
    uint8_t* controls
    int32_t built
    int32_t sent
    # TCP
    int32_t connected          # connections that are open
    Connection* first_filled
    Connection* first_full


ctypedef struct TrayEntry:
    int kind                   # records.ArrivalKind
    int64_t peer               # handle, or -1
    Endpoint source
    int64_t received_ns
    int32_t at
    int32_t length


ctypedef struct Tray:
    int32_t capacity
    int32_t room
    uint8_t* data
    TrayEntry* entries
    int32_t count
    int32_t used


cdef int inbox_open(Inbox* inbox) except -1
cdef void inbox_close(Inbox* inbox) noexcept

cdef int outbox_open(Outbox* outbox, int32_t capacity) except -1
cdef void outbox_close(Outbox* outbox) noexcept
cdef uint8_t* outbox_cell(Outbox* outbox) noexcept nogil
cdef void outbox_push(Outbox* outbox, Lane* lane, int32_t length, int64_t received_ns) noexcept nogil
cdef void outbox_build(Outbox* outbox) noexcept nogil
cdef void outbox_reset(Outbox* outbox) noexcept nogil

cdef int tray_open(Tray* tray, int32_t capacity, int32_t room) except -1
cdef void tray_close(Tray* tray) noexcept
cdef Drop tray_put(
    Tray* tray, int kind, int64_t peer, const Endpoint* source, const uint8_t* data, int32_t length, int64_t received_ns
) noexcept nogil
