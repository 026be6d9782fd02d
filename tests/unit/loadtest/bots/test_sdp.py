"""The bots' session descriptions: relay reads what they write, and they read what relay, Janus and aiortc write."""

import pytest

from loadtest.bots import sdp
from loadtest.bots.ice import Credentials
from relay.errors import Malformed
from relay.sfu.negotiation.offer import understand
from relay.sfu.wire.sdp import Fingerprint

LOCAL = sdp.Local(Credentials("abcd", "p" * 24), Fingerprint("sha-256", bytes(32)), "127.0.0.1", 4000)
SECTIONS = [
    sdp.LocalSection("0", "audio", 11),
    sdp.LocalSection("1", "video", 22, 23),
    sdp.LocalSection("2", "video"),
]
ANSWER = """v=0\r
o=- 1 1 IN IP4 0.0.0.0\r
s=-\r
t=0 0\r
a=group:BUNDLE 0 2\r
a=ice-lite\r
m=audio 9 UDP/TLS/RTP/SAVPF 109\r
a=mid:0\r
a=recvonly\r
a=ice-ufrag:srv\r
a=ice-pwd:qqqqqqqqqqqqqqqqqqqqqqqq\r
a=fingerprint:sha-256 {digest}\r
a=setup:active\r
a=extmap:5/recvonly urn:ietf:params:rtp-hdrext:sdes:mid\r
a=rtpmap:109 opus/48000/2\r
a=candidate:1 1 udp 100 192.0.2.1 5000 typ host\r
a=candidate:2 1 udp 200 192.0.2.2 5000 typ host\r
a=candidate:3 1 tcp 300 192.0.2.3 9 typ host tcptype passive\r
a=candidate:4 1 udp 400 2001:db8::1 5000 typ host\r
m=video 0 UDP/TLS/RTP/SAVPF 96\r
a=mid:1\r
a=inactive\r
m=video 9 UDP/TLS/RTP/SAVPF 100 101\r
a=mid:2\r
a=sendonly\r
a=rtpmap:100 VP8/90000\r
a=rtpmap:101 rtx/90000\r
a=fmtp:101 apt=100\r
a=extmap:7 http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time\r
a=ssrc-group:FID 900 901\r
a=ssrc:901 cname:x\r
a=ssrc:900 cname:x\r
""".replace("{digest}", ":".join(["AB"] * 32))


def test_relay_understands_the_offer() -> None:
    agreement = understand(
        sdp.compose(LOCAL, SECTIONS),
        {"0": "microphone", "1": "camera"},
        {"2": "camera"},
        frozenset({"opus", "VP8"}),
        max_bytes=65_536,
        max_sections=8,
    )
    camera = agreement.sections[1]
    assert (agreement.ufrag, agreement.dtls_client) == ("abcd", False)
    assert (camera.ssrc, camera.rtx_ssrc) == (22, 23)
    assert camera.payloads[0].rtx_payload_type == 97
    assert agreement.sections[2].slot == "camera"
    assert len(agreement.extension_ids) == 3


def test_an_answer_is_read() -> None:
    remote = sdp.read(ANSWER)
    sound, rejected, video = remote.sections
    assert remote.candidates == (("192.0.2.2", 5000), ("192.0.2.1", 5000))
    assert remote.opens_dtls
    assert (sound.payload_type, sound.mid_id, sound.ssrc) == (109, 5, 0)
    assert not rejected.accepted
    assert (video.payload_type, video.rtx_payload_type) == (100, 101)
    assert (video.ssrc, video.rtx_ssrc, video.stamp_id) == (900, 901, 7)


def test_an_offer_is_answered_in_its_own_numbers() -> None:
    remote = sdp.read(ANSWER)
    own = [sdp.LocalSection("0", "audio"), sdp.LocalSection("2", "video")]
    answer = sdp.compose(sdp.Local(LOCAL.credentials, LOCAL.fingerprint, "127.0.0.1", 1, "active"), own, remote)
    assert "m=audio 9 UDP/TLS/RTP/SAVPF 109\r\n" in answer
    assert "m=video 9 UDP/TLS/RTP/SAVPF 100 101\r\n" in answer
    assert "a=fmtp:101 apt=100\r\n" in answer
    assert "a=setup:active\r\n" in answer
    assert "a=extmap:3" not in answer


@pytest.mark.parametrize(
    "text",
    [
        "",
        "v=0\r\n",
        ANSWER.replace("a=ice-ufrag:srv\r\n", ""),
        ANSWER.replace("a=fingerprint", "a=finger"),
        ANSWER.replace("AB:AB", "XY:AB"),
        ANSWER.replace("m=audio 9 UDP/TLS/RTP/SAVPF 109", "m=audio"),
        "x" * (sdp.MAX_BYTES + 1),
    ],
)
def test_what_cannot_be_used_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        sdp.read(text)


def test_layers_are_offered_by_rid_and_without_ssrcs() -> None:
    offer = sdp.compose(LOCAL, [sdp.LocalSection("0", "video", 22, 23, ("q", "h", "f"))])
    assert "a=simulcast:send q;h;f\r\n" in offer
    assert [line for line in offer.split("\r\n") if line.startswith("a=rid:")] == [
        "a=rid:q send",
        "a=rid:h send",
        "a=rid:f send",
    ]
    assert "a=ssrc" not in offer
    assert f"a=extmap:{sdp.RID_ID} {sdp.RID}\r\n" in offer


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("a=simulcast:recv q;h;f", ("q", "h", "f")),
        ("a=simulcast:recv q;~h;f,g", ("q", "f")),
        ("a=simulcast:send q;h", ()),
        ("a=simulcast:recv", ()),
        ("a=inactive-not", ()),
    ],
)
def test_the_layers_that_a_server_wants_are_read(line: str, wanted: tuple[str, ...]) -> None:
    text = ANSWER.replace("a=mid:2\r\n", f"a=mid:2\r\n{line}\r\na=extmap:10 {sdp.RID}\r\n")
    section = sdp.read(text).sections[2]
    assert (section.rids, section.rid_id) == (wanted, 10)


def test_transport_wide_numbers_need_both_the_extension_and_the_feedback() -> None:
    numbered = ANSWER.replace("a=mid:2\r\n", f"a=mid:2\r\na=extmap:5 {sdp.TRANSPORT_CC}\r\na=rtcp-fb:100 goog-remb\r\n")
    section = sdp.read(numbered).sections[2]
    assert (section.transport_id, section.remb) == (0, True)
    section = sdp.read(numbered.replace("a=mid:2\r\n", "a=mid:2\r\na=rtcp-fb:* transport-cc\r\n")).sections[2]
    assert (section.transport_id, section.remb) == (5, False)


def test_h264_is_offered_and_chosen() -> None:
    local = sdp.Local(LOCAL.credentials, LOCAL.fingerprint, "127.0.0.1", 1, video_codec="H264")
    offer = sdp.compose(local, SECTIONS)
    assert "a=rtpmap:96 H264/90000\r\n" in offer
    assert "packetization-mode=1" in offer
    assert "VP8" not in offer
    assert not sdp.read(ANSWER, "H264").sections[2].accepted
    assert sdp.read(ANSWER.replace("100 VP8/", "100 H264/"), "H264").sections[2].payload_type == 100


def test_candidates_that_are_names_are_left_out() -> None:
    remote = sdp.read(ANSWER.replace("192.0.2.2", "b0f7.local"))
    assert remote.candidates == (("192.0.2.1", 5000),)
