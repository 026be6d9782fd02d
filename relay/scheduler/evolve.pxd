from relay.scheduler.state cimport State


cpdef evolve(State state, object event)


cdef dict _EVOLVE
