cimport cython

from relay.scheduler.index.facets cimport Facet
from relay.scheduler.index.ordered cimport Ordered


cdef class Line:
    cdef public int number
    cdef public tuple key
    cdef public tuple group
    cdef public str scope
    cdef public Facet facet
    cdef public Ordered calls
    cdef public bint open
    cdef public list cells
    cdef public list posted
    cdef public object eligible
    cdef public int supply_version

    @cython.locals(cell=Cell)
    cpdef join(self, Slot slot)

    @cython.locals(posted=list, place=cython.Py_ssize_t, cell=Cell, last=tuple, post=tuple)
    cpdef post(self, tuple head)

    @cython.locals(cell=Cell)
    cpdef close(self)


cdef class Slot:
    cdef public list cells

    @cython.locals(cell=Cell)
    cpdef Cell cell(self, Facet facet)


cdef class Cell:
    cdef public Facet facet
    cdef public Slot slot
    cdef public list heap
    cdef public int lines

    @cython.locals(heap=list)
    cpdef add(self, tuple post)

    @cython.locals(heap=list, post=tuple, line=Line, blocks=list, head=tuple, corrected=tuple)
    cpdef tuple first(self)
