"""RTCP: what others report and ask for, and what the bots report and ask for."""

from libc.stdint cimport int64_t, uint8_t

from .types cimport Bot, World

cdef void handle_rtcp(World* world, Bot* bot, uint8_t* data, int length, int64_t received_ns, int64_t now_ns) noexcept nogil
cdef void tick(World* world, int64_t now_ns, int64_t wall_ns) noexcept nogil
