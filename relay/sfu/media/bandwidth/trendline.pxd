cimport cython


cdef int _WINDOW
cdef double _SMOOTHING, _REBASE_MS


cdef class Trendline:
    cdef public int points
    cdef public double slope
    cdef object _window
    cdef object _zero_ms
    cdef double _delay_ms
    cdef double _smoothed_ms
    cdef double _sx
    cdef double _sy
    cdef double _sxx
    cdef double _sxy

    @cython.locals(x=double, old_x=double, old_y=double, spread=double)
    cpdef double handle_variation(self, double variation_ms, double arrived_ms) except? -1.0
    cdef void _add(self, double x, double y, double sign)
