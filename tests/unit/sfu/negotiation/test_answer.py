from relay.sfu.negotiation.answer import Local, SlotSsrcs, compose
from relay.sfu.negotiation.offer import understand
from relay.sfu.ports import HostCandidate
from relay.sfu.wire import sdp
from relay.sfu.wire.sdp import Candidate, Direction, Fingerprint, RtcpFeedback, RtpMap, Setup, Ssrc, SsrcGroup
from tests.support.offers import FINGERPRINT, offer, section

CANDIDATES = (
    HostCandidate("192.0.2.7", 5000),
    HostCandidate("2001:db8::7", 5000),
    HostCandidate("192.0.2.7", 5000, "tcp"),
)
LOCAL = Local("lite", "s" * 24, Fingerprint.parse(FINGERPRINT), CANDIDATES, 7, 2)


def answer(text: str, sources: dict[str, str], slots: dict[str, str]) -> sdp.SessionDescription:
    codecs = frozenset({"VP8", "opus"})
    agreement = understand(text, sources, slots, codecs, max_bytes=65_536, max_sections=32)
    ssrcs = {name: SlotSsrcs(100 + index, 200 + index) for index, name in enumerate(slots.values())}
    return sdp.parse(compose(agreement, LOCAL, ssrcs))


def test_an_answer_mirrors_the_offers_sections() -> None:
    text = offer(section("0"), section("1", direction="recvonly"), section("2", "audio"))
    reply = answer(text, {"0": "camera"}, {"1": "camera"})

    source, slot, rejected = reply.media
    assert [media.mid for media in reply.media] == ["0", "1", "2"]
    assert reply.bundle == ("0", "1")
    assert [media.attributes.direction() for media in reply.media] == [
        Direction.RECVONLY,
        Direction.SENDONLY,
        Direction.INACTIVE,
    ]
    assert [media.port for media in reply.media] == [9, 9, 0]
    assert rejected.formats == ("111",)
    assert source.formats == slot.formats == ("96", "97")
    assert [each.encoding for each in source.attributes.all(RtpMap)] == ["VP8", "rtx"]
    assert RtcpFeedback(96, "nack", "pli") in source.attributes.all(RtcpFeedback)
    assert source.attributes.all(Ssrc) == ()
    assert slot.attributes.all(SsrcGroup) == (SsrcGroup("FID", (100, 200)),)


def test_an_answer_is_ice_lite_with_its_candidates_in_it() -> None:
    reply = answer(offer(section("0")), {"0": "camera"}, {})
    (media,) = reply.media
    assert reply.attributes.has("ice-lite")
    assert media.attributes.value("ice-ufrag") == "lite"
    first, second, tcp = media.attributes.all(Candidate)
    assert (first.host, first.port, first.kind) == ("192.0.2.7", 5000, "host")
    assert first.priority > second.priority > tcp.priority
    assert tcp.serialise().endswith("tcp 1520434687 192.0.2.7 5000 typ host tcptype passive")
    assert media.attributes.has("end-of-candidates")
    assert reply.origin.session_version == 2


def test_the_dtls_role_is_the_one_the_offer_leaves() -> None:
    def role(setup: str) -> Setup | None:
        text = offer(section("0").replace("actpass", setup))
        return answer(text, {"0": "camera"}, {}).media[0].attributes.first(Setup)

    assert [role(setup) for setup in ("actpass", "active", "passive")] == [Setup.PASSIVE, Setup.PASSIVE, Setup.ACTIVE]


def test_lips_and_voice_share_a_stream_and_a_screen_does_not() -> None:
    text = offer(
        section("0", "audio", "recvonly"), section("1", direction="recvonly"), section("2", direction="recvonly")
    )
    reply = answer(text, {}, {"0": "microphone", "1": "camera", "2": "screen"})
    streams = [media.attributes.value("msid") for media in reply.media]
    assert streams == ["talk microphone", "talk camera", "screen screen"]
