"""Congestion feedback of the bots: what arrived, by transport-wide number, or an estimate of the downlink (REMB)."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t

from .types cimport Bot, World

cdef void note_arrival(Bot* bot, uint16_t sequence, int64_t received_ns) noexcept nogil
cdef void feed_back(World* world, int32_t index, int64_t now_ns, int64_t wall_ns) noexcept nogil
cdef void handle_transport_feedback(World* world, const uint8_t* data, int size) noexcept nogil
cdef int write_remb(World* world, Bot* bot, uint8_t* data) noexcept nogil
