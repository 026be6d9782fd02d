"""The pipeline of the packet path."""

from .worker cimport Worker


cdef void forward(Worker* worker, int count) noexcept nogil
