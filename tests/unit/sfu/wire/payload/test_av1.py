import pytest

from relay.errors import Malformed
from relay.sfu.wire.payload import av1
from relay.sfu.wire.payload.av1 import AggregationHeader


@pytest.mark.parametrize(
    ("value", "header"),
    [
        (0x00, AggregationHeader(False, False, 0, False)),
        (0x80, AggregationHeader(True, False, 0, False)),
        (0x40, AggregationHeader(False, True, 0, False)),
        (0x30, AggregationHeader(False, False, 3, False)),
        (0x18, AggregationHeader(False, False, 1, True)),
    ],
)
def test_aggregation_header(value: int, header: AggregationHeader) -> None:
    assert av1.parse(bytes((value, 0x0A))) == header


@pytest.mark.parametrize(("payload", "is_start"), [("180a", True), ("100a", False), ("88", False), ("", False)])
def test_keyframe_start(payload: str, is_start: bool) -> None:
    assert av1.is_keyframe_start(bytes.fromhex(payload)) is is_start


@pytest.mark.parametrize("payload", ["", "88"])
def test_what_breaks_the_format(payload: str) -> None:
    with pytest.raises(Malformed, match="AV1"):
        av1.parse(bytes.fromhex(payload))
