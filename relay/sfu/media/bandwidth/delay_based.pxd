cimport cython

from relay.sfu.media.bandwidth.acknowledged cimport AcknowledgedBitrate
from relay.sfu.media.bandwidth.overuse cimport OveruseDetector
from relay.sfu.media.bandwidth.trendline cimport Trendline


cdef double _JUMP_S, _LIMITED


cdef class DelayBased:
    cdef public object rate
    cdef public object queue
    cdef AcknowledgedBitrate _acknowledged
    cdef OveruseDetector _detector
    cdef Trendline _trendline
    cdef object _previous

    cpdef restart(self)

    @cython.locals(
        previous_sent_s=double,
        previous_arrived_s=double,
        sent_s=double,
        arrived_s=double,
        sent_ms=double,
        variation_ms=double,
        arrived_ms=double,
        slope=double,
    )
    cdef object _handle_group(self, object group)
