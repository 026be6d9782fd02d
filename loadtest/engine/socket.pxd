"""The system calls of the loop: read a batch, hand STUN and DTLS to the tray, wait."""

from libc.stdint cimport int32_t, int64_t, uint8_t

from ._linux cimport sockaddr_in
from .types cimport World


cdef enum:
    TRAY = 1024                # datagrams that wait for Python


ctypedef struct Tray:
    uint8_t* cells             # TRAY × CELL
    int32_t* lengths
    int32_t* bots
    sockaddr_in* names
    int32_t count


cdef void drain(World* world, int32_t bot, Tray* tray) noexcept nogil
cdef void prepare_inbox(World* world) noexcept nogil
cdef void arm(int timer, int64_t at_ns) noexcept nogil
cdef int turn_on_stamps(int fd) noexcept nogil
