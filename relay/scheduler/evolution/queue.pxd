cimport cython

from relay.scheduler.entities cimport Call, Conversation, Kiosk
from relay.scheduler.index.ordered cimport Ordered
from relay.scheduler.index.timers cimport Timers
from relay.scheduler.state cimport State


@cython.locals(timers=Timers)
cpdef enqueue(State state, Call call)


cpdef dequeue(State state, Call call)


cpdef index(State state, Call call)


@cython.locals(aimed=Ordered)
cpdef unindex(State state, Call call)


cpdef count_caps(State state, Call call, int change)


cpdef bar(State state, Call call, str seat, long long until_ms)


cpdef unbar(State state, Call call, str seat)


@cython.locals(kiosk=Kiosk, length_ms=cython.longlong)
cpdef open_call(State state, Call call)


@cython.locals(kiosk=Kiosk, left=int)
cpdef leave_kiosk(State state, Call call)


@cython.locals(parent=Call)
cpdef close_call(State state, Call call)


cpdef restore_call(State state, Call call)
