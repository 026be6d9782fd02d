"""What Python hands in, checked, as values of C."""

from libc.stdint cimport uint8_t

from .worker cimport Payload


cdef int given_payloads(object given, Payload* rows) except -1
cdef int given_rids(object rids) except -1
cdef int given_name(bytes name, uint8_t* room, int limit) except -1
