cimport cython
from libc.stdint cimport uint64_t

from relay.scheduler.index.ordered cimport Ordered


@cython.no_gc
cdef class SeatSet:
    cdef uint64_t* words
    cdef int size

    cpdef add(self, int number)
    cpdef discard(self, int number)
    cpdef bint has(self, int number) noexcept
    cpdef bint meets(self, SeatSet other) noexcept
    cpdef Py_ssize_t count(self) noexcept
    cpdef int lowest(self) noexcept
    cpdef int lowest_missing(self) noexcept
    cpdef list numbers(self, Py_ssize_t limit=*)
    cpdef SeatSet copy(self)

    cdef int _reach(self, int size) except -1


cpdef int earliest(Ordered order, SeatSet wanted, Py_ssize_t steps) noexcept
