"""Reads dependency descriptors.

Rules:
- Every bound is checked; a descriptor that ends early, or names a template that is not there, tells nothing: the packet
  goes to everybody, as if it had none.
- A structure is taken over only when it was read to its end.
- Only the first packet of a frame says what its frame has of its own; the others are like it.
"""

import cython

from libc.string cimport memset


cdef enum:
    MANDATORY = 3
    NEXT_TEMPORAL = 1
    NEXT_SPATIAL = 2
    LAST = 3
    SWITCH = 2


ctypedef struct Bits:
    const uint8_t* data
    int at
    int end                    # in bits
    bint overrun


cdef inline uint32_t _bits(Bits* bits, int count) noexcept nogil:
    cdef uint32_t value = 0
    if bits.at + count > bits.end:
        bits.overrun = True
        bits.at = bits.end
        return 0
    for _ in range(count):
        value = value << 1 | (bits.data[bits.at >> 3] >> (7 - (bits.at & 7)) & 1)
        bits.at += 1
    return value


cdef inline uint32_t _below(Bits* bits, uint32_t values) noexcept nogil:
    """ns(n) of the AV1 specification, §4.10.7: a number below `values`."""
    cdef int width = 0
    cdef uint32_t rest = values, value, short
    while rest:
        rest >>= 1
        width += 1
    short = (<uint32_t> 1 << width) - values
    value = _bits(bits, width - 1)
    return value if value < short else (value << 1) - short + _bits(bits, 1)


cdef inline void _indications(Bits* bits, int targets, uint32_t* needed, uint32_t* switching) noexcept nogil:
    cdef uint32_t indication
    cdef int target
    needed[0] = switching[0] = 0
    for target in range(targets):
        indication = _bits(bits, 2)
        if indication:
            needed[0] |= <uint32_t> 1 << target
        if indication == SWITCH:
            switching[0] |= <uint32_t> 1 << target


cdef int _layers(Bits* bits, Dependency* found) noexcept nogil:
    """The spatial and temporal layer of each template: as before, one up in time, or one up in space. Returns the number
    of spatial layers."""
    cdef int spatial = 0, temporal = 0
    cdef uint32_t step = 0
    found.template_count = 0
    while step != LAST and not bits.overrun:
        if found.template_count == MAX_TEMPLATES:
            bits.overrun = True
            return 0
        if step == NEXT_TEMPORAL:
            temporal += 1
        elif step == NEXT_SPATIAL:
            spatial += 1
            temporal = 0
        found.templates[found.template_count].spatial = min(spatial, LAYERS - 1)
        found.templates[found.template_count].temporal = min(temporal, LAYERS - 1)
        found.template_count += 1
        step = _bits(bits, 2)
    return spatial + 1


cdef void _skip_distances(Bits* bits, int templates) noexcept nogil:
    for _ in range(templates):
        while _bits(bits, 1):
            _bits(bits, 4)


cdef void _skip_chains(Bits* bits, int templates, int targets) noexcept nogil:
    cdef uint32_t chains = _below(bits, targets + 1)
    if chains:
        for _ in range(targets):
            _below(bits, chains)
    for _ in range(templates):
        for _ in range(chains):
            _bits(bits, 4)


cdef void _choose_targets(Dependency* found) noexcept nogil:
    """For each pair of layers the decode target that comes nearest to it without going beyond, spatially first."""
    cdef int spatial, temporal, s, t, target, index, rank
    cdef int[LAYERS][LAYERS] ranks
    for s in range(LAYERS):
        for t in range(LAYERS):
            found.target_of[s][t] = ranks[s][t] = -1
    for target in range(found.target_count):
        spatial = temporal = 0
        for index in range(found.template_count):
            if found.templates[index].needed >> target & 1:
                spatial = max(spatial, found.templates[index].spatial)
                temporal = max(temporal, found.templates[index].temporal)
        rank = LAYERS * spatial + temporal
        for s in range(spatial, LAYERS):
            for t in range(temporal, LAYERS):
                if rank > ranks[s][t]:
                    ranks[s][t] = rank
                    found.target_of[s][t] = target


cdef bint _structure(Bits* bits, Dependency* dependency) noexcept nogil:
    """A template dependency structure; False when it is broken, the old one then staying in force."""
    cdef Dependency found
    cdef int index
    cdef int spatial_layers
    found.first_id = _bits(bits, 6)
    found.target_count = _bits(bits, 5) + 1
    spatial_layers = _layers(bits, &found)
    for index in range(found.template_count):
        _indications(
            bits, found.target_count, &found.templates[index].needed, &found.templates[index].switching
        )
    _skip_distances(bits, found.template_count)
    _skip_chains(bits, found.template_count, found.target_count)
    if _bits(bits, 1):
        for _ in range(spatial_layers):
            _bits(bits, 32)
    if bits.overrun:
        return False
    _choose_targets(&found)
    found.framed = 0
    dependency[0] = found
    return True


cdef bint _extended(Bits* bits, Dependency* dependency, bint* begun) noexcept nogil:
    """What follows the mandatory fields; False when it is broken. Sets whether it brought a structure, and what the frame
    says about itself."""
    cdef bint structured = _bits(bits, 1), narrowed = _bits(bits, 1), own = _bits(bits, 1)
    _bits(bits, 2)
    begun[0] = structured
    if structured and not _structure(bits, dependency):
        return False
    if dependency.template_count == 0:
        return False
    if narrowed:
        _bits(bits, dependency.target_count)
    dependency.framed = own
    if own:
        _indications(bits, dependency.target_count, &dependency.needed, &dependency.switching)
    return not bits.overrun


cdef void dependency_read(Dependency* dependency, const uint8_t* data, int length, Packet* packet) noexcept nogil:
    """Set the layer of a packet by its descriptor."""
    cdef Bits bits
    cdef bint structured = False
    cdef uint8_t index
    cdef uint16_t frame
    if length < MANDATORY:
        return
    frame = data[1] << 8 | data[2]
    if frame != dependency.frame:
        dependency.framed = 0
    if length > MANDATORY:
        bits = Bits(data + MANDATORY, 0, 8 * (length - MANDATORY), False)
        if not _extended(&bits, dependency, &structured):
            dependency.framed = 0
            return
    dependency.frame = frame
    index = ((data[0] & 0x3F) - dependency.first_id) & 0x3F
    if index >= dependency.template_count:
        return
    packet.layer.present = 1
    packet.layer.spatial = dependency.templates[index].spatial
    packet.layer.temporal = dependency.templates[index].temporal
    packet.layer.begins = data[0] >> 7
    packet.layer.ends = data[0] >> 6 & 1
    packet.layer.target_of = &dependency.target_of[0][0]
    packet.layer.needed = dependency.needed if dependency.framed else dependency.templates[index].needed
    packet.layer.switching = dependency.switching if dependency.framed else dependency.templates[index].switching


@cython.final
cdef class DependencyReader:
    """One stream's descriptors by themselves. For tests and tools."""

    cdef Dependency dependency

    def __cinit__(self):
        memset(&self.dependency, 0, sizeof(Dependency))

    def read(self, bytes descriptor not None):
        """(spatial, temporal, needed, switching) of the packet, or None when the descriptor tells nothing; the last two by
        a bit per decode target."""
        cdef Packet packet
        memset(&packet, 0, sizeof(Packet))
        dependency_read(&self.dependency, descriptor, <int> len(descriptor), &packet)
        if not packet.layer.present:
            return None
        return packet.layer.spatial, packet.layer.temporal, packet.layer.needed, packet.layer.switching

    def target(self, int spatial, int temporal):
        """The decode target for these layers; -1: there is none."""
        return self.dependency.target_of[spatial][temporal]
