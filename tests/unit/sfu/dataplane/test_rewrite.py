"""Continuity of one slot, in rows. `tests/property/test_dataplane_rewrite.py` compares it with its model."""

from typing import Any

import pytest

from relay.sfu.dataplane import Drop
from relay.sfu.dataplane.rewrite import StreamRewrite

MS = 1_000_000


def pass_through(rewrite: StreamRewrite, position: int, timestamp: int = 0, at_ms: int = 0, **more: Any) -> Any:
    """Its sequence number, or why it is dropped."""
    drop, sequence, *_ = rewrite.label(position, timestamp, at_ms * MS, **more)
    return Drop(drop) if drop else sequence


@pytest.mark.parametrize(
    ("positions", "empty", "expected"),
    [
        ([10, 11, 12], [], [100, 101, 102]),
        ([10, 12, 11], [], [100, 102, 101]),
        ([10, 13], [], [100, 103]),  # a hole stays a hole
        ([10, 11, 12], [11], [100, Drop.PADDING_ONLY, 101]),
        ([10, 11, 12, 13], [11, 12], [100, Drop.PADDING_ONLY, Drop.PADDING_ONLY, 101]),
        ([10, 13, 14, 11, 12], [13], [100, Drop.PADDING_ONLY, 103, 101, 102]),
        ([10, 12, 11], [11], [100, 102, 101]),  # late padding fills the hole it left
        ([10, 9], [], [100, Drop.BEFORE_SWITCH]),
        ([10, 11], [10], [Drop.PADDING_ONLY, 100]),
    ],
)
def test_numbers_follow_the_source_without_its_padding(
    positions: list[int], empty: list[int], expected: list[object]
) -> None:
    rewrite = StreamRewrite(False, 100, 0, 90_000)
    newest = 0
    labels = []
    for position in positions:
        labels.append(pass_through(rewrite, position, empty=position in empty, newest=position > newest))
        newest = max(newest, position)
    assert labels == expected


def test_numbers_wrap() -> None:
    rewrite = StreamRewrite(False, 32767, 0, 90_000)
    assert [pass_through(rewrite, n) for n in (0, 32768, 32769, 98304)] == [32767, 65535, 0, 65535]


def test_a_gated_slot_waits_for_the_newest_packet_to_begin_a_keyframe() -> None:
    rewrite = StreamRewrite(True, 1, 0, 90_000)
    assert pass_through(rewrite, 10) is Drop.AWAITING_KEYFRAME
    assert pass_through(rewrite, 9, keyframe=True, newest=False) is Drop.AWAITING_KEYFRAME
    assert pass_through(rewrite, 11, keyframe=True) == 1
    assert pass_through(rewrite, 12) == 2


@pytest.mark.parametrize(("ended", "step"), [(True, 1), (False, 2)])
def test_a_switch_goes_on_and_leaves_a_gap_after_an_incomplete_frame(ended: bool, step: int) -> None:
    rewrite = StreamRewrite(True, 50, 0, 90_000)
    assert pass_through(rewrite, 10, keyframe=True, marker=ended) == 50
    rewrite.switch()
    assert pass_through(rewrite, 7_000) is Drop.AWAITING_KEYFRAME
    assert pass_through(rewrite, 7_001, keyframe=True) == 50 + step
    assert pass_through(rewrite, 6_999, newest=False) is Drop.BEFORE_SWITCH


@pytest.mark.parametrize(
    ("since_last_ms", "arrived_later_ms", "ahead"),
    [
        (-1, 40, 3600),  # by arrival
        (20, 40, 1800),  # by the source's clock
        (0, 40, 1),  # always forward
        (-1, 0, 1),
    ],
)
def test_timestamps_go_on_by_the_time_that_passed(since_last_ms: int, arrived_later_ms: int, ahead: int) -> None:
    rewrite = StreamRewrite(False, 1, 4_294_967_000, 90_000)
    before = rewrite.label(10, 123, 100 * MS)[2]
    rewrite.switch()
    since_last_ns = since_last_ms * MS if since_last_ms >= 0 else -1
    after = rewrite.label(99, 4_000_000_000, (100 + arrived_later_ms) * MS, since_last_ns=since_last_ns)[2]
    assert (after - before) % 2**32 == ahead


def test_a_source_that_slept_for_hours_still_sets_the_time() -> None:
    rewrite = StreamRewrite(False, 1, 0, 90_000)
    rewrite.label(10, 0, 0)
    slept_units = 2**31 + 90_000
    rewrite.label(11, slept_units, 100 * MS)
    rewrite.switch()
    assert rewrite.label(5_000, 7, 110 * MS)[2] == slept_units + 900


def pictures(
    rewrite: StreamRewrite, position: int, picture: int, level: int, key: int, wide: bool = True
) -> tuple[int, int, int]:
    drop, _, _, *labels = rewrite.label(position, 0, 0, picture=picture, level=level, key=key, wide=wide)
    assert drop == 0
    return labels[0], labels[1], labels[2]


def test_picture_ids_go_on_at_a_switch() -> None:
    rewrite = StreamRewrite(False, 1, 0, 90_000)
    assert pictures(rewrite, 1, 0x7FFF, 255, 31) == (0x7FFF, 255, 31)
    assert pictures(rewrite, 2, 0, 0, 0) == (0, 0, 0)
    rewrite.switch()
    assert pictures(rewrite, 900, 500, 77, 9) == (1, 1, 1)
    assert pictures(rewrite, 901, 501, 78, 9) == (2, 2, 1)


def test_a_source_with_seven_bits_is_unwrapped_into_fifteen() -> None:
    rewrite = StreamRewrite(False, 1, 0, 90_000)
    assert pictures(rewrite, 1, 5_000, 0, 0)[0] == 5_000
    rewrite.switch()
    found = [pictures(rewrite, 100 + n, (120 + n) % 128, 0, 0, wide=False)[0] for n in range(300)]
    assert found == list(range(5_001, 5_301))


def test_a_source_that_writes_small_ids_in_one_byte_counts_with_fifteen_bits() -> None:
    """aiortc uses 7 bits for ids below 128, and 15 above."""
    rewrite = StreamRewrite(False, 1, 0, 90_000)
    numbers = [*range(100, 140), 32766, 32767, 0, 1]
    found = [pictures(rewrite, n, number, 0, 0, wide=number > 127)[0] for n, number in enumerate(numbers)]
    assert found == numbers
