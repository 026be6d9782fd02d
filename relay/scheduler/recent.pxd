cimport cython


cdef long long _ALWAYS_MS


@cython.no_gc
@cython.freelist(64)
cdef class Memory:
    cdef public long long until_ms
    cdef public str key
    cdef public object value


cdef class Recent:
    cdef dict _values
    cdef object _log

    cpdef hold(self, str key, object value)

    @cython.locals(memory=Memory)
    cpdef put(self, str key, object value, long long until_ms)

    @cython.locals(memory=Memory)
    cpdef get(self, str key, long long now_ms)
    cpdef drop(self, str key)

    @cython.locals(oldest=Memory, values=dict)
    cpdef forget(self, long long now_ms, Py_ssize_t limit)

    @cython.locals(memory=Memory)
    cpdef list kept(self)
