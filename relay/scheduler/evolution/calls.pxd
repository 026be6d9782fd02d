cimport cython

from relay.scheduler.entities cimport Call, Conversation, Kiosk, Seat
from relay.scheduler.evolution.queue cimport (
    bar,
    close_call,
    dequeue,
    enqueue,
    index,
    leave_kiosk,
    open_call,
    unbar,
    unindex,
)
from relay.scheduler.evolution.seating cimport let_go, stop_ringing
from relay.scheduler.state cimport State


@cython.locals(call=Call, talk=Conversation)
cpdef requested(State state, object event)


@cython.locals(call=Call, seat=Seat)
cpdef offered(State state, object event)


@cython.locals(call=Call)
cpdef widened(State state, object event)


@cython.locals(call=Call, waits=bint)
cpdef reprioritised(State state, object event)


@cython.locals(call=Call)
cpdef abandoned(State state, object event)


@cython.locals(call=Call)
cpdef requeued(State state, object event)


@cython.locals(call=Call, seat=Seat)
cdef _return_offer(State state, str name, str offer, str how, long long backoff_ms)


cdef _leave_queue(State state, Call call)
