"""Sets of seats against Python's own sets."""

from hypothesis import given
from hypothesis import strategies as st

from relay.scheduler.index.ordered import Ordered
from relay.scheduler.index.seat_set import SeatSet, earliest

NUMBERS = st.sets(st.integers(0, 300))


@given(NUMBERS, NUMBERS)
def test_as_sets_do(one: set[int], other: set[int]) -> None:
    first, second = SeatSet(one), SeatSet(other)
    assert (first & second).numbers() == sorted(one & other)
    assert (first | second).numbers() == sorted(one | other)
    assert (first - second).numbers() == sorted(one - other)
    assert first.meets(second) == bool(one & other)
    assert first.count() == len(one)
    assert bool(first) == bool(one)
    assert first.lowest() == min(one, default=-1)
    assert first.lowest_missing() == min(set(range(302)) - one)
    assert [number for number in range(400) if first.has(number)] == sorted(one)


@given(NUMBERS, st.integers(0, 300))
def test_a_copy_is_another_set(numbers: set[int], gone: int) -> None:
    kept = SeatSet(numbers)
    copy = kept.copy()
    copy.discard(gone)
    assert kept.numbers() == sorted(numbers)
    assert copy.numbers() == sorted(numbers - {gone})
    assert kept.numbers(limit=2) == sorted(numbers)[:2]


def test_the_earliest_wanted_within_so_many_steps() -> None:
    order = Ordered()
    for place, number in enumerate((7, 3, 9)):
        order.add(place, number)
    assert earliest(order, SeatSet({9, 3}), 3) == 3
    assert earliest(order, SeatSet({9}), 3) == 9
    assert earliest(order, SeatSet({9}), 2) == -1
    assert earliest(order, SeatSet({1}), 9) == -1
