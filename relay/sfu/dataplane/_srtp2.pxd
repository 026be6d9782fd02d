"""Declarations only: the part of libsrtp 2 that the packet path calls, by pointers that pylibsrtp's wheel holds."""

from libc.stdint cimport uint32_t

ctypedef int (*InPlace)(void* session, void* packet, int* length) noexcept nogil
ctypedef int (*RemoveStream)(void* session, uint32_t ssrc_network_order) noexcept nogil


cdef enum:                 # srtp_err_status_t
    SRTP_OK = 0
    SRTP_PARSE_ERROR = 21
    SRTP_AUTH_FAIL = 7
    SRTP_REPLAY_FAIL = 9
    SRTP_REPLAY_OLD = 10
