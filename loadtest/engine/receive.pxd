"""What arrives: datagrams to packets, packets to frames, and what is measured of both."""

from libc.stdint cimport int32_t, int64_t, uint8_t

from .types cimport Bot, Receiver, World

cdef void handle_rtp(World* world, Bot* bot, uint8_t* data, int length, int64_t received_ns) noexcept nogil
cdef void give_up(World* world, Receiver* receiver, int64_t received_ns) noexcept nogil
cdef void expect(Receiver* receiver, bint expected) noexcept nogil
