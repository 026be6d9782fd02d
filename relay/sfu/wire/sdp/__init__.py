"""Session descriptions (RFC 8866): text ⇄ structure, without meaning. `description` is the place to start."""

from relay.sfu.wire.sdp.codecs import ExtMap, Fmtp, RtcpFeedback, RtpMap
from relay.sfu.wire.sdp.description import (
    Attribute,
    Attributes,
    Line,
    MediaDescription,
    Origin,
    SessionDescription,
    parse,
)
from relay.sfu.wire.sdp.grammar import Direction, TypedAttribute
from relay.sfu.wire.sdp.path import Candidate, Fingerprint, Setup
from relay.sfu.wire.sdp.sources import Group, Msid, Rid, Simulcast, SimulcastStream, Ssrc, SsrcGroup

__all__ = [
    "Attribute",
    "Attributes",
    "Candidate",
    "Direction",
    "ExtMap",
    "Fingerprint",
    "Fmtp",
    "Group",
    "Line",
    "MediaDescription",
    "Msid",
    "Origin",
    "Rid",
    "RtcpFeedback",
    "RtpMap",
    "SessionDescription",
    "Setup",
    "Simulcast",
    "SimulcastStream",
    "Ssrc",
    "SsrcGroup",
    "TypedAttribute",
    "parse",
]
