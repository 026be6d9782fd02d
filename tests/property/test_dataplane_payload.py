"""Where a receiver can start: the compiled reader against the readable one, on any bytes that the readable one accepts."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import Malformed
from relay.sfu.dataplane.payload import starts_here
from relay.sfu.ports import CodecFamily
from relay.sfu.wire.payload import av1, h264, h265, vp8, vp9
from tests.support.packets import rtp

WITH_SETS = 2


def accepts(parse: Callable[[bytes], Any], payload: bytes) -> bool:
    try:
        parse(payload)
    except Malformed:
        return False
    return True


@pytest.mark.parametrize(
    ("family", "twin"),
    [(CodecFamily.VP8, vp8), (CodecFamily.VP9, vp9), (CodecFamily.AV1, av1)],
    ids=["vp8", "vp9", "av1"],
)
@given(payload=st.binary(min_size=1, max_size=12))
def test_pictures(family: CodecFamily, twin: Any, payload: bytes) -> None:
    if accepts(twin.parse, payload):
        assert bool(starts_here(family, rtp(1, payload=payload))) is twin.is_keyframe_start(payload)


@pytest.mark.parametrize(("family", "twin"), [(CodecFamily.H264, h264), (CodecFamily.H265, h265)], ids=["h264", "h265"])
@given(payload=st.binary(min_size=1, max_size=12))
def test_parameter_sets(family: CodecFamily, twin: Any, payload: bytes) -> None:
    if accepts(twin.parse, payload):
        assert (starts_here(family, rtp(1, payload=payload)) == WITH_SETS) is twin.is_keyframe_start(payload)
