import re

import pytest

from relay.errors import Malformed
from relay.sfu.wire import rtp
from relay.sfu.wire.payload import h264
from relay.sfu.wire.payload.h264 import NalUnit
from tests.support.shared import captured_rtp, shared


def test_the_captured_keyframes_are_found() -> None:
    told = shared("captures/h264.txt").read_text("utf-8").splitlines()
    payloads = [rtp.parse(data).payload for data in captured_rtp("h264")]
    for line, payload in zip(told, payloads, strict=True):
        assert h264.is_keyframe_start(payload) == ("SPS" in line), line
        if "Bad NAL Length" not in line:
            idr_begins = any(unit.type == h264.IDR and unit.starts for unit in h264.parse(payload))
            assert idr_begins == bool(re.search(r"(?<!non-)IDR-Slice", line)), line


def test_single_unit() -> None:
    assert h264.parse(bytes.fromhex("6588")) == (NalUnit(h264.IDR, 3),)


def test_aggregated_units() -> None:
    payload = bytes.fromhex("78" + "0002" + "6742" + "0001" + "68" + "0003" + "658880")
    assert h264.parse(payload) == (NalUnit(h264.SPS, 3), NalUnit(h264.PPS, 3), NalUnit(h264.IDR, 3))


@pytest.mark.parametrize(
    ("payload", "unit"),
    [
        ("7c85", NalUnit(h264.IDR, 3, starts=True, ends=False)),
        ("7c05", NalUnit(h264.IDR, 3, starts=False, ends=False)),
        ("7c45", NalUnit(h264.IDR, 3, starts=False, ends=True)),
    ],
)
def test_fragments(payload: str, unit: NalUnit) -> None:
    assert h264.parse(bytes.fromhex(payload)) == (unit,)


@pytest.mark.parametrize(
    ("payload", "is_start"),
    [
        ("6742", True),
        ("7800026742", True),
        ("7c87", True),  # a parameter set in fragments
        ("7c47", False),  # its end
        ("6588", False),  # an IDR picture without parameter sets
        ("7c85", False),
        ("41", False),
        ("", False),
        ("780009", False),  # broken
        ("7800026742" + "0009", True),  # broken behind the parameter set
    ],
)
def test_keyframe_start(payload: str, is_start: bool) -> None:
    assert h264.is_keyframe_start(bytes.fromhex(payload)) is is_start


@pytest.mark.parametrize("payload", ["", "00", "7800", "780000", "78000567", "7c", "1d00", "1900"])
def test_what_breaks_the_format(payload: str) -> None:
    with pytest.raises(Malformed, match=r"H\.264"):
        h264.parse(bytes.fromhex(payload))
