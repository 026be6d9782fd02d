cimport cython

from relay.scheduler.entities cimport Call
from relay.scheduler.index.facets cimport Facet, Facets
from relay.scheduler.index.line cimport Cell, Line, Slot
from relay.scheduler.index.ordered cimport Ordered
from relay.scheduler.index.profile cimport Profile


cdef class WaitingIndex:
    cdef Facets _facets
    cdef dict _lines
    cdef object _spare
    cdef dict _by_node
    cdef dict _groups
    cdef dict _group_numbers
    cdef dict _slots
    cdef dict _looked_into
    cdef int _made
    cdef public Py_ssize_t size

    @cython.locals(facet=Facet, group=tuple, key=tuple, line=Line)
    cpdef Line line(self, str item, str scope, object kind, str language, tuple media, int level)
    cpdef Line line_of(self, Call call)

    @cython.locals(entry=tuple, calls=Ordered)
    cpdef add(self, Call call, Line line)

    @cython.locals(line=Line)
    cpdef remove(self, Call call)

    @cython.locals(best=tuple, head=tuple, ability=int, level=int, choosy=bint, slot=Slot, cell=Cell, facet=Facet)
    cpdef Call first(self, Profile profile, object barred=*)

    @cython.locals(key=tuple, scope=str, slots=dict, path=tuple, own=Slot, slot=Slot, node=str, region=str)
    cdef _open(self, Line line)

    @cython.locals(oldest=Line)
    cdef _keep_spare(self, Line line)


@cython.locals(aside=list, best=tuple, head=tuple, line=Line)
cdef tuple _first_but(Cell cell, Profile profile, object barred)
