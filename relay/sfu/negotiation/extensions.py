"""Header extensions (RFC 8285) that the relay understands, and in which direction."""

from relay.sfu.ports import Extension

URIS: dict[str, Extension] = {
    "urn:ietf:params:rtp-hdrext:sdes:mid": Extension.MID,
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01": Extension.TRANSPORT_CC,
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level": Extension.AUDIO_LEVEL,
    "urn:3gpp:video-orientation": Extension.VIDEO_ORIENTATION,
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time": Extension.ABS_CAPTURE_TIME,
    "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay": Extension.PLAYOUT_DELAY,
}
"""Registered names (IANA "RTP Compact Header Extensions") and those of the WebRTC project."""

UPWARD = {Extension.TRANSPORT_CC}
"""Agreed to only where the offerer sends: the relay reports what arrived, but does not number what it sends."""

MAX_ID = 14
"""One-byte headers carry ids 1 to 14 (RFC 8285 §4.2); others are not agreed to, so that no packet needs the longer form."""
