cimport cython

from relay.scheduler.entities cimport Call, Seat
from relay.scheduler.index.line cimport Line
from relay.scheduler.state cimport State


@cython.no_gc
cdef class Choice:
    cdef public Seat seat
    cdef public str rule
    cdef public int eligible
    cdef public tuple considered


@cython.no_gc
cdef class Requeued:
    cdef public Call call
    cdef public Line line
    cdef public str region
    cdef public str sticky
    cdef public str target
    cdef public dict barred


@cython.no_gc
cdef class Draft:
    cdef public State state
    cdef public long long at_ms
    cdef public list events
    cdef public set taken
    cdef public int kept
    cdef public set placed
    cdef public list requeued
    cdef public dict freed
    cdef public set hushed
    cdef public set unkept
    cdef long long _calls
    cdef long long _offers
    cdef long long _appointments

    cpdef take(self, Seat seat)
    cpdef place(self, str call)
    cpdef free(self, str seat)
    cpdef hush(self, str seat, bint took=*)
    cpdef unkeep(self, str seat)
    cpdef requeue(self, Call call, str but=*, str target=*)
    cpdef widen(self, Call call, Line line)
    cpdef transfer(self, Call call, Line line, str region, str target)
    cpdef str next_call(self)
    cpdef str new_call(self)
    cpdef str new_appointment(self)
    cpdef offer(self, str call, int attempt, long long enqueued_ms, long long virtual_ms, Choice choice)
    cdef _let_go(self, str seat, int released)
    cdef _wait_again(self, Requeued again)
