"""The only system calls of the packet path."""

from libc.stdint cimport int32_t, int64_t, uint8_t

from ._inet cimport sockaddr_in6
from .batch cimport Connection, Inbox, Lane, Outbox
from .hops cimport Hops


cdef int64_t clock_ns() noexcept nogil
cdef int socket_attach(int fd) except -1
cdef int socket_receive(int fd, Inbox* inbox, Hops* hops) noexcept nogil
cdef int connection_name(int fd, sockaddr_in6* name) except -1
cdef int32_t connection_read(const Connection* connection, uint8_t* stream, Hops* hops) noexcept nogil
cdef void connections_retry(Outbox* outbox, Hops* hops) noexcept nogil
cdef bint socket_flush(int fd, Outbox* outbox, Hops* hops) noexcept nogil
cdef bint socket_send(
    int fd, Outbox* outbox, const uint8_t* data, int length, const Lane* lane, Hops* hops
) noexcept nogil
