"""However a stream of frames (RFC 4571) is cut into pieces, the same frames come out, and never more than one is held."""

from hypothesis import given
from hypothesis import strategies as st

from relay.sfu.dataplane.framing import FrameReader
from tests.support.exploration import explore

CELL = 2048
PREFIX = 2


def frames_of(stream: bytes) -> tuple[list[bytes], int]:
    """The frames of a whole stream that fit a cell, and the number of those that do not; the plain way."""
    frames, overlong = [], 0
    while len(stream) >= PREFIX:
        size = int.from_bytes(stream[:PREFIX], "big")
        if size > CELL:
            overlong += 1
        elif PREFIX + size > len(stream):
            break
        elif size:
            frames.append(stream[PREFIX : PREFIX + size])
        stream = stream[PREFIX + size :]
    return frames, overlong


def feed(stream: bytes, cuts: list[int]) -> tuple[list[bytes], int]:
    reader, frames, at = FrameReader(), [], 0
    for cut in [*sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]:
        frames += reader.feed(stream[at:cut])
        assert reader.held_bytes < PREFIX + CELL
        at = cut
    return frames, reader.overlong


CUTS = st.lists(st.integers(0, 70_000), max_size=12)
SIZES = st.one_of(st.integers(0, 40), st.sampled_from([CELL - 1, CELL, CELL + 1, 5000, 65_535]))


@explore
@given(st.lists(SIZES, max_size=8), CUTS)
def test_every_frame_comes_out_whole(sizes: list[int], cuts: list[int]) -> None:
    stream = b"".join(size.to_bytes(2, "big") + bytes([n + 1]) * size for n, size in enumerate(sizes))
    frames, overlong = feed(stream, cuts)
    assert frames == [bytes([n + 1]) * size for n, size in enumerate(sizes) if 0 < size <= CELL]
    assert overlong == sum(size > CELL for size in sizes)


@explore
@given(st.binary(max_size=4000), CUTS)
def test_whatever_comes_is_cut_the_plain_way(stream: bytes, cuts: list[int]) -> None:
    assert feed(stream, cuts) == frames_of(stream)


def test_a_byte_at_a_time() -> None:
    stream = b"\x00\x03abc\x00\x00\x00\x01d"
    assert feed(stream, list(range(len(stream)))) == ([b"abc", b"d"], 0)
