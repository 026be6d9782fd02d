from cpython.ref cimport PyObject

from relay.scheduler.entities cimport Call
from relay.scheduler.index.facets cimport Facet, Facets
from relay.scheduler.index.line cimport Cell, Line, Lines
from relay.scheduler.index.profile cimport Profile


cdef class Slot:
    cdef list cells
    cdef list sights


cdef class Sight:
    cdef int ability
    cdef list slots
    cdef list cells
    cdef bint fresh


cdef class WaitingIndex:
    cdef Facets _facets
    cdef Lines _numbered
    cdef dict _lines
    cdef dict _by_node
    cdef dict _groups
    cdef dict _group_numbers
    cdef dict _slots
    cdef dict _sights
    cdef int _spares
    cdef int _oldest
    cdef int _newest
    cdef readonly Py_ssize_t size

    cpdef Line line(self, str item, str scope, object kind, str language, tuple media, int level)
    cpdef Line line_of(self, Call call)
    cpdef add(self, Call call, Line line)
    cpdef remove(self, Call call)
    cpdef Call first(self, Profile profile, object barred=*)

    cdef list _look(self, Sight sight)
    cdef Call _first_but(self, Sight sight, Profile profile, object barred)
    cdef PyObject* _first_in_cell(self, Cell cell, Profile profile, object barred, PyObject* best) except? NULL
    cdef _open(self, Line line)
    cdef _join(self, Line line, Slot slot)
    cdef _keep_spare(self, Line line)
    cdef void _reuse(self, Line line) noexcept
    cdef _forget(self, Line line)
