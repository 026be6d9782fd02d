"""Matroska as written live, read back by FFmpeg."""

import io

import av
import pytest

from relay.errors import Misuse
from relay.recorder import matroska
from relay.recorder.matroska import Block, Track
from tests.support.clips import sound, video

TRACKS = [
    Track(1, "V_VP8", "kiosk/k-1 camera", width=192, height=144),
    Track(2, "A_OPUS", "kiosk/k-1 microphone", private=matroska.opus_head()),
]


def film() -> tuple[bytes, list[int]]:
    """A whole file of a second, and where each cluster ends."""
    blocks = [Block(1, each.at // 90, each.data, each.keyframe) for each in video().packets[:15]]
    blocks += [Block(2, each.at // 48, each.data, True) for each in sound().packets[:50]]
    blocks.sort(key=lambda block: block.at_ms)
    data = matroska.head(TRACKS, 1_700_000_000_000)
    ends = []
    for first in range(0, len(blocks), 20):
        data += matroska.cluster(blocks[first : first + 20])
        ends.append(len(data))
    return data, ends


def test_a_file_is_decoded_with_its_names_sizes_and_times() -> None:
    data, _ = film()
    with av.open(io.BytesIO(data)) as container:
        picture, voice = container.streams.video[0], container.streams.audio[0]
        assert (picture.codec_context.name, picture.width, picture.height) == ("vp8", 192, 144)
        assert picture.metadata["title"] == "kiosk/k-1 camera"
        assert container.metadata["creation_time"].startswith("2023-11-14T22:13:20")
        frames = list(container.decode(picture, voice))
    videos = [frame for frame in frames if isinstance(frame, av.VideoFrame)]
    assert [round(float(frame.time) * 1000) for frame in videos] == [each.at // 90 for each in video().packets[:15]]
    sounds = [frame for frame in frames if isinstance(frame, av.AudioFrame)]
    assert sum(frame.samples for frame in sounds) >= 49 * 960


def test_a_file_that_is_cut_anywhere_plays_up_to_there() -> None:
    data, ends = film()
    for cut in range(ends[0], len(data), 977):
        with av.open(io.BytesIO(data[:cut])) as container:
            whole = sum(end <= cut for end in ends)
            packets = [packet for packet in container.demux() if packet.size]
        assert len(packets) >= 20 * whole - 1


@pytest.mark.parametrize("size", [0, 1, 126, 127, 16_382, 16_383, 2_097_150, 2_097_151])
def test_sizes_are_read_back_around_each_length(size: int) -> None:
    blocks = [Block(1, 0, bytes(size), True)]
    data = matroska.head(TRACKS, 0) + matroska.cluster(blocks)
    with av.open(io.BytesIO(data)) as container:
        assert [packet.size for packet in container.demux() if packet.dts is not None] == ([size] if size else [])


def test_a_cluster_has_a_longest_time() -> None:
    with pytest.raises(Misuse):
        matroska.cluster([Block(1, 0, b"x", True), Block(1, matroska.MAX_CLUSTER_MS, b"x", True)])
    assert matroska.cluster([]) == b""
