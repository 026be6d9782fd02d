"""The only system calls of the packet path."""

from libc.stdint cimport int64_t, uint8_t

from .batch cimport Inbox, Lane, Outbox
from .hops cimport Hops


cdef int64_t clock_ns() noexcept nogil
cdef int socket_attach(int fd) except -1
cdef int socket_receive(int fd, Inbox* inbox, Hops* hops) noexcept nogil
cdef bint socket_flush(int fd, Outbox* outbox, Hops* hops) noexcept nogil
cdef bint socket_send(
    int fd, const uint8_t* data, int length, const Lane* lane, Hops* hops
) noexcept nogil
