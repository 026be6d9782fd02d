"""The reading half of RFC 4571: whatever pieces the stream comes in, the frames that come out are the same.

At most one frame is held: what a peer began and does not end costs PREFIX + CELL bytes, allocated beforehand. A frame longer
than a cell can be no datagram of ours; its bytes are passed over as they come.
"""

import cython

from libc.stdint cimport int32_t, uint8_t
from libc.string cimport memcpy

from .types cimport NOTHING


cdef void framing_open(Framing* framing) noexcept nogil:
    framing.held = framing.excess = 0


cdef inline int32_t _size(const uint8_t* prefix) noexcept nogil:
    return prefix[0] << 8 | prefix[1]


cdef inline int32_t _hold(Framing* framing, const uint8_t* data, int32_t length, int32_t wanted) noexcept nogil:
    """Keep bytes until `wanted` are held, or all of `data` is; how many were taken."""
    cdef int32_t taken = min(wanted - framing.held, length)
    memcpy(framing.partial + framing.held, data, taken)
    framing.held += taken
    return taken


cdef inline int32_t _skip(Framing* framing, int32_t size) noexcept nogil:
    framing.held = 0
    framing.excess = size
    return OVERLONG


cdef inline int32_t _continue(
    Framing* framing, const uint8_t* data, int32_t length, int32_t* used, uint8_t* cell
) noexcept nogil:
    """The frame of which a part is held."""
    cdef int32_t size
    if framing.held < PREFIX:
        used[0] += _hold(framing, data + used[0], length - used[0], PREFIX)
    if framing.held < PREFIX:
        return NOTHING
    size = _size(framing.partial)
    if size > CELL:
        return _skip(framing, size)
    used[0] += _hold(framing, data + used[0], length - used[0], PREFIX + size)
    if framing.held < PREFIX + size:
        return NOTHING
    memcpy(cell, framing.partial + PREFIX, size)
    framing.held = 0
    return size


cdef int32_t framing_next(
    Framing* framing, const uint8_t* data, int32_t length, int32_t* used, uint8_t* cell
) noexcept nogil:
    """Take bytes of `data` from `used` on. The length of a frame, which is in the cell (CELL bytes) then; OVERLONG: one is passed
    over; NOTHING: all is taken. An empty frame keeps a connection open and is none."""
    cdef int32_t size, taken
    if framing.excess:
        taken = min(framing.excess, length - used[0])
        framing.excess -= taken
        used[0] += taken
    while used[0] < length:
        if framing.held or length - used[0] < PREFIX:
            size = _continue(framing, data, length, used, cell)
        else:
            size = _size(data + used[0])
            if size <= CELL and length - used[0] - PREFIX >= size:
                memcpy(cell, data + used[0] + PREFIX, size)
                used[0] += PREFIX + size
            else:
                size = _continue(framing, data, length, used, cell)
        if size:
            return size
    return NOTHING


@cython.final
cdef class FrameReader:
    """The frames of one stream, outside of a worker. For tests and tools."""

    cdef Framing framing
    cdef int passed_over

    def feed(self, bytes data not None):
        """The frames that are whole now."""
        cdef uint8_t[CELL] cell
        cdef int32_t used = 0, size = 0
        frames = []
        while size != NOTHING:
            size = framing_next(&self.framing, data, <int32_t> len(data), &used, cell)
            if size == OVERLONG:
                self.passed_over += 1
            elif size > 0:
                frames.append((<char*> cell)[:size])
        return frames

    @property
    def overlong(self):
        """Frames passed over."""
        return self.passed_over

    @property
    def held_bytes(self):
        """Of a frame that has begun."""
        return self.framing.held
