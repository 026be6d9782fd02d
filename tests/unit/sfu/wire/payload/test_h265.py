import pytest

from relay.errors import Malformed
from relay.sfu.wire.payload import h265
from relay.sfu.wire.payload.h265 import NalUnit

IDR_N_LP = 20


def test_single_unit_with_its_temporal_layer() -> None:
    assert h265.parse(bytes.fromhex("0203")) == (NalUnit(1, 0, 2),)
    assert h265.parse(bytes.fromhex("4109")) == (NalUnit(h265.VPS, 33, 0),)


def test_aggregated_units() -> None:
    payload = bytes.fromhex("6001" + "0003" + "40010c" + "0002" + "4201" + "0002" + "2801")
    assert [unit.type for unit in h265.parse(payload)] == [h265.VPS, h265.SPS, IDR_N_LP]


@pytest.mark.parametrize(("value", "starts", "ends"), [("94", True, False), ("14", False, False), ("54", False, True)])
def test_fragments(value: str, starts: bool, ends: bool) -> None:
    assert h265.parse(bytes.fromhex("6201" + value)) == (NalUnit(IDR_N_LP, 0, 0, starts, ends),)


@pytest.mark.parametrize(
    ("payload", "is_start"),
    [
        ("4001", True),
        ("4201", True),
        ("6001000240010002420100022801", True),
        ("6201a0", True),
        ("620120", False),
        ("2801", False),  # an IDR picture without parameter sets
        ("0201", False),
        ("", False),
        ("60010009", False),
    ],
)
def test_keyframe_start(payload: str, is_start: bool) -> None:
    assert h265.is_keyframe_start(bytes.fromhex(payload)) is is_start


@pytest.mark.parametrize("payload", ["", "40", "4000", "6001000140", "600100094001", "6201", "6401"])
def test_what_breaks_the_format(payload: str) -> None:
    with pytest.raises(Malformed, match=r"H\.265"):
        h265.parse(bytes.fromhex(payload))
