cimport cython

from relay.scheduler.draft cimport Draft
from relay.scheduler.matching cimport settle
from relay.scheduler.state cimport State


@cython.locals(draft=Draft)
cpdef tuple decide(State state, object command, long long now_ms)


@cython.locals(timer=tuple)
cpdef _tick(Draft draft, object command)


cdef dict _DECIDE
