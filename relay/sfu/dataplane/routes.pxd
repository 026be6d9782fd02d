"""Where things are found: handles → rows, keys → rows. Written between batches, read within them."""

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.string cimport memcpy

from .types cimport Endpoint


ctypedef struct Key:
    uint64_t a
    uint64_t b
    uint64_t c


ctypedef struct Entry:
    Key key
    int32_t row            # NOTHING: free
    uint32_t spare


ctypedef struct Table:
    # given
    uint64_t seed
    # owned
    Entry* entries
    uint64_t mask
    int64_t used
    int64_t limit


ctypedef struct Pool:
    # given
    int32_t size
    int64_t tag            # told apart handles of peers, tracks and slots
    # owned
    uint32_t* generations  # odd: taken
    int32_t* free_rows
    int32_t free_count


cdef int table_open(Table* table, int64_t limit, uint64_t seed) except -1
cdef void table_close(Table* table) noexcept
cdef int32_t table_find(const Table* table, const Key* key) noexcept nogil
cdef bint table_put(Table* table, const Key* key, int32_t row) noexcept nogil
cdef void table_remove(Table* table, const Key* key) noexcept nogil

cdef int pool_open(Pool* pool, int32_t size, int tag) except -1
cdef void pool_close(Pool* pool) noexcept
cdef int32_t pool_take(Pool* pool) noexcept nogil
cdef void pool_give(Pool* pool, int32_t row) noexcept nogil
cdef int64_t pool_handle(const Pool* pool, int32_t row) noexcept nogil
cdef int32_t pool_row(const Pool* pool, int64_t handle) noexcept nogil


cdef inline Key endpoint_key(const Endpoint* endpoint) noexcept nogil:
    cdef Key key
    memcpy(&key.a, endpoint.ip, 8)
    memcpy(&key.b, &endpoint.ip[8], 8)
    # 16 bits of port, 24 of each of the others: interfaces are numbered from 1.
    key.c = (<uint64_t> endpoint.scope << 40) | (<uint64_t> (endpoint.via & 0xFFFFFF) << 16) | endpoint.port
    return key


cdef inline Key anywhere_key(uint32_t ssrc) noexcept nogil:
    """An SSRC whose peer is not known by its address."""
    cdef Key key
    key.a = key.b = <uint64_t> -1
    key.c = ssrc
    return key


cdef inline Key stream_key(int32_t peer, bint outgoing, uint32_t ssrc) noexcept nogil:
    """An SSRC means something only within the session of one peer, and per direction."""
    cdef Key key
    key.a = peer
    key.b = outgoing
    key.c = ssrc
    return key
