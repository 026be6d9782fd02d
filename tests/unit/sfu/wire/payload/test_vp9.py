from itertools import pairwise

import pytest

from relay.errors import Malformed
from relay.sfu.wire import rtp
from relay.sfu.wire.payload import vp9
from tests.support.shared import captured_rtp


@pytest.mark.parametrize("capture", ["vp9", "contiguous_vp9"])
def test_captured_frames_begin_after_those_that_end(capture: str) -> None:
    """In consecutive packets a frame begins exactly where one has ended, and the RTP marker ends a picture."""
    packets = [rtp.parse(data) for data in captured_rtp(capture)]
    consecutive = [pair for pair in pairwise(packets) if (pair[0].sequence + 1) & 0xFFFF == pair[1].sequence]
    assert consecutive
    for before, after in consecutive:
        assert vp9.parse(before.payload).frame_end == vp9.parse(after.payload).frame_start
        assert vp9.parse(before.payload).frame_end == before.marker


def test_the_capture_begins_with_a_key_picture() -> None:
    packets = [rtp.parse(data) for data in captured_rtp("vp9")]
    starts = [packet for packet in packets if vp9.is_keyframe_start(packet.payload)]
    assert starts == packets[:1]
    assert vp9.parse(packets[0].payload).scalability is not None


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ("08", (None, 0, None, None, None, (), 1)),
        ("887f", (0x7F, 7, None, None, None, (), 2)),
        ("888102", (0x102, 15, None, None, None, (), 3)),
        # layers, not flexible: tid 2, switching up, sid 1, inter-layer; then TL0PICIDX
        ("28530a", (None, 0, 2, 1, 10, (), 3)),
        # layers, flexible: no TL0PICIDX; an inter picture with two references
        ("78000304", (None, 0, 0, 0, None, (1, 2), 4)),
    ],
)
def test_descriptor(payload: str, expected: tuple[object, ...]) -> None:
    parsed = vp9.parse(bytes.fromhex(payload))
    layers = (parsed.temporal_id, parsed.spatial_id, parsed.tl0_pic_idx)
    assert (
        parsed.picture_id,
        parsed.picture_id_bits,
        *layers,
        parsed.reference_distances,
        parsed.size_bytes,
    ) == expected


def test_layer_flags() -> None:
    parsed = vp9.parse(bytes.fromhex("28530a"))
    assert (parsed.switching_up, parsed.inter_layer, parsed.frame_start, parsed.frame_end) == (True, True, True, False)


def test_scalability_structure() -> None:
    # Two spatial layers with sizes, and a group of two pictures, the second with one reference.
    payload = bytes.fromhex("0a" + "38" + "014000b4" + "02800168" + "02" + "00" + "3401") + b"data"
    parsed = vp9.parse(payload)
    assert parsed.scalability == vp9.Scalability(2, ((320, 180), (640, 360)), ((0, False, ()), (1, True, (1,))))
    assert payload[parsed.size_bytes :] == b"data"


@pytest.mark.parametrize(
    ("payload", "is_start"),
    [
        ("08", True),
        ("48", False),  # inter picture
        ("00", False),  # not the beginning of a frame
        ("280000", True),
        ("280200", False),  # an upper spatial layer of a key picture
        ("88", False),  # cut short
        ("", False),
    ],
)
def test_keyframe_start(payload: str, is_start: bool) -> None:
    assert vp9.is_keyframe_start(bytes.fromhex(payload)) is is_start


@pytest.mark.parametrize("payload", ["", "88", "8881", "28", "2800", "58", "0a", "0a10", "0a08", "0a080134"])
def test_a_descriptor_cut_short(payload: str) -> None:
    with pytest.raises(Malformed, match="cut short"):
        vp9.parse(bytes.fromhex(payload))


def test_a_fourth_reference_is_refused() -> None:
    with pytest.raises(Malformed, match="three references"):
        vp9.parse(bytes.fromhex("5803030303"))
