"""Sending parity packets."""

from .worker cimport Peer, Slot, Worker


cdef void send_parity(Worker* worker, Peer* peer, Slot* slot) noexcept nogil
