cimport cython

from relay.scheduler.entities cimport Seat
from relay.scheduler.index.facets cimport Facet
from relay.scheduler.index.line cimport Line
from relay.scheduler.index.ordered cimport Ordered
from relay.scheduler.index.profile cimport Profile


cdef class Classes:
    cdef dict _bits
    cdef list _order

    cpdef add(self, int number, object bit)
    cpdef remove(self, int number, object bit)
    cpdef best(self, object seats)


cdef bytes _bytes(object seats)


cdef class Supply:
    cdef public list seats
    cdef object _used
    cdef public object available
    cdef public object staffed
    cdef public object kept
    cdef public Ordered idle
    cdef public int version
    cdef dict _known
    cdef dict _reached
    cdef dict _suited
    cdef dict _skills
    cdef dict _served
    cdef dict _under
    cdef public dict home
    cdef dict _able
    cdef public Classes breadth
    cdef public Classes path
    cdef public Classes occupancy

    @cython.locals(wanted=bint, available=bint, entry=tuple)
    cpdef refresh(self, Seat seat)
    cpdef reoccupy(self, Seat seat, int occupancy)
    cpdef eligible(self, Line line)
    cpdef with_item(self, tuple group, int level)

    @cython.locals(wanted=bytes, steps=cython.Py_ssize_t, block=list, index=int)
    cpdef Seat longest_idle(self, object seats)

    @cython.locals(found=list, index=int)
    cpdef tuple names(self, object seats, int limit)

    @cython.locals(found=list, place=cython.Py_ssize_t, byte=int, bit=int, raw=bytes)
    cpdef list each(self, object seats)

    @cython.locals(best=Seat, seat=Seat, place=cython.Py_ssize_t, byte=int, bit=int)
    cdef Seat _longest_idle_of(self, bytes seats)
    cpdef Seat at(self, int index)
    cdef _withdraw(self, Seat seat)
    cpdef near(self, str scope)
    cdef _fit(self, Facet facet)
