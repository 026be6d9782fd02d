"""Which layers of one stream a slot forwards: temporal layers, and spatial layers of SVC."""

from libc.stdint cimport uint8_t, uint32_t

from .types cimport Packet


ctypedef struct Layering:
    # given: the most that is wanted
    uint8_t wanted_spatial
    uint8_t wanted_temporal
    # owned: what is forwarded
    uint8_t spatial
    uint8_t temporal
    uint32_t timestamp         # of the newest picture
    uint8_t sparse             # since the last keyframe, lower layers were left out: their pictures cannot be taken up


cdef void layering_open(Layering* layering) noexcept nogil
cdef bint layering_admits(Layering* layering, const Packet* packet) noexcept nogil
cdef bint layering_ends(const Layering* layering, const Packet* packet) noexcept nogil
