"""Where a receiver can start, by rows and by captures."""

import pytest

from relay.sfu.dataplane.payload import starts_here
from relay.sfu.ports import CodecFamily
from tests.support.packets import rtp, vp8
from tests.support.shared import captured_rtp, shared

ROWS = [
    # family, payload in hex, 0: no receiver starts here, 1: at a picture, 2: at parameter sets
    (CodecFamily.VP8, "10 00", 1),
    (CodecFamily.VP8, "10 01", 0),  # P bit of the frame: predicted
    (CodecFamily.VP8, "00 00", 0),  # not the start of a partition
    (CodecFamily.VP8, "11 00", 0),  # second partition
    (CodecFamily.VP8, "90 80 05 00", 1),
    (CodecFamily.VP8, "90 80 85 00 00", 1),
    (CodecFamily.VP8, "90 f0 85 00 07 20 00", 1),
    (CodecFamily.VP8, "90 20 20 00", 1),
    (CodecFamily.VP8, "90", 0),
    (CodecFamily.VP8, "90 80", 0),
    (CodecFamily.VP8, "90 80 85", 0),
    (CodecFamily.VP8, "90 f0 85 00 07 20", 0),
    (CodecFamily.VP9, "08 00", 1),
    (CodecFamily.VP9, "48 00", 0),  # predicted
    (CodecFamily.VP9, "00 00", 0),  # in the middle of a frame
    (CodecFamily.VP9, "88 05 00", 1),
    (CodecFamily.VP9, "88 85 00 00", 1),
    (CodecFamily.VP9, "a8 05 00 07 00", 1),
    (CodecFamily.VP9, "a8 05 02 07 00", 0),  # second spatial layer
    (CodecFamily.VP9, "b8 05 00 00", 1),  # flexible mode has no TL0PICIDX
    (CodecFamily.VP9, "a8 05", 0),
    (CodecFamily.H264, "65 00", 1),
    (CodecFamily.H264, "67 00", 2),
    (CodecFamily.H264, "68 00", 0),
    (CodecFamily.H264, "61 00", 0),
    (CodecFamily.H264, "78 00 02 67 42 00 02 68 ce", 2),  # STAP-A: SPS, PPS
    (CodecFamily.H264, "78 00 02 09 10 00 02 65 88", 1),  # STAP-A: delimiter, IDR
    (CodecFamily.H264, "78 00 02 09 10 00 02 61 88", 0),
    (CodecFamily.H264, "78 00", 0),
    (CodecFamily.H264, "78 ff ff 61", 0),
    (CodecFamily.H264, "7c 85 00", 1),  # FU-A: IDR begins
    (CodecFamily.H264, "7c 05 00", 0),  # goes on
    (CodecFamily.H264, "7c 81 00", 0),
    (CodecFamily.H264, "7c", 0),
    (CodecFamily.H265, "26 01 00", 1),  # IDR_W_RADL
    (CodecFamily.H265, "40 01 00", 2),  # VPS
    (CodecFamily.H265, "44 01 00", 0),  # PPS
    (CodecFamily.H265, "02 01 00", 0),
    (CodecFamily.H265, "60 01 00 02 44 01 00 02 42 01", 2),  # aggregation: PPS, SPS
    (CodecFamily.H265, "60 01 00 02 44 01", 0),
    (CodecFamily.H265, "62 01 93", 1),  # fragmentation: IDR begins
    (CodecFamily.H265, "62 01 13", 0),
    (CodecFamily.H265, "62 01", 0),
    (CodecFamily.AV1, "08 0a", 1),
    (CodecFamily.AV1, "18 0a", 1),
    (CodecFamily.AV1, "88 0a", 0),  # continues an OBU
    (CodecFamily.AV1, "10 32", 0),
    (CodecFamily.OPAQUE, "00", 1),
    (CodecFamily.OPUS, "fc", 1),
]


@pytest.mark.parametrize(("family", "payload", "starts"), ROWS)
def test_a_receiver_starts_at_keyframes(family: CodecFamily, payload: str, starts: int) -> None:
    assert starts_here(family, rtp(1, payload=bytes.fromhex(payload))) == starts


@pytest.mark.parametrize("family", list(CodecFamily))
def test_no_receiver_starts_at_an_empty_packet(family: CodecFamily) -> None:
    assert not starts_here(family, rtp(1, payload=b""))


def told(name: str, mark: str) -> list[bool]:
    """Which packets of a capture its text names a keyframe."""
    lines = shared(f"captures/{name}.txt").read_text("utf-8").splitlines()
    return [mark in line for line in lines if "PT=" in line]


@pytest.mark.parametrize(
    ("name", "family", "mark", "least"),
    [("vp8", CodecFamily.VP8, "Keyframe", 1), ("h264", CodecFamily.H264, "SPS", 2)],
)
def test_the_captured_keyframes_are_found(name: str, family: CodecFamily, mark: str, least: int) -> None:
    assert [starts_here(family, data) >= least for data in captured_rtp(name)] == told(name, mark)


def test_what_is_no_packet_is_refused() -> None:
    with pytest.raises(ValueError, match="no RTP packet"):
        starts_here(CodecFamily.VP8, b"short")


def test_the_builder_builds_what_it_says() -> None:
    assert starts_here(CodecFamily.VP8, rtp(1, payload=vp8(keyframe=True, picture=300, level=1, key=2)))
    assert not starts_here(CodecFamily.VP8, rtp(1, payload=vp8(keyframe=True, begins=False)))
