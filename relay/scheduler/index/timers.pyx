"""What is due first. A timer is dead when its owner no longer waits for that moment (`liveness`); nobody takes it out then.

All lie in one heap. Dead ones are dropped when they come up; and while there are more timers than twice those that were
found alive, whoever sets one takes some dead ones out in passing, so that nobody ever has to look through all.

At equal times the order of kinds decides, then that of the owners, so that two engines with equal states fire alike.
"""

cimport cython
from cpython.ref cimport Py_DECREF, Py_INCREF, PyObject
from libc.stdlib cimport free, realloc

from relay.scheduler.liveness cimport alive
from relay.scheduler.state cimport State

from relay.scheduler.index.due import Due

cdef enum:
    CHILDREN = 4
    FEW = 4096
    IN_PASSING = 3

cdef tuple KINDS = tuple(Due)


@cython.final
cdef class Timers:
    """All timers, in the order in which they fire."""

    def __cinit__(self, State state):
        self.state = state
        self.limit = FEW

    def __dealloc__(self):
        cdef Py_ssize_t place
        for place in range(self.count):
            Py_DECREF(<object>self.heap[place].owner)
            Py_DECREF(<object>self.heap[place].place)
        free(self.heap)

    cpdef set(self, long long due_ms, int kind, long long number, str owner, str place=""):
        """Add a timer for a call, appointment or "", at a seat or kiosk or ""; a negative `due_ms` means never."""
        if due_ms < 0:
            return
        if self.count > self.limit:
            self._bury()
        if self.count == self.room:
            self._make_room()
        Py_INCREF(owner)
        Py_INCREF(place)
        self.count += 1
        self._sift_up(self.count - 1, Timer(due_ms, number, <PyObject*>owner, <PyObject*>place, kind))

    cpdef bint is_due(self, long long now_ms) except -1:
        """Whether some living timer is due by now; cheap while none is."""
        while self.count and self.heap[0].due_ms <= now_ms:
            if self._is_alive(0):
                return True
            self._take_out(0)
        return False

    cpdef tuple first(self):
        """The living timer that is due first, as (due_ms, kind, number, owner, place); or None."""
        cdef Timer* timer
        while self.count:
            if self._is_alive(0):
                timer = &self.heap[0]
                return timer.due_ms, KINDS[timer.kind], timer.number, <object>timer.owner, <object>timer.place
            self._take_out(0)
        return None

    def __len__(self):
        return self.count

    cdef int _make_room(self) except -1:
        cdef Py_ssize_t room = 2 * self.room + 64
        cdef Timer* heap = <Timer*>realloc(self.heap, room * sizeof(Timer))
        if heap is NULL:
            raise MemoryError
        self.heap = heap
        self.room = room
        return 0

    cdef int _bury(self) except -1:
        """Look at some timers, from the last to the first; when all have been seen, as many more may come as live."""
        cdef int _looked
        for _looked in range(IN_PASSING):
            if self.looked_at == 0:
                self.looked_at = self.count
            self.looked_at = min(self.looked_at, self.count) - 1
            if self.looked_at < 0:
                self.looked_at = 0
                return 0
            if not self._is_alive(self.looked_at):
                self._take_out(self.looked_at)
            if self.looked_at == 0:
                self.limit = max(FEW, 2 * self.count)
        return 0

    cdef bint _is_alive(self, Py_ssize_t place) except -1:
        cdef Timer* timer = &self.heap[place]
        return alive(<State>self.state, timer.due_ms, timer.kind, <str>timer.owner, <str>timer.place)

    cdef void _take_out(self, Py_ssize_t place) noexcept:
        cdef Timer gone = self.heap[place]
        cdef Timer last
        self.count -= 1
        if place < self.count:
            last = self.heap[self.count]
            if place and fires_before(&last, &self.heap[(place - 1) // CHILDREN]):
                self._sift_up(place, last)
            else:
                self._sift_down(place, last)
        Py_DECREF(<object>gone.owner)
        Py_DECREF(<object>gone.place)

    cdef void _sift_up(self, Py_ssize_t place, Timer timer) noexcept:
        cdef Py_ssize_t above
        while place:
            above = (place - 1) // CHILDREN
            if not fires_before(&timer, &self.heap[above]):
                break
            self.heap[place] = self.heap[above]
            place = above
        self.heap[place] = timer

    cdef void _sift_down(self, Py_ssize_t place, Timer timer) noexcept:
        cdef Py_ssize_t child, least
        while True:
            least = CHILDREN * place + 1
            if least >= self.count:
                break
            for child in range(least + 1, min(least + CHILDREN, self.count)):
                if fires_before(&self.heap[child], &self.heap[least]):
                    least = child
            if not fires_before(&self.heap[least], &timer):
                break
            self.heap[place] = self.heap[least]
            place = least
        self.heap[place] = timer


cdef bint fires_before(Timer* one, Timer* other) noexcept:
    if one.due_ms != other.due_ms:
        return one.due_ms < other.due_ms
    if one.kind != other.kind:
        return one.kind < other.kind
    if one.number != other.number:
        return one.number < other.number
    return (<str>one.place) < (<str>other.place)
