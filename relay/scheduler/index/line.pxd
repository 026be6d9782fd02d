cimport cython
from cpython.ref cimport PyObject

from relay.scheduler.index.facets cimport Facet
from relay.scheduler.index.seat_set cimport SeatSet
from relay.scheduler.index.ordered cimport Entry, Ordered


cdef struct Post:
    long long key
    long long seq
    int line
    int place


cdef struct Posting:
    PyObject* cell
    long long key
    long long seq


@cython.no_gc
cdef class Line(Ordered):
    cdef readonly tuple key
    cdef readonly tuple group
    cdef readonly str scope
    cdef readonly Facet facet
    cdef public SeatSet eligible
    cdef public int supply_version
    cdef readonly int number
    cdef bint open
    cdef bint spare
    cdef int older
    cdef int newer
    cdef Posting* postings
    cdef int places
    cdef int places_room

    cdef int join(self, Cell cell, Lines lines) except -1
    cdef int post(self, Lines lines) except -1
    cdef void lose(self, PyObject* head) noexcept
    cdef void close(self) noexcept
    cdef int _post_to(self, int place, Entry* head, Lines lines) except -1


cdef class Lines:
    cdef PyObject** by_number
    cdef int used
    cdef int room
    cdef int free_number
    cdef int* next_free

    cdef int enter(self, Line line) except -1
    cdef void leave(self, Line line) noexcept
    cdef Line at(self, int number)


@cython.no_gc
cdef class Cell:
    cdef readonly Facet facet
    cdef bint fresh
    cdef PyObject* head
    cdef long long head_key
    cdef long long head_seq
    cdef Post* heap
    cdef int count
    cdef int room
    cdef int lines

    cdef int add(self, Post post, Lines lines) except -1
    cdef PyObject* first(self, Lines lines) noexcept
    cdef Post pop(self) noexcept
    cdef bint is_living(self, Post* post, Lines lines) noexcept
    cdef void _sweep(self, Lines lines) noexcept
    cdef void _sift_down(self, int place) noexcept
