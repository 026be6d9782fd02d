"""SRTP and SRTCP in place, by the functions in pylibsrtp's wheel; each returns whether it worked."""

from libc.stdint cimport uint8_t, uintptr_t

from pylibsrtp import Policy, Session
from pylibsrtp._binding import ffi, lib

ctypedef int (*InPlace)(void* session, void* packet, int* length) noexcept nogil

PROFILES = {0x0001: Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 0x0007: Policy.SRTP_PROFILE_AEAD_AES_128_GCM}


cdef uintptr_t _address(name) except 0:
    return int(ffi.cast("uintptr_t", ffi.addressof(lib, name)))


cdef InPlace _protect = <InPlace> _address("srtp_protect")
cdef InPlace _unprotect = <InPlace> _address("srtp_unprotect")
cdef InPlace _protect_rtcp = <InPlace> _address("srtp_protect_rtcp")
cdef InPlace _unprotect_rtcp = <InPlace> _address("srtp_unprotect_rtcp")


cdef bint protect(void* session, uint8_t* data, int* length) noexcept nogil:
    return _protect(session, data, length) == 0


cdef bint unprotect(void* session, uint8_t* data, int* length) noexcept nogil:
    return _unprotect(session, data, length) == 0


cdef bint protect_rtcp(void* session, uint8_t* data, int* length) noexcept nogil:
    return _protect_rtcp(session, data, length) == 0


cdef bint unprotect_rtcp(void* session, uint8_t* data, int* length) noexcept nogil:
    return _unprotect_rtcp(session, data, length) == 0


cdef object open_session(int profile, bytes key, bint inbound):
    """A session for all SSRCs of one direction; `key` is master key + salt. ValueError for an unknown profile."""
    if profile not in PROFILES:
        raise ValueError(f"no SRTP protection profile known here: {profile:#06x}")
    policy = Policy(
        key=key,
        ssrc_type=Policy.SSRC_ANY_INBOUND if inbound else Policy.SSRC_ANY_OUTBOUND,
        srtp_profile=PROFILES[profile],
    )
    policy.window_size = 1024
    policy.allow_repeat_tx = not inbound
    return Session(policy)


cdef void* session_pointer(object session) except NULL:
    """The `srtp_t`; good as long as the Python session lives."""
    return <void*> <uintptr_t> int(ffi.cast("uintptr_t", session._srtp[0]))
