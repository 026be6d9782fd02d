cimport cython


cdef int _MAX_POINTS
cdef double _GAIN, _MIN_MS, _MAX_MS, _START_MS, _RISE_PER_MS, _FALL_PER_MS, _SPIKE_MS, _MAX_STEP_MS, _OVERUSE_MS


cdef class OveruseDetector:
    cdef public object usage
    cdef public double threshold_ms
    cdef double _over_ms
    cdef int _over_groups
    cdef double _previous_trend_ms
    cdef object _updated_ms

    @cython.locals(trend_ms=double)
    cpdef object handle_slope(self, double slope, int points, double sent_ms, double arrived_ms)

    @cython.locals(elapsed_ms=double, gain=double, step_ms=double, moved_ms=double)
    cdef _adapt(self, double trend_ms, double arrived_ms)
