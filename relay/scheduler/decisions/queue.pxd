cimport cython

from relay.scheduler.draft cimport Draft
from relay.scheduler.entities cimport Call
from relay.scheduler.index.line cimport Line
from relay.scheduler.rules cimport Step
from relay.scheduler.state cimport State


@cython.locals(state=State, plan=tuple, step=Step, after=Step, later=Step, widen_ms=cython.longlong, line=Line)
cpdef widen(Draft draft, Call call)
