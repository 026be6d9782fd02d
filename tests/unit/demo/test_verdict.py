"""When the demonstration may call itself a success."""

import pytest

from relay.demo.station import SlotReport
from relay.demo.verdict import shortcomings

GOOD = SlotReport("camera", frames=300, first_frame_ms=80.0, silent_s=0.03)


def test_every_slot_playing_to_the_end_is_a_success() -> None:
    assert shortcomings(1, {"seat": [GOOD], "kiosk": [GOOD]}) == []


def test_no_call_is_no_success_whatever_was_seen() -> None:
    assert shortcomings(0, {"seat": [GOOD], "kiosk": [GOOD]}) == ["no call was connected"]


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        (SlotReport("screen", 0, None, None), "the kiosk saw nothing in its slot screen"),
        (SlotReport("camera", 90, 80.0, 5.25), "the kiosk's slot camera went silent 5.2 s before the end"),
    ],
)
def test_one_bad_slot_is_named(report: SlotReport, reason: str) -> None:
    assert shortcomings(1, {"seat": [GOOD], "kiosk": [GOOD, report]}) == [reason]
