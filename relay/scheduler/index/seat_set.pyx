"""Sets of seats, by their numbers: a bit each, so that sets are met, joined and narrowed 64 seats at a time."""

cimport cython
from libc.stdint cimport uint64_t
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memcpy, memset

from relay.scheduler.index.ordered cimport Entry, Ordered

cdef extern from *:
    """
    #define COUNT_BITS(word) __builtin_popcountll(word)
    #define LOWEST_BIT(word) __builtin_ctzll(word)
    """
    int COUNT_BITS(uint64_t word) noexcept nogil
    int LOWEST_BIT(uint64_t word) noexcept nogil

cdef enum:
    BITS = 64
    NOBODY = -1


@cython.final
@cython.no_gc
cdef class SeatSet:
    """Numbers from 0 on; grows with the highest. `&`, `|` and `-` give new sets."""

    def __cinit__(self, numbers=()):
        for number in numbers:
            self.add(number)

    def __dealloc__(self):
        free(self.words)

    cpdef add(self, int number):
        """Put a number in; it may be there."""
        if number // BITS >= self.size:
            self._reach(number // BITS + 1)
        self.words[number // BITS] |= <uint64_t>1 << number % BITS

    cpdef discard(self, int number):
        """Take a number out; it may be absent."""
        if number // BITS < self.size:
            self.words[number // BITS] &= ~(<uint64_t>1 << number % BITS)

    cpdef bint has(self, int number) noexcept:
        """Whether a number is in it."""
        return number // BITS < self.size and self.words[number // BITS] >> number % BITS & 1

    cpdef bint meets(self, SeatSet other) noexcept:
        """Whether both have a number in common."""
        cdef int place
        for place in range(min(self.size, other.size)):
            if self.words[place] & other.words[place]:
                return True
        return False

    cpdef Py_ssize_t count(self) noexcept:
        """How many numbers are in it."""
        cdef Py_ssize_t found = 0
        cdef int place
        for place in range(self.size):
            if self.words[place]:
                found += COUNT_BITS(self.words[place])
        return found

    cpdef int lowest(self) noexcept:
        """The first number, or -1."""
        cdef int place
        for place in range(self.size):
            if self.words[place]:
                return BITS * place + LOWEST_BIT(self.words[place])
        return NOBODY

    cpdef int lowest_missing(self) noexcept:
        """The first number that is absent."""
        cdef int place
        for place in range(self.size):
            if ~self.words[place]:
                return BITS * place + LOWEST_BIT(~self.words[place])
        return BITS * self.size

    cpdef list numbers(self, Py_ssize_t limit=0x7FFFFFFF):
        """The first of them, ascending."""
        cdef list found = []
        cdef uint64_t word
        cdef int place
        for place in range(self.size):
            word = self.words[place]
            while word:
                if len(found) >= limit:
                    return found
                found.append(BITS * place + LOWEST_BIT(word))
                word &= word - 1
        return found

    cpdef SeatSet copy(self):
        """Another set of the same numbers."""
        cdef SeatSet other = SeatSet.__new__(SeatSet)
        other._reach(self.size)
        memcpy(other.words, self.words, self.size * sizeof(uint64_t))
        return other

    def __and__(self, SeatSet other):
        cdef SeatSet common = SeatSet.__new__(SeatSet)
        cdef int place
        common._reach(min(self.size, other.size))
        for place in range(common.size):
            common.words[place] = self.words[place] & other.words[place]
        return common

    def __or__(self, SeatSet other):
        cdef SeatSet joined = self.copy()
        cdef int place
        joined._reach(other.size)
        for place in range(other.size):
            joined.words[place] |= other.words[place]
        return joined

    def __sub__(self, SeatSet other):
        cdef SeatSet left = self.copy()
        cdef int place
        for place in range(min(left.size, other.size)):
            left.words[place] &= ~other.words[place]
        return left

    def __bool__(self):
        return self.lowest() != NOBODY

    cdef int _reach(self, int size) except -1:
        """At least so many words."""
        cdef uint64_t* words
        if size <= self.size:
            return 0
        if self.size == 0:
            words = <uint64_t*>calloc(size, sizeof(uint64_t))
        else:
            words = <uint64_t*>realloc(self.words, size * sizeof(uint64_t))
        if words is NULL:
            raise MemoryError
        if self.size:
            memset(words + self.size, 0, (size - self.size) * sizeof(uint64_t))
        self.words = words
        self.size = size
        return 0


cpdef int earliest(Ordered order, SeatSet wanted, Py_ssize_t steps) noexcept:
    """The first number (`seq`) in the order that is wanted; -1 when it is not among so many."""
    cdef Py_ssize_t block, place
    cdef Entry* entry
    for block in range(order.used):
        for place in range(order.blocks[block].count):
            entry = order.at(block, place)
            if wanted.has(<int>entry.seq):
                return <int>entry.seq
            steps -= 1
            if steps <= 0:
                return NOBODY
    return NOBODY
