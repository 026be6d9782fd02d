cimport cython

from relay.scheduler.decide cimport decide
from relay.scheduler.evolve cimport evolve
from relay.scheduler.state cimport State


cdef class Engine:
    cdef public State state

    cpdef tuple handle_command(self, object command, long long now_ms)

    @cython.locals(events=tuple)
    cpdef tuple step(self, object command, long long now_ms)

    @cython.locals(happened=list)
    cpdef tuple advance(self, long long now_ms)
