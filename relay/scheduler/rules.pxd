cimport cython


@cython.no_gc
cdef class Step:
    cdef public long long after_ms
    cdef public int ring
    cdef public str scope
    cdef public int level


cdef class Rules:
    cdef public object settings
    cdef public dict head_starts_ms
    cdef public object timetable
    cdef public tuple policies
    cdef dict _plans
    cdef dict _caps

    cpdef head_start_ms(self, str name)
    cpdef tuple plan(self, object reach, str region, int level)
    cpdef tuple caps(self, str item, str region)
