"""TCP connections of a worker: which there are, and what waits to be written to them."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t

from ._inet cimport sockaddr_in6
from .batch cimport Connection, Inbox, Outbox
from .hops cimport Drop, Hops
from .worker cimport Worker


cdef enum:
    QUEUE = 128 * 1024         # bytes that wait for one connection; a power of two
    STREAM = 64 * 1024         # bytes read from a connection at once


cdef Connection* connection_behind(const Worker* worker, uint32_t door) noexcept nogil
cdef Connection* connection_open(Worker* worker, int32_t row, int fd) noexcept nogil
cdef void connection_close(Worker* worker, Connection* connection) noexcept nogil
cdef int connection_unpack(
    Connection* connection, const uint8_t* stream, int32_t length, int32_t* used, Inbox* inbox, int64_t now_ns, Hops* hops
) noexcept nogil
cdef Drop connection_put(Outbox* outbox, Connection* connection, const uint8_t* data, int32_t length) noexcept nogil
cdef void connections_take(Outbox* outbox, Hops* hops, int64_t now_ns) noexcept nogil
