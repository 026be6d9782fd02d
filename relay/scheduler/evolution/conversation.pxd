cimport cython

from relay.scheduler.entities cimport Call, Conversation, Seat
from relay.scheduler.evolution.queue cimport bar, close_call, enqueue, index, leave_kiosk
from relay.scheduler.evolution.seating cimport let_go, rest, take
from relay.scheduler.state cimport State


@cython.locals(call=Call)
cpdef accepted(State state, object event)


@cython.locals(call=Call)
cpdef ended(State state, object event)


@cython.locals(call=Call, seat=Seat)
cpdef wrap_up_finished(State state, object event)


cdef _converse(State state, Call call, int revision)


@cython.locals(talk=Conversation)
cdef _set_participants(Call call, tuple participants, int revision)


@cython.locals(talk=Conversation)
cdef Conversation _talk(Call call)


@cython.locals(until_ms=cython.longlong)
cdef _remember(State state, Call call)
