from cpython.ref cimport PyObject


cdef struct Timer:
    long long due_ms
    long long number
    PyObject* owner
    PyObject* place
    int kind


cdef class Timers:
    cdef object state
    cdef Timer* heap
    cdef Py_ssize_t count
    cdef Py_ssize_t room
    cdef Py_ssize_t limit
    cdef Py_ssize_t looked_at

    cpdef set(self, long long due_ms, int kind, long long number, str owner, str place=*)
    cpdef bint is_due(self, long long now_ms) except -1
    cpdef tuple first(self)

    cdef int _make_room(self) except -1
    cdef int _bury(self) except -1
    cdef bint _is_alive(self, Py_ssize_t place) except -1
    cdef void _take_out(self, Py_ssize_t place) noexcept
    cdef void _sift_up(self, Py_ssize_t place, Timer timer) noexcept
    cdef void _sift_down(self, Py_ssize_t place, Timer timer) noexcept
