import pytest

from relay.errors import Malformed
from relay.sfu.negotiation.agreement import Agreement
from relay.sfu.negotiation.offer import understand
from relay.sfu.ports import CodecFamily, Extension, Kind
from tests.support.offers import offer, section

CODECS = frozenset({"VP8", "H264", "opus"})


def agree(
    text: str, sources: dict[str, str], slots: dict[str, str] | None = None, codecs: frozenset[str] = CODECS
) -> Agreement:
    return understand(text, sources, slots or {}, codecs, max_bytes=65_536, max_sections=32)


def test_a_kiosk_with_one_source_and_one_slot() -> None:
    ssrcs = "a=ssrc-group:FID 1111 2222\na=ssrc:1111 cname:x\na=ssrc:2222 cname:x\n"
    text = offer(section("0", extra=ssrcs), section("1", "audio", "recvonly"))
    agreement = agree(text, {"0": "camera"}, {"1": "microphone"})

    camera, microphone = agreement.sections
    assert (camera.source, camera.slot, camera.kind) == ("camera", None, Kind.VIDEO)
    assert (camera.ssrc, camera.rtx_ssrc) == (1111, 2222)
    assert [(each.payload_type, each.rtx_payload_type, each.family) for each in camera.payloads] == [
        (96, 97, CodecFamily.VP8),
        (98, -1, CodecFamily.H264),
    ]
    assert [(line.kind, line.parameter) for line in camera.formats[0].feedback] == [
        ("nack", ""),
        ("nack", "pli"),
        ("ccm", "fir"),
        ("goog-remb", ""),
    ]
    assert (microphone.source, microphone.slot, microphone.kind) == (None, "microphone", Kind.AUDIO)
    assert agreement.extension_ids == {Extension.MID: 4}
    assert (agreement.ufrag, agreement.dtls_client, agreement.reduced_size) == ("abcd", False, True)
    assert "p" * 24 not in repr(agreement)


def test_the_offerers_order_of_codecs_is_kept_and_others_are_left_out() -> None:
    h264_first = offer(section("0").replace("96 97 98", "98 96 97"))
    assert [each.payload_type for each in agree(h264_first, {"0": "camera"}).sections[0].payloads] == [98, 96]
    only_h264 = agree(h264_first, {"0": "camera"}, codecs=frozenset({"H264"}))
    assert [each.payload_type for each in only_h264.sections[0].payloads] == [98]


def test_a_section_that_is_named_nothing_is_rejected_alone() -> None:
    agreement = agree(offer(section("0"), section("1")), {"1": "camera"})
    assert [each.accepted for each in agreement.sections] == [False, True]


def test_a_section_for_both_directions() -> None:
    text = offer(section("0", direction="sendrecv"))
    (both,) = agree(text, {"0": "camera"}, {"0": "camera"}).sections
    assert (both.source, both.slot) == ("camera", "camera")


def test_a_source_that_does_not_send_is_not_accepted() -> None:
    text = offer(section("0", direction="inactive"), section("1"))
    agreement = agree(text, {"0": "camera", "1": "screen"})
    assert [each.source for each in agreement.sections] == [None, "screen"]


def test_who_opens_dtls() -> None:
    def client(setup: str) -> bool:
        text = offer(section("0").replace("setup:actpass", f"setup:{setup}"))
        return agree(text, {"0": "camera"}).dtls_client

    assert [client(setup) for setup in ("actpass", "active", "passive")] == [False, False, True]


BROKEN = {
    "not SDP": ("hello", {"0": "camera"}),
    "no such MID": (offer(section("0")), {"1": "camera"}),
    "nothing usable": (offer(section("0").replace("UDP/TLS/RTP/SAVPF", "RTP/AVP")), {"0": "camera"}),
    "not bundled": (offer(section("0")).replace("BUNDLE 0", "BUNDLE"), {"0": "camera"}),
    "no rtcp-mux": (offer(section("0").replace("a=rtcp-mux\n", "")), {"0": "camera"}),
    "no fingerprint": (offer(section("0")).replace("a=fingerprint", "a=x-fingerprint"), {"0": "camera"}),
    "no ufrag": (offer(section("0")).replace("a=ice-ufrag", "a=x-ufrag"), {"0": "camera"}),
    "holdconn": (offer(section("0").replace("actpass", "holdconn")), {"0": "camera"}),
    "two of one MID": (offer(section("0"), section("0")), {"0": "camera"}),
    "two of one name": (offer(section("0"), section("1")), {"0": "camera", "1": "camera"}),
    "no MID": (offer(section("0").replace("a=mid:0\n", "")), {"0": "camera"}),
    "one extension, two ids": (
        offer(section("0"), section("1").replace("extmap:4", "extmap:5")),
        {"0": "camera", "1": "screen"},
    ),
    "oversize": (offer(section("0", extra="a=x:" + "y" * 70_000 + "\n")), {"0": "camera"}),
    "too many sections": (offer(*[section(str(n)) for n in range(33)]), {"0": "camera"}),
}


@pytest.mark.parametrize("name", BROKEN)
def test_an_offer_that_cannot_be_answered_is_malformed(name: str) -> None:
    with pytest.raises(Malformed):
        agree(*BROKEN[name])


def test_a_pts_reserved_for_padding_extension_is_not_agreed() -> None:
    text = offer(section("0").replace("extmap:4", "extmap:15"))
    assert agree(text, {"0": "camera"}).extension_ids == {}


TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"


@pytest.mark.parametrize("direction", ["sendonly", "recvonly"])
def test_transport_wide_feedback_is_agreed_to_both_ways(direction: str) -> None:
    extra = f"a=rtcp-fb:96 transport-cc\na=extmap:5 {TRANSPORT_CC}\na=extmap:6 {SEND_TIME}\n"
    names = {"0": "camera"}
    sources, slots = (names, {}) if direction == "sendonly" else ({}, names)
    (section_,) = agree(offer(section("0", direction=direction, extra=extra)), sources, slots).sections
    assert {"transport-cc", "goog-remb"} <= {line.kind for line in section_.formats[0].feedback}
    assert [each.id for each in section_.extensions] == [4, 5], "feedback on every arrival needs no send times"


def test_a_receiver_that_estimates_by_itself_gets_send_times() -> None:
    text = offer(section("0", direction="recvonly", extra=f"a=extmap:6 {SEND_TIME}\n"))
    assert agree(text, {}, {"0": "camera"}).extension_ids == {Extension.MID: 4, Extension.ABS_SEND_TIME: 6}


def data_section(extra: str = "a=sctp-port:5000\n", protocol: str = "UDP/DTLS/SCTP") -> str:
    return f"m=application 9 {protocol} webrtc-datachannel\nc=IN IP4 0.0.0.0\na=mid:9\na=setup:actpass\n{extra}"


def test_data_channels_are_agreed_to_where_they_are_named() -> None:
    text = offer(section("0"), data_section())
    agreement = agree(text, {"0": "camera"}, {"9": "data"})
    assert agreement.sctp_port == 5000
    assert [section_.accepted for section_ in agreement.sections] == [True, True]
    assert agree(text, {"0": "camera"}).sctp_port == 0


def test_a_participant_may_have_nothing_but_data_channels() -> None:
    assert agree(offer(data_section()), {}, {"9": "data"}).ufrag == "abcd"


@pytest.mark.parametrize("extra", ["", "a=sctp-port:0\n", "a=sctp-port:65536\n", "a=sctp-port:x\n"])
def test_data_channels_need_a_port(extra: str) -> None:
    with pytest.raises(Malformed):
        agree(offer(data_section(extra)), {}, {"9": "data"})


def test_another_transport_for_data_is_rejected_alone() -> None:
    text = offer(section("0"), data_section(protocol="TCP/WSS"))
    assert agree(text, {"0": "camera"}, {"9": "data"}).sctp_port == 0
