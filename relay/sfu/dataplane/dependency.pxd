"""The dependency descriptor (RTP Payload Format For AV1, v1.0.0, Appendix A): which layers a frame is needed for."""

from libc.stdint cimport int8_t, uint8_t, uint16_t, uint32_t

from .types cimport LAYERS, Packet


cdef enum:
    MAX_TEMPLATES = 64
    MAX_TARGETS = 32           # decode targets


ctypedef struct Template:
    uint8_t spatial
    uint8_t temporal
    uint32_t needed            # a bit per decode target: it cannot do without
    uint32_t switching         # a bit per decode target: it can be taken up here


ctypedef struct Dependency:
    # owned: the structure in force
    uint8_t first_id
    int template_count         # 0: none yet
    int target_count
    Template templates[MAX_TEMPLATES]
    int8_t target_of[LAYERS][LAYERS]       # spatial and temporal layer → decode target
    # owned: the frame whose first packet came last
    uint16_t frame
    uint8_t framed
    uint32_t needed
    uint32_t switching


cdef void dependency_read(Dependency* dependency, const uint8_t* data, int length, Packet* packet) noexcept nogil
