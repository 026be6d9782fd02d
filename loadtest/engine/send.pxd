"""What leaves: frames when they are due, packets that are asked for again, RTCP."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t

from .types cimport Bot, Marks, Sender, World

cdef void schedule(World* world, int32_t sender, int64_t due_ns) noexcept nogil
cdef int64_t next_due(const World* world) noexcept nogil
cdef void send_due(World* world, int64_t now_ns) noexcept nogil
cdef void send_again(World* world, Sender* sender, uint16_t sequence, int64_t now_ns) noexcept nogil
cdef bint send_rtcp(World* world, Bot* bot, uint8_t* data, int length) noexcept nogil
cdef void write_head(Sender* sender, const Marks* marks) noexcept nogil
