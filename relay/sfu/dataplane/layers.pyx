"""The layer filter of a slot.

Rules:
- Less is forwarded from the next picture on, at once: nothing that is forwarded depends on what is not.
- A keyframe brings all that is wanted.
- Else a temporal layer is taken up where the codec says that it may be (VP8 layer sync, VP9 switching-up point), and a
  spatial layer where its frame depends on the layer below it in the same picture and on no earlier picture.
- Where frames tell for which decode targets they are needed, that decides: then lower spatial layers may be left out
  too, and the way down to them leads over a keyframe.
- A packet that comes late is judged by what holds now.
- The last packet of the highest spatial layer that is forwarded ends the picture, and carries the marker.
"""

import cython

from libc.stdint cimport int8_t
from libc.string cimport memset

from .header cimport read_header
from .hops cimport Drop
from .payload cimport inspect
from .types cimport LAYERS, Rise


cdef void layering_open(Layering* layering) noexcept nogil:
    """Everything is wanted."""
    memset(layering, 0, sizeof(Layering))
    layering.wanted_spatial = layering.wanted_temporal = layering.spatial = layering.temporal = LAYERS - 1


cdef inline void _begin_picture(Layering* layering, const Packet* packet) noexcept nogil:
    layering.timestamp = packet.timestamp
    if packet.start:
        layering.spatial = layering.wanted_spatial
        layering.temporal = layering.wanted_temporal
        layering.sparse = 0
        return
    if not layering.sparse:
        layering.spatial = min(layering.spatial, layering.wanted_spatial)
    layering.temporal = min(layering.temporal, layering.wanted_temporal)


cdef inline void _rise(Layering* layering, const Packet* packet) noexcept nogil:
    if layering.temporal < layering.wanted_temporal:
        if packet.layer.rise == Rise.BEYOND and packet.layer.temporal <= layering.temporal:
            layering.temporal = layering.wanted_temporal
        elif packet.layer.rise == Rise.INTO and packet.layer.temporal == layering.temporal + 1:
            layering.temporal += 1
    if packet.layer.spatial == layering.spatial + 1 and layering.spatial < layering.wanted_spatial:
        if packet.layer.begins and packet.layer.intra and packet.layer.temporal <= layering.temporal:
            layering.spatial += 1


cdef inline int8_t _target(const Layering* layering, const Packet* packet, int temporal) noexcept nogil:
    return packet.layer.target_of[LAYERS * layering.spatial + temporal]


cdef inline bint _admits_target(Layering* layering, const Packet* packet) noexcept nogil:
    """By the decode target that comes nearest to the layers."""
    cdef int temporal = layering.wanted_temporal
    cdef int8_t target
    while packet.newest and temporal > layering.temporal:
        target = _target(layering, packet, temporal)
        if target >= 0 and packet.layer.switching >> target & 1:
            layering.temporal = temporal
        temporal -= 1
    target = _target(layering, packet, layering.temporal)
    if target < 0 or packet.layer.needed >> target & 1:
        return True
    if packet.layer.spatial < layering.spatial and packet.layer.temporal <= layering.temporal:
        layering.sparse = 1
    return False


cdef bint layering_admits(Layering* layering, const Packet* packet) noexcept nogil:
    """Whether the packet, which is of some layer, goes on."""
    if packet.newest:
        if packet.timestamp != layering.timestamp or packet.start:
            _begin_picture(layering, packet)
        if packet.layer.target_of == NULL:
            _rise(layering, packet)
    if packet.layer.target_of != NULL:
        return _admits_target(layering, packet)
    return packet.layer.spatial <= layering.spatial and packet.layer.temporal <= layering.temporal


cdef bint layering_ends(const Layering* layering, const Packet* packet) noexcept nogil:
    """Whether nothing of its picture that goes on follows the packet."""
    return packet.marker or (packet.layer.ends and packet.layer.spatial == layering.spatial)


@cython.final
cdef class LayerFilter:
    """A filter by itself, fed with whole RTP packets in order. For tests and tools."""

    cdef Layering layering
    cdef int family

    def __cinit__(self, int family):
        self.family = family
        layering_open(&self.layering)

    def want(self, int spatial, int temporal):
        """No more than these."""
        self.layering.wanted_spatial = spatial
        self.layering.wanted_temporal = temporal

    def admit(self, bytes packet not None, *, bint newest=True):
        """None: dropped; else whether it carries the marker. ValueError: it is no RTP packet."""
        cdef Packet view
        cdef bytearray copy = bytearray(packet)
        cdef unsigned char* data = copy
        if read_header(&view, data, <int> len(copy), 0) != Drop.KEPT:
            raise ValueError("no RTP packet")
        view.newest = newest
        if view.length > view.payload_at:
            inspect(self.family, &view)
        if view.layer.present and not layering_admits(&self.layering, &view):
            return None
        return bool(layering_ends(&self.layering, &view))

    @property
    def forwarded(self):
        """Spatial and temporal layer."""
        return self.layering.spatial, self.layering.temporal
