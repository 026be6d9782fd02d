"""Which section is which source or slot, without the client knowing of either."""

import pytest

from relay.errors import Malformed
from relay.ids import PeerId
from relay.server.whip.naming import Choices, choices, feeds, slots, sources
from relay.sfu.session.events import SlotRef, SourceRef
from relay.sfu.wire import sdp
from relay.sfu.wire.sdp import MediaDescription
from tests.support.offers import offer, section

WATCHER, PUBLISHER = PeerId("watcher"), PeerId("publisher")


def media(*kinds: str, direction: str = "sendonly", extra: str = "") -> tuple[MediaDescription, ...]:
    sections = (section(str(n), kind, direction, extra if kind == "video" else "") for n, kind in enumerate(kinds))
    return sdp.parse(offer(*sections)).media


def offered(*names: str) -> dict[str, SourceRef]:
    return {name: SourceRef(PUBLISHER, name) for name in names}


@pytest.mark.parametrize(
    ("kinds", "chosen", "named"),
    [
        (("audio", "video"), Choices(), {"0": "microphone", "1": "camera"}),
        (("video", "audio"), Choices(), {"0": "camera", "1": "microphone"}),
        (("video",) * 4, Choices(), {"0": "camera", "1": "screen", "2": "document"}),
        (("audio", "audio"), Choices(), {"0": "microphone"}),
        (("audio", "video"), Choices(video=("document",)), {"0": "microphone", "1": "document"}),
        (("video", "video"), Choices(video=("screen",)), {"0": "screen"}),
        (("application",), Choices(), {}),
    ],
)
def test_a_publishers_sections_are_named_by_kind_and_order(
    kinds: tuple[str, ...], chosen: Choices, named: dict[str, str]
) -> None:
    assert sources(media(*kinds), chosen) == named


def test_a_section_of_slides_is_the_screen_and_the_next_one_still_the_camera() -> None:
    slides, plain = media("video", extra="a=content:slides\n"), media("audio", "video")
    assert sources((*slides, plain[1]), Choices()) == {"0": "screen", "1": "camera"}
    assert sources(slides, Choices(video=("document",))) == {"0": "document"}


def test_only_what_is_sent_is_a_source_and_only_what_is_received_a_slot() -> None:
    receiving = media("audio", "video", "video", "audio", direction="recvonly")
    assert sources(receiving, Choices()) == {}
    assert slots(receiving) == {"0": "microphone", "1": "camera", "2": "camera-2", "3": "microphone-2"}
    assert slots(media("audio")) == {}


def test_slots_are_filled_in_the_usual_order_of_what_there_is() -> None:
    there = offered("screen", "camera-2", "camera", "microphone-2", "microphone")
    fed = feeds(WATCHER, ["microphone", "camera", "camera-2", "camera-3", "camera-4"], there, Choices())
    assert fed == {
        SlotRef(WATCHER, "microphone"): there["microphone"],
        SlotRef(WATCHER, "camera"): there["camera"],
        SlotRef(WATCHER, "camera-2"): there["camera-2"],
        SlotRef(WATCHER, "camera-3"): there["screen"],
    }


def test_a_choice_that_is_not_there_leaves_its_slot_empty() -> None:
    there = offered("camera", "screen")
    fed = feeds(WATCHER, ["camera", "camera-2"], there, Choices(video=("document", "screen")))
    assert fed == {SlotRef(WATCHER, "camera-2"): there["screen"]}


def test_the_query_chooses_by_name() -> None:
    assert choices({"video": "screen,camera-2", "audio": "microphone"}) == Choices(
        ("microphone",), ("screen", "camera-2")
    )
    assert choices({}) == Choices()


@pytest.mark.parametrize(
    "video", ["mirror", "microphone", "camera,camera", "camera-9", "camera-", "camera-x", ",", "c" * 99]
)
def test_other_names_are_malformed(video: str) -> None:
    with pytest.raises(Malformed):
        choices({"video": video})
