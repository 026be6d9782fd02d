"""Trickled candidates on their own (RFC 8840), and what an ICE restart exchanges."""

import pytest

from relay.errors import Malformed
from relay.server.whip import fragment
from relay.server.whip.fragment import Credentials
from relay.sfu.wire import sdp
from tests.support.offers import offer, section

RFC_9725 = (
    "a=ice-options:trickle ice2\r\na=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n"
    "a=ice-ufrag:ysXw\r\na=ice-pwd:vw5LmwG4y/e6dPP/zAP9Gp5k\r\n"
    "a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag ysXw network-id 1\r\n"
    "a=candidate:3471623853 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active generation 0 ufrag ysXw\r\n"
    "a=end-of-candidates\r\n"
)


def test_the_form_of_the_rfc_is_understood() -> None:
    found = fragment.parse(RFC_9725, 4096)
    assert found.credentials == Credentials("ysXw", "vw5LmwG4y/e6dPP/zAP9Gp5k")
    assert (found.mids, found.complete) == (("0",), True)
    assert [each.transport for each in found.candidates] == ["udp", "tcp"]


def test_credentials_may_be_those_of_the_whole_fragment_or_be_left_out() -> None:
    session = "a=ice-ufrag:abcd\r\na=ice-pwd:" + "p" * 22 + "\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n"
    assert fragment.parse(session, 4096).credentials == Credentials("abcd", "p" * 22)
    assert fragment.parse("m=audio 9 RTP/AVP 0\r\na=mid:0\r\n", 4096).credentials is None


@pytest.mark.parametrize(
    "text",
    [
        "a=ice-ufrag:abcd\r\n",
        "a=ice-pwd:" + "p" * 22 + "\r\n",
        "a=ice-ufrag:abc\r\na=ice-pwd:" + "p" * 22 + "\r\n",
        "a=ice-ufrag:ab d\r\na=ice-pwd:" + "p" * 22 + "\r\n",
        "a=ice-ufrag:abcd\r\na=ice-pwd:" + "p" * 21 + "\r\n",
        RFC_9725 + RFC_9725[RFC_9725.index("m=") :].replace("ysXw", "other"),
        "a=candidate:1 1 udp 1 192.0.2.1 70000 typ host\r\n",
        "a=candidate:1 1 smoke 1 192.0.2.1 7000 typ host\r\n",
        "a=candidate:1 1 udp 1 192.0.2.1 7000 typ host\r\n" * 65,
        "v=0\r\n",
        "nonsense",
    ],
)
def test_what_the_rfcs_do_not_allow_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        fragment.parse(text, 16_384)


def test_the_line_that_is_wrong_is_counted_in_the_fragment() -> None:
    with pytest.raises(Malformed) as caught:
        fragment.parse("a=mid:0\r\nnonsense\r\n", 4096)
    assert caught.value.offset == 2


def test_a_fragment_has_a_greatest_size() -> None:
    with pytest.raises(Malformed, match="more than 100 bytes"):
        fragment.parse(RFC_9725, 100)


def test_an_offer_with_other_credentials_is_the_same_offer_otherwise() -> None:
    text = offer(section("0", "audio"), section("1", extra="a=candidate:1 1 udp 1 192.0.2.1 7000 typ host\n"))
    fresh = Credentials("wxyz", "q" * 24)
    renewed = sdp.parse(fragment.with_credentials(text, fresh))
    assert fragment.credentials_of(renewed) == fresh
    assert not any(media.attributes.has("candidate") for media in renewed.media)
    again = fragment.with_credentials(fragment.with_credentials(text, fresh), fragment.credentials_of(sdp.parse(text)))
    assert again == text.replace("a=candidate:1 1 udp 1 192.0.2.1 7000 typ host\r\n", "")


def test_the_path_of_an_answer_is_told_by_its_first_section_that_carries_something() -> None:
    answer = (
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 1\r\na=ice-lite\r\n"
        "m=audio 0 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n"
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=recvonly\r\n"
        f"a=ice-ufrag:abcd\r\na=ice-pwd:{'p' * 24}\r\na=setup:passive\r\n"
        "a=candidate:1 1 udp 2130706431 192.0.2.9 5000 typ host\r\na=end-of-candidates\r\n"
    )
    assert fragment.of_answer(answer) == (
        "a=group:BUNDLE 1\r\na=ice-lite\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\n"
        f"a=ice-ufrag:abcd\r\na=ice-pwd:{'p' * 24}\r\n"
        "a=candidate:1 1 udp 2130706431 192.0.2.9 5000 typ host\r\na=end-of-candidates\r\n"
    )
