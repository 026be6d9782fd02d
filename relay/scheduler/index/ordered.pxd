cimport cython


cdef class Ordered:
    cdef public list blocks
    cdef public Py_ssize_t size

    @cython.locals(blocks=list, block=list, at=cython.Py_ssize_t, half=cython.Py_ssize_t)
    cpdef add(self, tuple entry)

    @cython.locals(blocks=list, block=list, at=cython.Py_ssize_t)
    cpdef remove(self, tuple entry)

    @cython.locals(below=cython.Py_ssize_t, block=list)
    cpdef Py_ssize_t rank(self, tuple entry) except -1

    @cython.locals(blocks=list, low=cython.Py_ssize_t, high=cython.Py_ssize_t, middle=cython.Py_ssize_t)
    cdef Py_ssize_t _block_of(self, tuple entry) except -1
