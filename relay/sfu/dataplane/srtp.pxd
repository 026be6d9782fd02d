"""SRTP and SRTCP in place (RFC 3711, RFC 7714), without the GIL."""

from libc.stdint cimport uint8_t, uint32_t

from .hops cimport Drop


cdef Drop unprotect(void* session, uint8_t* data, int* length) noexcept nogil
cdef Drop unprotect_rtcp(void* session, uint8_t* data, int* length) noexcept nogil
cdef Drop protect(void* session, uint8_t* data, int* length) noexcept nogil
cdef Drop protect_rtcp(void* session, uint8_t* data, int* length) noexcept nogil
cdef void forget_stream(void* session, uint32_t ssrc) noexcept nogil

cdef object open_session(int profile, bytes key, bint inbound)
cdef void* session_pointer(object session) except NULL
