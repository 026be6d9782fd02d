"""Header extensions (RFC 8285) that the relay understands."""

from relay.sfu.ports import Extension

URIS: dict[str, Extension] = {
    "urn:ietf:params:rtp-hdrext:sdes:mid": Extension.MID,
    "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id": Extension.RID,
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id": Extension.REPAIRED_RID,
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01": Extension.TRANSPORT_CC,
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time": Extension.ABS_SEND_TIME,
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level": Extension.AUDIO_LEVEL,
    "urn:3gpp:video-orientation": Extension.VIDEO_ORIENTATION,
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time": Extension.ABS_CAPTURE_TIME,
    "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay": Extension.PLAYOUT_DELAY,
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension": (
        Extension.DEPENDENCY_DESCRIPTOR
    ),
}
"""Registered names (IANA "RTP Compact Header Extensions") and those of the WebRTC project."""

SUPERSEDED = {Extension.ABS_SEND_TIME: Extension.TRANSPORT_CC}
"""Not agreed to beside the other one: a receiver that reports every arrival needs no send times for an estimate of its own."""

NAMES_ENCODINGS = {Extension.RID, Extension.REPAIRED_RID}
"""Agreed to only where the offerer sends several encodings."""

LONG = {Extension.DEPENDENCY_DESCRIPTOR}
"""Agreed to only where packets may have the two-byte form (RFC 8285 §4.3): an element of the one-byte form has 16 bytes at most."""

MAX_ID = 14
"""One-byte headers carry ids 1 to 14 (RFC 8285 §4.2); others are not agreed to: only `LONG` elements need
the longer form."""
