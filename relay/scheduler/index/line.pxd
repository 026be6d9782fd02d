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

    @cython.locals(cell=Cell)
    cpdef lose(self, tuple head)


cdef class Slot:
    cdef public list cells
    cdef public list sights

    @cython.locals(cell=Cell)
    cpdef Cell cell(self, Facet facet)
    cpdef drop(self, Cell cell)

    @cython.locals(sight=Sight)
    cdef _look_anew(self)


cdef class Sight:
    cdef public bint fresh
    cdef public list cells
    cdef public int ability
    cdef public list slots

    @cython.locals(slot=Slot, cell=Cell, level=int)
    cpdef list look(self)


cdef class Cell:
    cdef public bint fresh
    cdef public tuple head
    cdef public long long head_ms
    cdef public long long head_seq
    cdef public Facet facet
    cdef public Slot slot
    cdef public list heap
    cdef public int lines

    @cython.locals(heap=list)
    cpdef add(self, tuple post)

    @cython.locals(heap=list, post=tuple, line=Line, blocks=list, head=tuple, corrected=tuple)
    cdef tuple _corrected(self)

    @cython.locals(head=tuple)
    cpdef tuple first(self)
