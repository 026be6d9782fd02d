import pytest

from relay.errors import Malformed, Misuse
from relay.sfu.wire import sdp
from relay.sfu.wire.sdp import Attribute, Attributes, Direction, Line, MediaDescription, Origin, SessionDescription
from tests.support.shared import corpus

OFFER = """\
v=0
o=- 4611731400430051336 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
a=extmap-allow-mixed
a=msid-semantic: WMS kiosk
m=video 9 UDP/TLS/RTP/SAVPF 96 97
c=IN IP4 0.0.0.0
b=AS:2500
a=rtcp:9 IN IP4 0.0.0.0
a=ice-ufrag:4ZcD
a=ice-pwd:2/1muCWoOi3uLifh0NuRHlog
a=ice-options:trickle
a=fingerprint:sha-256 19:E2:1C:3B:4B:9F:81:E6:B8:5C:F4:A5:A8:D8:73:04:BB:05:2F:70:9F:04:A9:0E:05:E9:26:33:E8:70:88:A2
a=setup:actpass
a=mid:0
a=sendonly
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:96 VP8/90000
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 0.0.0.0
a=mid:1
a=sctp-port:5000
a=max-message-size:262144
a=end-of-candidates
""".replace("\n", "\r\n")


def test_an_offer_is_read() -> None:
    offer = sdp.parse(OFFER)
    assert offer.origin == Origin("-", 4611731400430051336, 2, "IN IP4 127.0.0.1")
    assert offer.bundle == ("0", "1")
    video, application = offer.media
    assert (video.kind, video.port, video.protocol) == ("video", 9, "UDP/TLS/RTP/SAVPF")
    assert video.payload_types == (96, 97)
    assert video.mid == "0"
    assert video.attributes.direction() is Direction.SENDONLY
    assert video.attributes.has("rtcp-mux")
    assert video.attributes.value("ice-ufrag") == "4ZcD"
    assert video.attributes.first(sdp.Setup) is sdp.Setup.ACTPASS
    assert [codec.encoding for codec in video.attributes.all(sdp.RtpMap)] == ["VP8", "rtx"]
    assert video.lines == (Line("c", "IN IP4 0.0.0.0"), Line("b", "AS:2500"))
    assert application.formats == ("webrtc-datachannel",)
    assert application.attributes.integer("sctp-port") == 5000
    assert application.attributes.integer("max-message-size") == 262144
    assert application.attributes.has("end-of-candidates")
    assert application.attributes.direction() is None


def test_what_is_not_there() -> None:
    attributes = sdp.parse(OFFER).media[1].attributes
    assert attributes.value("ice-ufrag") is None
    assert attributes.integer("ptime") is None
    assert attributes.first(sdp.Fingerprint) is None
    assert attributes.all(sdp.RtpMap) == ()
    assert SessionDescription(Origin()).bundle == ()


def test_a_description_in_the_rfcs_order_comes_back_to_the_letter() -> None:
    assert sdp.parse(OFFER).serialise() == OFFER


def test_line_feeds_alone_and_blank_lines_at_the_end_will_do() -> None:
    assert sdp.parse(OFFER.replace("\r\n", "\n") + "\n\n") == sdp.parse(OFFER)
    assert sdp.parse(OFFER.encode()) == sdp.parse(OFFER)


def test_lines_out_of_order_are_put_in_order_but_times_stay_together() -> None:
    text = "v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\na=x\nt=1 2\nr=7d 1h 0\nt=3 4\nb=AS:1\nc=IN IP4 0.0.0.0\n"
    session = sdp.parse(text)
    assert [line.type for line in session.lines] == ["c", "b", "t", "r", "t"]
    assert sdp.parse(session.serialise()) == session


def test_a_description_is_built_from_typed_attributes() -> None:
    media = MediaDescription(
        "audio",
        9,
        "UDP/TLS/RTP/SAVPF",
        ("111",),
        Attributes.of([Attribute("mid", "a"), Direction.RECVONLY, "rtcp-mux", sdp.RtpMap(111, "opus", 48000, 2)]),
        port_count=2,
    )
    answer = SessionDescription(Origin(), (media,), Attributes.of([sdp.Group("BUNDLE", ("a",))]))
    text = answer.serialise()
    assert text == (
        "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE a\r\n"
        "m=audio 9/2 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\n"
        "a=mid:a\r\na=recvonly\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n"
    )
    assert sdp.parse(text) == answer


def test_the_attributes_of_a_section_can_be_counted_and_walked() -> None:
    attributes = Attributes.of(["x", Attribute("y", "")])
    assert len(attributes) == 2
    assert [item.name for item in attributes] == ["x", "y"]
    assert attributes.value("y") == ""


@pytest.mark.parametrize("text", ["kiosk\r\na=evil", "a\nb", "a\0b"])
def test_a_value_cannot_smuggle_in_a_line(text: str) -> None:
    with pytest.raises(Misuse, match="line break"):
        SessionDescription(Origin(), attributes=Attributes.of([sdp.Msid(text)])).serialise()


def test_a_line_that_belongs_elsewhere_is_misuse() -> None:
    with pytest.raises(Misuse, match="t="):
        MediaDescription("audio", 9, "x", ("0",), lines=(Line("t", "0 0"),)).rows()


HEAD = "v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\n"


@pytest.mark.parametrize(
    ("text", "what", "line"),
    [
        ("", "type=value", 1),
        ("v=1\no=- 1 1 IN IP4 0.0.0.0\ns=-\n", "begins with", 1),
        ("v=0\ns=-\no=- 1 1 IN IP4 0.0.0.0\n", "begins with", 1),
        ("v=0\no=- 1 1\ns=-\n", "origin", None),
        ("v=0\no=- one 1 IN IP4 0.0.0.0\ns=-\n", "session id", None),
        (HEAD + "hello\n", "type=value", 4),
        (HEAD + "\nt=0 0\n", "type=value", 4),
        (HEAD + "x=1\n", "does not belong", 4),
        (HEAD + "m=audio 9 RTP/AVP 0\nt=0 0\n", "does not belong", 5),
        (HEAD + "m=audio 9 RTP/AVP\n", "m= needs", 4),
        (HEAD + "m=audio nine RTP/AVP 0\n", "port", None),
        (HEAD + "m=audio 65536 RTP/AVP 0\n", "port", None),
        (HEAD + "m=audio 9/x RTP/AVP 0\n", "port count", None),
        (HEAD + "a=:x\n", "without a name", None),
        (HEAD + "a=x\ry\n", "control character", 4),
        (HEAD + "a=x\0y\n", "control character", 4),
    ],
)
def test_what_breaks_the_format_is_named_with_its_line(text: str, what: str, line: int | None) -> None:
    with pytest.raises(Malformed, match=what) as caught:
        sdp.parse(text)
    assert caught.value.offset == line


def test_bytes_must_be_utf8() -> None:
    with pytest.raises(Malformed, match="UTF-8"):
        sdp.parse(b"v=0\xff")


def test_a_lone_surrogate_is_not_text() -> None:
    with pytest.raises(Malformed, match="UTF-8"):
        sdp.parse("v=0\ud800")


def test_bounds() -> None:
    with pytest.raises(Malformed, match="65536 bytes"):
        sdp.parse(HEAD + "a=" + "x" * 70_000)
    with pytest.raises(Malformed, match="100 bytes"):
        sdp.parse(OFFER, max_bytes=100)
    with pytest.raises(Malformed, match="10 lines"):
        sdp.parse(OFFER, max_lines=10)
    with pytest.raises(Malformed, match="more than 1 media") as caught:
        sdp.parse(OFFER, max_media=1)
    assert caught.value.offset == 24


def test_a_broken_attribute_breaks_only_who_asks_for_it() -> None:
    media = sdp.parse(HEAD + "m=audio 9 RTP/AVP x\na=rtpmap:nonsense\na=mid:0\n").media[0]
    assert media.mid == "0"
    with pytest.raises(Malformed):
        media.attributes.all(sdp.RtpMap)
    with pytest.raises(Malformed, match="payload type"):
        _ = media.payload_types


def test_most_descriptions_of_other_stacks_are_read() -> None:
    read = 0
    seeds = corpus("janus/sdp_fuzzer")
    for text in seeds:
        try:
            description = sdp.parse(text)
        except Malformed:
            continue
        read += 1
        assert sdp.parse(description.serialise()) == description
    assert read > 0.8 * len(seeds)
