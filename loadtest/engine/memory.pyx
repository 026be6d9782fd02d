"""The engine's memory: taken once, grown under the lock, given back at the end."""

from libc.stdint cimport int32_t, int64_t, uint8_t
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memset

from ._linux cimport iovec, mmsghdr, sockaddr_in
from .socket cimport TRAY, Tray
from .types cimport BATCH, BUCKETS, CELL, CONTROL, Program, World


cdef void* room(size_t count, size_t size) except NULL:
    cdef void* memory = calloc(max(count, <size_t> 1), size)
    if memory == NULL:
        raise MemoryError
    return memory


cdef void* grown(void* memory, int32_t count, size_t size) except NULL:
    """Room for one more than `count`, zeroed; doubled at powers of two."""
    if count & (count - 1) == 0:
        memory = realloc(memory, max(2 * count, 1) * size)
        if memory == NULL:
            raise MemoryError
    memset(<uint8_t*> memory + count * size, 0, size)
    return memory


cdef int open_world(World* world, int32_t histograms) except -1:
    """Everything that does not grow; the rest is empty."""
    world.histogram_count = histograms
    world.histograms = <int64_t*> room(histograms * BUCKETS, sizeof(int64_t))
    world.inbox = <uint8_t*> room(BATCH, CELL)
    world.outbox = <uint8_t*> room(BATCH, CELL)
    world.in_headers = <mmsghdr*> room(BATCH, sizeof(mmsghdr))
    world.in_vectors = <iovec*> room(BATCH, sizeof(iovec))
    world.out_vectors = <iovec*> room(BATCH, sizeof(iovec))
    world.in_names = <sockaddr_in*> room(BATCH, sizeof(sockaddr_in))
    world.in_controls = <uint8_t*> room(BATCH, CONTROL)
    return 0


cdef void close_world(World* world) noexcept:
    """Also of a world that was not opened to the end."""
    cdef int index
    for index in range(world.receiver_count):
        free(world.receivers[index].packets_kept)
    for index in range(world.program_count):
        _free_program(&world.programs[index])
    free(world.histograms)
    free(world.inbox)
    free(world.outbox)
    free(world.in_headers)
    free(world.in_vectors)
    free(world.out_vectors)
    free(world.in_names)
    free(world.in_controls)
    free(world.bots)
    free(world.programs)
    free(world.senders)
    free(world.receivers)
    free(world.beats)


cdef void _free_program(Program* program) noexcept:
    free(program.data)
    free(program.payload_at)
    free(program.frame_first)
    free(program.frame_ticks)


cdef int open_tray(Tray* tray) except -1:
    """For datagrams that wait for Python."""
    tray.cells = <uint8_t*> room(TRAY, CELL)
    tray.lengths = <int32_t*> room(TRAY, sizeof(int32_t))
    tray.bots = <int32_t*> room(TRAY, sizeof(int32_t))
    tray.names = <sockaddr_in*> room(TRAY, sizeof(sockaddr_in))
    return 0


cdef void close_tray(Tray* tray) noexcept:
    """Likewise."""
    free(tray.cells)
    free(tray.lengths)
    free(tray.bots)
    free(tray.names)
