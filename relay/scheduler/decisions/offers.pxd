cimport cython

from relay.scheduler.draft cimport Draft
from relay.scheduler.entities cimport Call, Seat
from relay.scheduler.state cimport State


@cython.locals(state=State, call=Call, waited_ms=cython.longlong)
cpdef accept(Draft draft, object command)


@cython.locals(call=Call, backoff_ms=cython.longlong)
cpdef decline(Draft draft, object command)


@cython.locals(seat=Seat, unanswered=int, backoff_ms=cython.longlong)
cpdef time_out(Draft draft, Call call)


cpdef long long connect_ms(Draft draft) except? -2


cpdef Call ringing(State state, str offer)


cpdef require_ringing(Draft draft, Call call, str seat)


@cython.locals(of=Seat)
cpdef more_room(Draft draft, str seat)
