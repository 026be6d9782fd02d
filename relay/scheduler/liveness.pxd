cimport cython

from relay.scheduler.entities cimport Appointment, Call, Conversation, Kiosk, Seat
from relay.scheduler.state cimport State


@cython.locals(call=Call, appointment=Appointment)
cpdef bint alive(State state, tuple timer) except -1


@cython.locals(seat=Seat)
cpdef bint _seat_lease(State state, tuple timer) except -1


@cython.locals(kiosk=Kiosk)
cpdef bint _kiosk_lease(State state, tuple timer) except -1


@cython.locals(seat=Seat)
cpdef bint _wrap_up(State state, tuple timer) except -1


@cython.locals(seat=Seat)
cpdef bint _shift(State state, tuple timer) except -1


cpdef bint _offer(Call call, tuple timer) except -1


cpdef bint _ring_back(Call call, tuple timer) except -1


@cython.locals(talk=Conversation)
cpdef bint _connect(Call call, tuple timer) except -1


cpdef bint _target(Call call, tuple timer) except -1


cpdef bint _widen(Call call, tuple timer) except -1


cpdef bint _backoff(Call call, tuple timer) except -1


cpdef bint _retry(Call call, tuple timer) except -1


cpdef bint _give_up(Call call, tuple timer) except -1
