cimport cython


cdef class Recent:
    cdef dict _values
    cdef object _log

    cpdef hold(self, str key, object value)
    cpdef put(self, str key, object value, long long until_ms)

    @cython.locals(kept=tuple)
    cpdef get(self, str key, long long now_ms)
    cpdef drop(self, str key)

    @cython.locals(kept=tuple, values=dict)
    cpdef forget(self, long long now_ms, Py_ssize_t limit)
