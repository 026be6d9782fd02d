cimport cython

from relay.scheduler.draft cimport Choice, Draft
from relay.scheduler.entities cimport Call, Kiosk, Seat
from relay.scheduler.index.line cimport Line
from relay.scheduler.matching cimport find_seat, find_target
from relay.scheduler.rules cimport Step
from relay.scheduler.state cimport State


@cython.locals(state=State, head_start_ms=cython.longlong, enqueued_ms=cython.longlong)
cpdef request(Draft draft, object command)


@cython.locals(
    state=State, call=str, level=int, plan=tuple, step=Step, beyond=Step, line=Line, sticky=str, target=str,
    target_until_ms=cython.longlong, overflow=bint, choice=Choice, widen_ms=cython.longlong, reserved=bint, region=str,
)
cpdef str ask(
    Draft draft, object wanted, object item, long long enqueued_ms, long long virtual_ms, object origin=*,
)


cpdef require_region(State state, str code)


@cython.locals(at_kiosk=Kiosk)
cpdef require_room(State state, str kiosk, str citizen)


cpdef str sticky_seat(State state, str citizen, str case, long long at_ms)


@cython.locals(call=Call)
cdef _require_same(State state, object command, str known)


cdef Line _line(State state, object wanted, Step step)


cdef Choice _choice(Draft draft, object wanted, Line line, object origin, str sticky)


@cython.locals(step=Step, later=Step)
cdef Step _beyond_cap(State state, object wanted, tuple plan)


@cython.locals(state=State, seat=Seat)
cdef tuple _wait_for(Draft draft, Line line, str sticky)
