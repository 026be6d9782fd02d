cimport cython


@cython.no_gc
cdef class Facet:
    cdef public int number
    cdef public int level
    cdef public tuple met


cdef class Facets:
    cdef dict _abilities
    cdef dict _classes
    cdef dict _known

    @cython.locals(key=tuple, met=tuple, facet=Facet)
    cpdef Facet of(self, object kind, str language, tuple media, int level)
