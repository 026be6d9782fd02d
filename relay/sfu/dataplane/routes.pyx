"""An open-addressing table (address → peer, SSRC → track or slot) and pools of rows with generation-counted handles.

Both are allocated once, at their limit. The table probes linearly and closes gaps on removal, so a lookup never walks
over tombstones; its hash is seeded, so a sender cannot choose colliding addresses.
"""

import cython

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free

from .types cimport NOTHING


cdef inline uint64_t _mix(uint64_t x) noexcept nogil:
    x ^= x >> 32
    x *= <uint64_t> 0x9E3779B97F4A7C15
    x ^= x >> 29
    x *= <uint64_t> 0xBF58476D1CE4E5B9
    return x ^ (x >> 32)


cdef inline uint64_t _home(const Table* table, const Key* key) noexcept nogil:
    return _mix(_mix(_mix(key.a ^ table.seed) ^ key.b) ^ key.c) & table.mask


cdef inline bint _same(const Key* one, const Key* other) noexcept nogil:
    return one.a == other.a and one.b == other.b and one.c == other.c


cdef int table_open(Table* table, int64_t limit, uint64_t seed) except -1:
    """Room for `limit` keys at a load of at most one half."""
    cdef uint64_t size = 8
    while size < 2 * <uint64_t> limit:
        size *= 2
    table.entries = <Entry*> calloc(size, sizeof(Entry))
    if table.entries == NULL:
        raise MemoryError
    for place in range(size):
        table.entries[place].row = NOTHING
    table.mask = size - 1
    table.limit = limit
    table.used = 0
    table.seed = seed
    return 0


cdef void table_close(Table* table) noexcept:
    free(table.entries)
    table.entries = NULL


cdef int32_t table_find(const Table* table, const Key* key) noexcept nogil:
    """The row of `key`, or NOTHING."""
    cdef uint64_t place = _home(table, key)
    while table.entries[place].row != NOTHING:
        if _same(&table.entries[place].key, key):
            return table.entries[place].row
        place = (place + 1) & table.mask
    return NOTHING


cdef bint table_put(Table* table, const Key* key, int32_t row) noexcept nogil:
    """Set the row of `key`; False when the table is full."""
    cdef uint64_t place = _home(table, key)
    while table.entries[place].row != NOTHING:
        if _same(&table.entries[place].key, key):
            table.entries[place].row = row
            return True
        place = (place + 1) & table.mask
    if table.used == table.limit:
        return False
    table.entries[place].key = key[0]
    table.entries[place].row = row
    table.used += 1
    return True


cdef void table_remove(Table* table, const Key* key) noexcept nogil:
    """Forget `key`, and move back the entries that had to step over its place."""
    cdef uint64_t place = _home(table, key), probe, home
    while not _same(&table.entries[place].key, key):
        if table.entries[place].row == NOTHING:
            return
        place = (place + 1) & table.mask
    if table.entries[place].row == NOTHING:
        return
    table.used -= 1
    probe = place
    while True:
        table.entries[place].row = NOTHING
        while True:
            probe = (probe + 1) & table.mask
            if table.entries[probe].row == NOTHING:
                return
            home = _home(table, &table.entries[probe].key)
            if ((probe - home) & table.mask) >= ((probe - place) & table.mask):
                break
        table.entries[place] = table.entries[probe]
        place = probe


cdef int pool_open(Pool* pool, int32_t size, int tag) except -1:
    """`size` rows, all free; `tag` makes the handles of this pool unlike those of others."""
    pool.generations = <uint32_t*> calloc(size, sizeof(uint32_t))
    pool.free_rows = <int32_t*> calloc(size, sizeof(int32_t))
    if pool.generations == NULL or pool.free_rows == NULL:
        raise MemoryError
    pool.size = pool.free_count = size
    pool.tag = tag
    for row in range(size):
        pool.free_rows[row] = size - 1 - row
    return 0


cdef void pool_close(Pool* pool) noexcept:
    free(pool.generations)
    free(pool.free_rows)
    pool.generations = NULL
    pool.free_rows = NULL


cdef int32_t pool_take(Pool* pool) noexcept nogil:
    """The row of a new item, or NOTHING when all are taken."""
    cdef int32_t row
    if pool.free_count == 0:
        return NOTHING
    pool.free_count -= 1
    row = pool.free_rows[pool.free_count]
    pool.generations[row] += 1
    return row


cdef void pool_give(Pool* pool, int32_t row) noexcept nogil:
    """Free the row; its handle is stale from now on."""
    pool.generations[row] += 1
    pool.free_rows[pool.free_count] = row
    pool.free_count += 1


cdef int64_t pool_handle(const Pool* pool, int32_t row) noexcept nogil:
    """Tag, generation and row in one positive number."""
    return (pool.tag << 60) | (<int64_t> pool.generations[row] << 24) | row


cdef int32_t pool_row(const Pool* pool, int64_t handle) noexcept nogil:
    """The row of a handle that is still good, else NOTHING."""
    cdef int32_t row = handle & 0xFFFFFF
    if handle < 0 or row >= pool.size or handle != pool_handle(pool, row) or not pool.generations[row] & 1:
        return NOTHING
    return row


@cython.final
cdef class RouteTable:
    """The table by itself: three 64-bit numbers → a row. For tests and tools."""

    cdef Table table

    def __cinit__(self, int64_t limit, uint64_t seed=0):
        table_open(&self.table, limit, seed)

    def __dealloc__(self):
        table_close(&self.table)

    def __len__(self):
        return self.table.used

    def find(self, uint64_t a, uint64_t b, uint64_t c):
        """The row of a key, or None."""
        cdef Key key = Key(a, b, c)
        row = table_find(&self.table, &key)
        return None if row == NOTHING else row

    def put(self, uint64_t a, uint64_t b, uint64_t c, int32_t row):
        """Set the row of a key; False when full."""
        cdef Key key = Key(a, b, c)
        return table_put(&self.table, &key, row)

    def remove(self, uint64_t a, uint64_t b, uint64_t c):
        """Forget a key, if known."""
        cdef Key key = Key(a, b, c)
        table_remove(&self.table, &key)
