"""The engine's memory: taken once, grown under the lock, given back at the end."""

from libc.stdint cimport int32_t

from .socket cimport Tray
from .types cimport World

cdef void* room(size_t count, size_t size) except NULL
cdef void* grown(void* memory, int32_t count, size_t size) except NULL
cdef int open_world(World* world, int32_t histograms) except -1
cdef void close_world(World* world) noexcept
cdef int open_tray(Tray* tray) except -1
cdef void close_tray(Tray* tray) noexcept
