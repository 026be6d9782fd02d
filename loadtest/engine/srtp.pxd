"""SRTP and SRTCP in place, by the functions in pylibsrtp's wheel; each returns whether it worked."""

from libc.stdint cimport uint8_t

cdef bint protect(void* session, uint8_t* data, int* length) noexcept nogil
cdef bint unprotect(void* session, uint8_t* data, int* length) noexcept nogil
cdef bint protect_rtcp(void* session, uint8_t* data, int* length) noexcept nogil
cdef bint unprotect_rtcp(void* session, uint8_t* data, int* length) noexcept nogil

cdef object open_session(int profile, bytes key, bint inbound)
cdef void* session_pointer(object session) except NULL
