cimport cython

cdef double _BUCKET_S


cdef class WindowedMinimum:
    cdef public object value
    cdef object _past
    cdef double _current
    cdef double _ends_s

    cpdef double handle_value(self, double value, double now) except? -1.0
    cpdef restart(self, double value, double now)
