cimport cython

from relay.scheduler.entities cimport Appointment, Call, Conversation, Kiosk, Seat
from relay.scheduler.state cimport State


cpdef bint alive(State state, long long due_ms, int kind, str owner, str place) except -1


@cython.locals(seat=Seat, kiosk=Kiosk)
cdef bint _at_place(State state, long long due_ms, int kind, str owner, str place) except -1


cdef bint _of_waiting(Call call, long long due_ms, int kind) except -1


@cython.locals(talk=Conversation)
cdef bint _of_call(Call call, long long due_ms, int kind, str place) except -1


cdef bint _of_appointment(Appointment appointment, long long due_ms, int kind) except -1


cdef int _SEAT_LEASE
cdef int _KIOSK_LEASE
cdef int _OFFER
cdef int _RING_BACK
cdef int _CONNECT
cdef int _WRAP_UP
cdef int _TARGET
cdef int _WIDEN
cdef int _BACKOFF
cdef int _RETRY
cdef int _GIVE_UP
cdef int _SHIFT
cdef int _LOOKAHEAD
cdef int _MISSED
