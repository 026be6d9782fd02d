cimport cython

from relay.scheduler.decisions.releases cimport abandon, cancel_invitations, free_others, others_of, wrap_until_ms
from relay.scheduler.draft cimport Draft
from relay.scheduler.entities cimport Call, Seat
from relay.scheduler.state cimport State


@cython.locals(state=State, call=Call)
cpdef hang_up(Draft draft, object command)


@cython.locals(talk_ms=cython.longlong, until_ms=cython.longlong)
cpdef end(Draft draft, Call call, object by, str reason)


@cython.locals(seat=Seat, since=tuple)
cpdef finish_wrap_up(Draft draft, object command)
