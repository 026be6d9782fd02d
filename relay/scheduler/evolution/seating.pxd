cimport cython

from relay.scheduler.entities cimport Call, Seat
from relay.scheduler.state cimport State


cpdef stop_ringing(State state, Seat seat)


cpdef take(State state, Seat seat, str call, object role)


@cython.locals(seat=Seat)
cpdef let_go(State state, str name, Call call, long long wrap_until_ms)


@cython.locals(online_ms=cython.longlong)
cpdef rest(State state, Seat seat)
