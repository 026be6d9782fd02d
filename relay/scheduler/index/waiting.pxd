cimport cython

from relay.scheduler.entities cimport Call
from relay.scheduler.index.facets cimport Facet, Facets
from relay.scheduler.index.line cimport Cell, Line, Sight, Slot
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
    cdef int _made
    cdef dict _numbered
    cdef dict _sights
    cdef public Py_ssize_t size

    @cython.locals(facet=Facet, group=tuple, key=tuple, line=Line)
    cpdef Line line(self, str item, str scope, object kind, str language, tuple media, int level)
    cpdef Line line_of(self, Call call)

    @cython.locals(entry=tuple, calls=Ordered)
    cpdef add(self, Call call, Line line)

    @cython.locals(line=Line, calls=Ordered, head=tuple)
    cpdef remove(self, Call call)

    @cython.locals(best=Cell, cell=Cell, sight=Sight)
    cpdef Call first(self, Profile profile, object barred=*)

    @cython.locals(key=tuple, scope=str, slots=dict, path=tuple, own=Slot, slot=Slot, node=str, region=str)
    cdef _open(self, Line line)

    @cython.locals(best=tuple, head=tuple, cell=Cell, sight=Sight)
    cdef Call _first_but(self, Profile profile, object barred)

    @cython.locals(oldest=Line)
    cdef _keep_spare(self, Line line)


@cython.locals(aside=list, best=tuple, head=tuple, line=Line)
cdef tuple _first_but(Cell cell, Profile profile, object barred)
