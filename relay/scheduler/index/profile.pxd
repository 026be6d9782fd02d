cimport cython


@cython.no_gc
cdef class Profile:
    cdef public object value
    cdef public int ability
    cdef public dict levels
    cdef public bint lowered
    cdef public tuple regions
    cdef public tuple home
    cdef public int breadth
    cdef public int capacity

    cpdef int level_of(self, tuple nodes) except -1
