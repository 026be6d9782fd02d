cimport cython

from relay.scheduler.entities cimport Seat
from relay.scheduler.index.facets cimport Facet
from relay.scheduler.index.line cimport Line
from relay.scheduler.index.ordered cimport Ordered
from relay.scheduler.index.profile cimport Profile
from relay.scheduler.index.seat_set cimport SeatSet, earliest


cdef class Classes:
    cdef dict _sets
    cdef list _order

    cpdef add(self, int number, int seat)
    cpdef remove(self, int number, int seat)

    @cython.locals(members=SeatSet)
    cpdef SeatSet best(self, SeatSet seats)


cdef class Supply:
    cdef public list seats
    cdef SeatSet _used
    cdef public SeatSet available
    cdef public SeatSet staffed
    cdef public SeatSet kept
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

    @cython.locals(wanted=bint, available=bint, index=int)
    cpdef refresh(self, Seat seat)
    cpdef reoccupy(self, Seat seat, int occupancy)
    cpdef SeatSet eligible(self, Line line)

    @cython.locals(seats=SeatSet)
    cpdef SeatSet with_item(self, tuple group, int level)

    @cython.locals(index=int)
    cpdef Seat longest_idle(self, SeatSet seats)
    cpdef tuple names(self, SeatSet seats, Py_ssize_t limit)
    cpdef list each(self, SeatSet seats)

    @cython.locals(best=Seat, seat=Seat)
    cdef Seat _longest_idle_of(self, SeatSet seats)
    cpdef Seat at(self, int index)
    cdef _withdraw(self, Seat seat)

    @cython.locals(seats=SeatSet)
    cpdef SeatSet near(self, str scope)

    @cython.locals(seats=SeatSet)
    cdef SeatSet _fit(self, Facet facet)
