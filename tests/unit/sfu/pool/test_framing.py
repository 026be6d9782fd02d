import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import Malformed
from relay.sfu.pool.framing import MAX_FRAME_BYTES, Frames, frame


@given(st.lists(st.binary(max_size=300)), st.integers(1, 50))
def test_messages_come_out_whole_however_they_are_cut(messages: list[bytes], piece: int) -> None:
    stream = b"".join(map(frame, messages))
    frames = Frames()
    arrived = [each for start in range(0, len(stream), piece) for each in frames.feed(stream[start : start + piece])]
    assert arrived == messages


def test_a_length_out_of_bounds_is_refused_at_both_ends_before_anything_is_kept() -> None:
    with pytest.raises(Malformed):
        Frames().feed((MAX_FRAME_BYTES + 1).to_bytes(4, "big"))
    with pytest.raises(Malformed):
        frame(bytes(MAX_FRAME_BYTES + 1))
