from cpython.ref cimport PyObject


cdef struct Entry:
    long long key
    long long seq
    PyObject* item


cdef struct Block:
    Entry* entries
    int start
    int count
    int room


cdef class Ordered:
    cdef Block* blocks
    cdef Block single
    cdef Py_ssize_t used
    cdef Py_ssize_t room
    cdef readonly Py_ssize_t size

    cpdef add(self, long long key, long long seq, object item=*)
    cpdef remove(self, long long key, long long seq)
    cpdef object first(self)
    cpdef Py_ssize_t rank(self, long long key, long long seq) except -1

    cdef Entry* head(self) noexcept
    cdef Entry* at(self, Py_ssize_t block, Py_ssize_t place) noexcept
    cdef Py_ssize_t _block_of(self, long long key, long long seq) noexcept
    cdef int _split(self, Py_ssize_t number) except -1
    cdef int _open_block(self, Py_ssize_t number) except -1
    cdef void _drop_block(self, Py_ssize_t number) noexcept


cdef inline bint before(long long key, long long seq, long long other_key, long long other_seq) noexcept nogil:
    return key < other_key or (key == other_key and seq < other_seq)
