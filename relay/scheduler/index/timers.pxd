cimport cython


cdef class Timers:
    cdef object _alive
    cdef dict _buckets
    cdef list _numbers
    cdef list _sorted
    cdef long long _current
    cdef Py_ssize_t _next
    cdef Py_ssize_t _size
    cdef Py_ssize_t _limit
    cdef list _unswept

    @cython.locals(timer=tuple, bucket_number=cython.longlong, bucket=list)
    cpdef set(self, long long due_ms, object kind, long long number, str owner, str place=*)

    @cython.locals(timer=tuple)
    cpdef tuple due(self, long long now_ms)

    @cython.locals(timer=tuple)
    cpdef tuple first(self)

    @cython.locals(bucket=list)
    cdef bint _look_into_next(self) except -1
    cdef _put_back(self)

    @cython.locals(bucket=list, living=list)
    cdef _sweep(self)
