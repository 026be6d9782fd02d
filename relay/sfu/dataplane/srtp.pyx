"""libsrtp as it comes in pylibsrtp's wheel: sessions are made in Python, packets go through its C functions by pointer.

A session grows one stream for each SSRC it sees authenticated, and never forgets one by itself: callers bound the
SSRCs.
"""

from libc.stdint cimport uint8_t, uint32_t, uintptr_t

from pylibsrtp import Policy, Session
from pylibsrtp._binding import ffi, lib

from ._inet cimport htonl
from ._srtp2 cimport SRTP_AUTH_FAIL, SRTP_OK, SRTP_REPLAY_FAIL, SRTP_REPLAY_OLD, InPlace, RemoveStream

RECEIVE_WINDOW = 1024      # packets: 0.25 s of 40 Mbit/s; a later retransmission comes under its own SSRC
SEND_WINDOW = 256          # libsrtp shifts the window with every packet; wide enough to send packets again as they were

# DTLS-SRTP protection profile (RFC 5764 §4.1.2, RFC 7714 §14.2) → libsrtp's name for it
PROFILES = {
    0x0001: Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    0x0002: Policy.SRTP_PROFILE_AES128_CM_SHA1_32,
    0x0007: Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
    0x0008: Policy.SRTP_PROFILE_AEAD_AES_256_GCM,
}


cdef uintptr_t _address(name) except 0:
    return int(ffi.cast("uintptr_t", ffi.addressof(lib, name)))


cdef InPlace _protect = <InPlace> _address("srtp_protect")
cdef InPlace _unprotect = <InPlace> _address("srtp_unprotect")
cdef InPlace _protect_rtcp = <InPlace> _address("srtp_protect_rtcp")
cdef InPlace _unprotect_rtcp = <InPlace> _address("srtp_unprotect_rtcp")
cdef RemoveStream _remove_stream = <RemoveStream> _address("srtp_remove_stream")


cdef inline Drop _verdict(int status) noexcept nogil:
    if status == SRTP_OK:
        return Drop.KEPT
    if status == SRTP_AUTH_FAIL:
        return Drop.AUTH_FAILED
    return Drop.REPLAYED if status == SRTP_REPLAY_FAIL or status == SRTP_REPLAY_OLD else Drop.SRTP_FAILED


cdef Drop unprotect(void* session, uint8_t* data, int* length) noexcept nogil:
    """SRTP → RTP; `length` shrinks."""
    return _verdict(_unprotect(session, data, length))


cdef Drop unprotect_rtcp(void* session, uint8_t* data, int* length) noexcept nogil:
    """SRTCP → RTCP; `length` shrinks."""
    return _verdict(_unprotect_rtcp(session, data, length))


cdef Drop protect(void* session, uint8_t* data, int* length) noexcept nogil:
    """RTP → SRTP; TRAILER bytes of room behind `length`."""
    return Drop.KEPT if _protect(session, data, length) == SRTP_OK else Drop.PROTECT_FAILED


cdef Drop protect_rtcp(void* session, uint8_t* data, int* length) noexcept nogil:
    """RTCP → SRTCP; TRAILER bytes of room behind `length`."""
    return Drop.KEPT if _protect_rtcp(session, data, length) == SRTP_OK else Drop.PROTECT_FAILED


cdef void forget_stream(void* session, uint32_t ssrc) noexcept nogil:
    """Free what the session holds for an SSRC that is not used any more. Only for receiving: a sender that began the
    same SSRC again would repeat its key stream."""
    _remove_stream(session, htonl(ssrc))


cdef object open_session(int profile, bytes key, bint inbound):
    """A session for every SSRC of one direction, under master key + salt; ValueError for an unknown profile or a short
    key."""
    if profile not in PROFILES:
        raise ValueError(f"no SRTP protection profile known here: {profile:#06x}")
    policy = Policy(
        key=key,
        ssrc_type=Policy.SSRC_ANY_INBOUND if inbound else Policy.SSRC_ANY_OUTBOUND,
        srtp_profile=PROFILES[profile],
    )
    policy.window_size = RECEIVE_WINDOW if inbound else SEND_WINDOW
    policy.allow_repeat_tx = not inbound
    return Session(policy)


cdef void* session_pointer(object session) except NULL:
    """The `srtp_t`; good as long as the Python session lives."""
    return <void*> <uintptr_t> int(ffi.cast("uintptr_t", session._srtp[0]))
