"""Whatever arrives, a session description is parsed or refused as Malformed, also attribute by attribute, and what is parsed
can be written and read again unchanged."""

from hypothesis import given
from hypothesis import strategies as st

from relay.errors import Malformed
from relay.sfu.wire import sdp
from tests.support.exploration import explore, mutations
from tests.support.shared import corpus

TYPED = (
    sdp.RtpMap,
    sdp.Fmtp,
    sdp.RtcpFeedback,
    sdp.ExtMap,
    sdp.Ssrc,
    sdp.SsrcGroup,
    sdp.Msid,
    sdp.Group,
    sdp.Fingerprint,
    sdp.Setup,
    sdp.Candidate,
    sdp.Rid,
    sdp.Simulcast,
)
OFFER = b"""v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96 97\r
a=rtpmap:96 VP8/90000\r\na=fmtp:97 apt=96\r\na=rtcp-fb:96 nack pli\r\na=extmap:3/sendonly urn:x\r\na=ssrc:1 cname:x\r
a=ssrc-group:FID 1 2\r\na=msid:s t\r\na=fingerprint:sha-256 AB:CD\r\na=setup:active\r\na=rid:h send pt=96\r
a=candidate:1 1 udp 1 192.0.2.1 5000 typ host raddr 0.0.0.0\r\na=simulcast:send h,~m;l recv x\r\na=mid:0\r\n"""


def defend(data: bytes) -> None:
    try:
        description = sdp.parse(data)
    except Malformed:
        return
    assert sdp.parse(description.serialise()) == description
    for section in (description, *description.media):
        for kind in TYPED:
            defend_attributes(section.attributes, kind)


def defend_attributes(attributes: sdp.Attributes, kind: type[sdp.TypedAttribute]) -> None:
    try:
        values = attributes.all(kind)
    except Malformed:
        return
    for value in values:
        assert kind.parse(value.serialise()) == value


def test_seeds() -> None:
    for data in corpus("janus/sdp_fuzzer"):
        defend(data)


@explore
@given(mutations([OFFER]))
def test_exploration(data: bytes) -> None:
    defend(data)


@explore
@given(st.text(max_size=60))
def test_exploration_of_attributes(text: str) -> None:
    for kind in TYPED:
        defend_attributes(sdp.Attributes((sdp.Attribute(kind.NAME, text),)), kind)
