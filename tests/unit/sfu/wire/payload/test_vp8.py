from itertools import pairwise

import pytest

from relay.errors import Malformed
from relay.sfu.wire import rtp
from relay.sfu.wire.payload import vp8
from tests.support.shared import captured_rtp, shared


def test_the_captured_keyframes_are_found() -> None:
    told = [line for line in shared("captures/vp8.txt").read_text("utf-8").splitlines() if "VP8" in line]
    payloads = [rtp.parse(data).payload for data in captured_rtp("vp8")]
    assert [vp8.is_keyframe_start(payload) for payload in payloads] == ["Keyframe" in line for line in told]


def test_the_captured_picture_ids_count_up() -> None:
    ids = [vp8.parse(rtp.parse(data).payload).picture_id for data in captured_rtp("vp8")]
    steps = {(after - before) & 0x7FFF for before, after in pairwise(id for id in ids if id is not None)}
    assert steps <= {0, 1}


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        # (picture id, its bits, tl0picidx, tid, layer sync, key index, size)
        ("10", (None, 0, None, None, False, None, 1)),
        ("9000", (None, 0, None, None, False, None, 2)),
        ("90807f", (0x7F, 7, None, None, False, None, 3)),
        ("9080ffff", (0x7FFF, 15, None, None, False, None, 4)),
        ("904005", (None, 0, 5, None, False, None, 3)),
        ("9020a0", (None, 0, None, 2, True, None, 3)),
        ("90101f", (None, 0, None, None, False, 31, 3)),
        ("90f081020361", (0x102, 15, 3, 1, True, 1, 6)),
    ],
)
def test_descriptor(payload: str, expected: tuple[object, ...]) -> None:
    parsed = vp8.parse(bytes.fromhex(payload))
    fields = (parsed.picture_id, parsed.picture_id_bits, parsed.tl0_pic_idx, parsed.temporal_id, parsed.layer_sync)
    assert (*fields, parsed.key_index, parsed.size_bytes) == expected


def test_flags_of_the_first_byte() -> None:
    parsed = vp8.parse(b"\x37")
    assert (parsed.non_reference, parsed.partition_start, parsed.partition) == (True, True, 7)
    assert not parsed.starts_frame
    assert vp8.parse(b"\x10").starts_frame


@pytest.mark.parametrize(
    ("payload", "is_start"),
    [
        ("1000", True),
        ("1001", False),  # interframe
        ("0000", False),  # not the beginning of a partition
        ("1100", False),  # a later partition
        ("10", False),  # no VP8 data
        ("9080", False),  # cut short
        ("", False),
    ],
)
def test_keyframe_start(payload: str, is_start: bool) -> None:
    assert vp8.is_keyframe_start(bytes.fromhex(payload)) is is_start


@pytest.mark.parametrize("payload", ["", "90", "9080", "908080", "9040", "9020"])
def test_a_descriptor_cut_short(payload: str) -> None:
    with pytest.raises(Malformed, match="VP8 payload descriptor is cut short"):
        vp8.parse(bytes.fromhex(payload))
