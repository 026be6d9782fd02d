cimport cython

from relay.scheduler.draft cimport Choice, Draft, Requeued
from relay.scheduler.entities cimport Call, Seat
from relay.scheduler.index.line cimport Line
from relay.scheduler.index.seat_set cimport SeatSet
from relay.scheduler.index.supply cimport Supply
from relay.scheduler.state cimport State


@cython.locals(state=State, supply=Supply, candidates=SeatSet, index=int, seat=Seat, only=Seat, eligible=int)
cpdef Choice find_seat(Draft draft, Line line, str region, dict barred=*, str sticky=*)


@cython.locals(seat=Seat)
cpdef Choice find_target(Draft draft, str target)


@cython.locals(again=Requeued, seats=dict, seat=Seat, name=str)
cpdef settle(Draft draft)


@cython.locals(state=State, call=Call)
cpdef fill(Draft draft, Seat seat)


@cython.locals(fitting=SeatSet, staffed=SeatSet)
cpdef tuple keepable(State state, Line line, Seat joining=*)


@cython.locals(call=Call, choice=Choice)
cdef _place(Draft draft, Requeued again)


cdef bint _is_taken(Draft draft, Seat seat) except -1


@cython.locals(load=int)
cdef _let_go(Draft draft, Seat seat, int released)


@cython.locals(supply=Supply, preferred=Seat)
cdef Choice _choose(State state, Line line, str region, SeatSet candidates, int eligible, str sticky)


@cython.locals(state=State, best=Call, again=Requeued)
cdef Call _first_call(Draft draft, Seat seat)


@cython.locals(barred=dict)
cdef bint _suits(State state, Requeued again, Seat seat) except -1


@cython.locals(again=Requeued)
cdef bint _is_target(Draft draft, Seat seat, Call call) except -1


cdef Call _earlier(Call one, Call other)
