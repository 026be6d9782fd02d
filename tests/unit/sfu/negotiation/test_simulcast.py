"""Which encodings of an offer are taken, in which order, and how the answer says so."""

import pytest

from relay.sfu.negotiation import simulcast
from relay.sfu.negotiation.agreement import Section
from relay.sfu.negotiation.answer import Local, compose
from relay.sfu.negotiation.offer import understand
from relay.sfu.wire import sdp
from relay.sfu.wire.sdp import ExtMap, Fingerprint, Rid, Simulcast
from tests.support.offers import FINGERPRINT, offer, section

NAMES = "a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\na=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id\n"
LOCAL = Local("lite", "s" * 24, Fingerprint.parse(FINGERPRINT), (), 7, 2)


def lines(*rids: str, send: str | None = None) -> str:
    return (
        "".join(f"a=rid:{rid}\n" for rid in rids)
        + f"a=simulcast:send {send or ';'.join(rid.split()[0] for rid in rids)}\n"
    )


def agreed(extra: str, kind: str = "video") -> tuple[Section, sdp.MediaDescription]:
    codecs = frozenset({"VP8", "opus"})
    text = offer(section("0", kind, extra=extra))
    agreement = understand(text, {"0": "camera"}, {}, codecs, max_bytes=65_536, max_sections=32)
    (media,) = sdp.parse(compose(agreement, LOCAL, {})).media
    return agreement.sections[0], media


def test_encodings_are_taken_and_named_in_the_answer() -> None:
    taken, media = agreed(NAMES + lines("q send", "h send", "f send") + "a=ssrc:1 cname:x\n")
    assert taken.rids == ("q", "h", "f")
    assert (taken.ssrc, taken.rtx_ssrc) == (0, 0), "which encoding it would be is not said"
    assert [each.serialise() for each in media.attributes.all(Rid)] == ["q recv", "h recv", "f recv"]
    assert [each.serialise() for each in media.attributes.all(Simulcast)] == ["recv q;h;f"]
    assert {each.id for each in media.attributes.all(ExtMap)} == {4, 10, 11}


@pytest.mark.parametrize(
    ("extra", "taken"),
    [
        ("", ()),
        (NAMES, ()),
        (lines("q send", "h send"), ()),
        (NAMES + lines("q send"), ()),
        (NAMES + lines("q recv", "h recv"), ()),
        (NAMES + "a=simulcast:send q;h\n", ()),
        (NAMES + lines("q send", "h send", send="q,h"), ()),
        (NAMES + lines("q send", "h send", "x send", send="q,x;~h"), ("q", "h")),
        (NAMES + lines("a send", "b send", "c send", "d send", "e send"), ("a", "b", "c", "d")),
        (NAMES + lines("a send", "b send", send="a;b;a"), ("a", "b")),
        (NAMES + lines("a send", "b send", f"{'x' * 33} send"), ("a", "b")),
    ],
)
def test_what_is_no_choice_of_encodings_is_one_stream(extra: str, taken: tuple[str, ...]) -> None:
    section_, media = agreed(extra)
    assert section_.rids == taken
    assert len(media.attributes.all(Rid)) == len(taken)
    assert media.attributes.has("simulcast") == bool(taken)


def test_the_names_are_agreed_to_only_where_they_are_needed() -> None:
    section_, _ = agreed(NAMES)
    assert [each.id for each in section_.extensions] == [4]
    assert agreed(NAMES + lines("a send", "b send"), kind="audio")[0].rids == ()


@pytest.mark.parametrize(
    ("rids", "ascending"),
    [
        (["q send", "h send", "f send"], ("q", "h", "f")),
        (["f send", "h send", "q send"], ("q", "h", "f")),
        (["h send", "m send", "l send"], ("l", "m", "h")),
        (["0 send", "1 send", "2 send"], ("0", "1", "2")),
        (["0 send max-width=1280", "1 send max-width=640", "2 send max-width=320"], ("2", "1", "0")),
        (["0 send max-br=90000", "1 send max-br=1000000"], ("0", "1")),
        (["0 send max-width=640", "1 send"], ("0", "1")),
        (["0 send max-width=x", "1 send max-width=1"], ("0", "1")),
    ],
)
def test_from_the_smallest_to_the_largest(rids: list[str], ascending: tuple[str, ...]) -> None:
    section_, _ = agreed(NAMES + lines(*rids))
    assert simulcast.ascending(section_.rids, section_.offered) == ascending
