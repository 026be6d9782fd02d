cimport cython


cdef double _WINDOW_S


cdef class AcknowledgedBitrate:
    cdef object _groups
    cdef long long _size_bytes

    @cython.locals(oldest_s=double)
    cpdef handle_group(self, double arrived_s, object size_bytes)
    cpdef object rate_bps(self)
    cpdef object recent_bps(self)
