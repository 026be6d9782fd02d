"""Every typed attribute: text → fields → the same text; and what each refuses."""

import pytest

from relay.errors import Malformed
from relay.sfu.wire import sdp
from relay.sfu.wire.sdp import (
    Candidate,
    Direction,
    ExtMap,
    Fingerprint,
    Fmtp,
    Group,
    Msid,
    Rid,
    RtcpFeedback,
    RtpMap,
    Setup,
    Simulcast,
    SimulcastStream,
    Ssrc,
    SsrcGroup,
    TypedAttribute,
)

MID_URI = "urn:ietf:params:rtp-hdrext:sdes:mid"

PAIRS: list[tuple[str, TypedAttribute]] = [
    ("96 VP8/90000", RtpMap(96, "VP8", 90000)),
    ("111 opus/48000/2", RtpMap(111, "opus", 48000, 2)),
    ("97 apt=96", Fmtp(97, "apt=96")),
    ("101 0-15", Fmtp(101, "0-15")),
    ("96 nack pli", RtcpFeedback(96, "nack", "pli")),
    ("96 transport-cc", RtcpFeedback(96, "transport-cc")),
    ("* ccm fir", RtcpFeedback(None, "ccm", "fir")),
    (f"3 {MID_URI}", ExtMap(3, MID_URI)),
    (f"3/recvonly {MID_URI}", ExtMap(3, MID_URI, Direction.RECVONLY)),
    ("4095 urn:x short long", ExtMap(4095, "urn:x", None, "short long")),
    ("4294967295 cname:kiosk:1", Ssrc(4294967295, "cname", "kiosk:1")),
    ("1 flag", Ssrc(1, "flag")),
    ("1 msid:stream track", Ssrc(1, "msid", "stream track")),
    ("FID 1 2", SsrcGroup("FID", (1, 2))),
    ("stream track", Msid("stream", "track")),
    ("-", Msid("-")),
    ("BUNDLE 0 1 2", Group("BUNDLE", ("0", "1", "2"))),
    ("BUNDLE", Group("BUNDLE", ())),
    ("sha-256 AB:CD:0F", Fingerprint("sha-256", b"\xab\xcd\x0f")),
    ("actpass", Setup.ACTPASS),
    ("1 1 udp 2130706431 192.0.2.1 5000 typ host", Candidate("1", 1, "udp", 2130706431, "192.0.2.1", 5000, "host")),
    (
        "842163049 1 tcp 1 2001:db8::1 9 typ srflx raddr 10.0.0.1 rport 8 tcptype active",
        Candidate(
            "842163049",
            1,
            "tcp",
            1,
            "2001:db8::1",
            9,
            "srflx",
            (("raddr", "10.0.0.1"), ("rport", "8"), ("tcptype", "active")),
        ),
    ),
    ("h send", Rid("h", "send")),
    ("h send pt=96,97;max-width=1280", Rid("h", "send", (("pt", "96,97"), ("max-width", "1280")))),
    ("send h;m;l", Simulcast(send=tuple((SimulcastStream(rid),) for rid in "hml"))),
    (
        "send 1,~4;2 recv c",
        Simulcast(
            send=((SimulcastStream("1"), SimulcastStream("4", paused=True)), (SimulcastStream("2"),)),
            receive=((SimulcastStream("c"),),),
        ),
    ),
]


@pytest.mark.parametrize(("text", "value"), PAIRS, ids=[f"{type(value).__name__} {text}"[:50] for text, value in PAIRS])
def test_text_and_fields(text: str, value: TypedAttribute) -> None:
    assert type(value).parse(text) == value
    assert value.serialise() == text


def test_names() -> None:
    assert {type(value).NAME for _, value in PAIRS} == {
        "rtpmap", "fmtp", "rtcp-fb", "extmap", "ssrc", "ssrc-group", "msid", "group", "fingerprint", "setup",
        "candidate", "rid", "simulcast",
    }  # fmt: skip


def test_loose_writing_is_understood() -> None:
    assert RtpMap.parse("96  VP8/90000 ") == RtpMap(96, "VP8", 90000)
    assert Fingerprint.parse("SHA-256 ab:cd") == Fingerprint("sha-256", b"\xab\xcd")
    assert Setup.parse(" Active") is Setup.ACTIVE
    assert Candidate.parse("candidate:1 1 UDP 1 host.local 5 typ host odd").host == "host.local"


def test_parameters_of_a_format() -> None:
    fmtp = Fmtp.parse("108 Profile-Level-ID=42e01f; packetization-mode=1;;usedtx")
    assert fmtp.parameters() == {"profile-level-id": "42e01f", "packetization-mode": "1", "usedtx": ""}


def test_directions() -> None:
    assert [(each.sends, each.receives) for each in Direction] == [
        (True, True),
        (True, False),
        (False, True),
        (False, False),
    ]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (RtpMap, ""),
        (RtpMap, "96"),
        (RtpMap, "128 VP8/90000"),
        (RtpMap, "96 VP8"),
        (RtpMap, "96 VP8/90000/2/3"),
        (RtpMap, "96 V P8/90000"),
        (RtpMap, "96 VP8/9e4"),
        (RtpMap, "٣ VP8/90000"),  # digits, but not ASCII
        (Fmtp, "97"),
        (RtcpFeedback, "96"),
        (RtcpFeedback, "x nack"),
        (ExtMap, "3"),
        (ExtMap, f"0 {MID_URI}"),
        (ExtMap, f"4352 {MID_URI}"),
        (ExtMap, f"3/up {MID_URI}"),
        (Ssrc, "1"),
        (Ssrc, "4294967296 cname:x"),
        (SsrcGroup, ""),
        (SsrcGroup, "FID x"),
        (Msid, " "),
        (Group, ""),
        (Fingerprint, "sha-256"),
        (Fingerprint, "sha-256 AB:C"),
        (Fingerprint, "sha-256 " + "AB:" * 100 + "AB"),
        (Fingerprint, "sha(256) AB"),
        (Setup, "maybe"),
        (Candidate, "1 1 udp 1 192.0.2.1 5000"),
        (Candidate, "1 1 udp 1 192.0.2.1 5000 is host"),
        (Candidate, "1 1 udp 1 192.0.2.1 65536 typ host"),
        (Rid, "h"),
        (Rid, "h both"),
        (Rid, "h! send"),
        (Simulcast, "send"),
        (Simulcast, "up h"),
        (Simulcast, "send h send l"),
        (Simulcast, "send h;;l"),
    ],
)
def test_what_breaks_the_format(kind: type[TypedAttribute], text: str) -> None:
    with pytest.raises(Malformed):
        kind.parse(text)


def test_an_attribute_line_knows_its_name() -> None:
    assert sdp.Attribute.of(RtpMap(96, "VP8", 90000)) == sdp.Attribute("rtpmap", "96 VP8/90000")
