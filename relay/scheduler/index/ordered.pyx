"""A sorted sequence with cheap ends: add and remove cost O(log n) comparisons and a memmove of part of one block."""

from cpython.ref cimport Py_DECREF, Py_INCREF, PyObject
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcpy, memmove

cdef enum:
    BLOCK_ENTRIES = 256
    FEW_ENTRIES = 4

BLOCK = BLOCK_ENTRIES
"""Entries per block: large enough that few blocks are walked for a rank, small enough that a memmove is nothing."""


cdef class Ordered:
    """Objects by (key, seq), a pair of integers that no two of them share, in ascending order.

    Blocks of entries are never empty. The first one lies in the object itself, for most sequences have few entries.
    """

    def __cinit__(self):
        self.blocks = &self.single
        self.room = 1

    def __dealloc__(self):
        cdef Py_ssize_t number
        cdef int place
        cdef Block* block
        for number in range(self.used):
            block = &self.blocks[number]
            for place in range(block.start, block.start + block.count):
                Py_DECREF(<object>block.entries[place].item)
            free(block.entries)
        if self.blocks is not &self.single:
            free(self.blocks)

    cpdef add(self, long long key, long long seq, object item=None):
        """Put `item` into its place."""
        cdef Py_ssize_t number = self._block_of(key, seq)
        cdef int place
        if self.used == 0:
            self._open_block(0)
        elif self.blocks[number].count == BLOCK_ENTRIES:
            if number == self.used - 1 and lower_bound(&self.blocks[number], key, seq) == BLOCK_ENTRIES:
                self._open_block(self.used)
                number += 1
            else:
                self._split(number)
                number = self._block_of(key, seq)
        place = lower_bound(&self.blocks[number], key, seq)
        cdef Entry* entry = make_room(&self.blocks[number], place)
        entry.key = key
        entry.seq = seq
        entry.item = <PyObject*>item
        Py_INCREF(item)
        self.size += 1

    cpdef remove(self, long long key, long long seq):
        """Take out the entry; KeyError when there is none."""
        cdef Py_ssize_t number = self._block_of(key, seq)
        cdef Block* block = &self.blocks[number]
        cdef int place = lower_bound(block, key, seq) if self.used else 0
        if self.used == 0 or place == block.count:
            raise KeyError((key, seq))
        cdef Entry* entry = &block.entries[block.start + place]
        if entry.key != key or entry.seq != seq:
            raise KeyError((key, seq))
        cdef object item = <object>entry.item
        close_up(block, place)
        if block.count == 0:
            self._drop_block(number)
        self.size -= 1
        Py_DECREF(item)

    cpdef object first(self):
        """The lowest entry's object, or None."""
        return <object>self.head().item if self.used else None

    cpdef Py_ssize_t rank(self, long long key, long long seq) except -1:
        """How many entries are lower than this one, which need not be there."""
        cdef Py_ssize_t number = self._block_of(key, seq)
        cdef Py_ssize_t below = 0
        cdef Py_ssize_t passed
        for passed in range(number):
            below += self.blocks[passed].count
        return below + lower_bound(&self.blocks[number], key, seq) if self.used else 0

    def __len__(self):
        return self.size

    def __iter__(self):
        """(key, seq, item) of each."""
        cdef Py_ssize_t number = 0
        cdef Py_ssize_t place = 0
        cdef Entry* entry
        while number < self.used:
            if place < self.blocks[number].count:
                entry = self.at(number, place)
                place += 1
                yield entry.key, entry.seq, <object>entry.item
            else:
                number += 1
                place = 0

    cdef Entry* head(self) noexcept:
        """The lowest entry, or NULL; until the next change."""
        return &self.blocks[0].entries[self.blocks[0].start] if self.used else NULL

    cdef Entry* at(self, Py_ssize_t block, Py_ssize_t place) noexcept:
        """An entry of a block."""
        return &self.blocks[block].entries[self.blocks[block].start + place]

    cdef Py_ssize_t _block_of(self, long long key, long long seq) noexcept:
        """The first block whose last entry is not lower; the last block at most."""
        cdef Py_ssize_t low = 0
        cdef Py_ssize_t high = self.used - 1 if self.used else 0
        cdef Py_ssize_t middle
        cdef Entry* last
        if high == 0 or not is_before(self.at(0, self.blocks[0].count - 1), key, seq):
            return 0
        while low < high:
            middle = (low + high) // 2
            last = self.at(middle, self.blocks[middle].count - 1)
            if is_before(last, key, seq):
                low = middle + 1
            else:
                high = middle
        return low

    cdef int _split(self, Py_ssize_t number) except -1:
        """Half of a full block moves to a new one behind it."""
        cdef int half = BLOCK_ENTRIES // 2
        self._open_block(number + 1)
        cdef Block* former = &self.blocks[number]
        cdef Block* latter = &self.blocks[number + 1]
        latter.entries = <Entry*>malloc(BLOCK_ENTRIES * sizeof(Entry))
        if latter.entries is NULL:
            self._drop_block(number + 1)
            raise MemoryError
        latter.room = BLOCK_ENTRIES
        latter.count = former.count - half
        memcpy(latter.entries, &former.entries[former.start + half], latter.count * sizeof(Entry))
        former.count = half
        return 0

    cdef int _open_block(self, Py_ssize_t number) except -1:
        """An empty block at this place among the others."""
        cdef Block* larger
        if self.used == self.room:
            larger = <Block*>malloc(2 * self.room * sizeof(Block))
            if larger is NULL:
                raise MemoryError
            memcpy(larger, self.blocks, self.used * sizeof(Block))
            if self.blocks is not &self.single:
                free(self.blocks)
            self.blocks = larger
            self.room *= 2
        memmove(&self.blocks[number + 1], &self.blocks[number], (self.used - number) * sizeof(Block))
        self.blocks[number] = Block(NULL, 0, 0, 0)
        self.used += 1
        return 0

    cdef void _drop_block(self, Py_ssize_t number) noexcept:
        """The block is empty."""
        free(self.blocks[number].entries)
        self.used -= 1
        memmove(&self.blocks[number], &self.blocks[number + 1], (self.used - number) * sizeof(Block))


cdef inline bint is_before(Entry* entry, long long key, long long seq) noexcept nogil:
    return entry.key < key or (entry.key == key and entry.seq < seq)


cdef int lower_bound(Block* block, long long key, long long seq) noexcept nogil:
    """The place of the first entry that is not lower. Ends are looked at first: there most is added and removed."""
    cdef Entry* entries = block.entries + block.start
    cdef int low = 0
    cdef int high = block.count
    cdef int middle
    if high == 0 or is_before(&entries[high - 1], key, seq):
        return high
    if not is_before(&entries[0], key, seq):
        return 0
    while low < high:
        middle = (low + high) // 2
        if is_before(&entries[middle], key, seq):
            low = middle + 1
        else:
            high = middle
    return low


cdef Entry* make_room(Block* block, int place) except NULL:
    """Space for one more entry, which the caller fills; the shorter side gives way if it can."""
    cdef int room
    cdef Entry* entries
    if block.start and (place < block.count // 2 or block.start + block.count == block.room):
        block.start -= 1
        entries = block.entries + block.start
        memmove(entries, entries + 1, place * sizeof(Entry))
    else:
        if block.start + block.count == block.room:
            room = max(FEW_ENTRIES, min(2 * block.room, BLOCK_ENTRIES))
            entries = <Entry*>realloc(block.entries, room * sizeof(Entry))
            if entries is NULL:
                raise MemoryError
            block.entries = entries
            block.room = room
        entries = block.entries + block.start
        memmove(entries + place + 1, entries + place, (block.count - place) * sizeof(Entry))
    block.count += 1
    return entries + place


cdef void close_up(Block* block, int place) noexcept:
    """The entry at this place is gone; the shorter side moves up."""
    cdef Entry* entries = block.entries + block.start
    block.count -= 1
    if place <= block.count // 2:
        memmove(entries + 1, entries, place * sizeof(Entry))
        block.start += 1
    else:
        memmove(entries + place, entries + place + 1, (block.count - place) * sizeof(Entry))
