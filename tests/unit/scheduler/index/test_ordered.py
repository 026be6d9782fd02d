"""The sorted sequence against a plain sorted list."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.scheduler.index.ordered import BLOCK, Ordered


@given(st.lists(st.tuples(st.integers(0, 50), st.booleans())))
def test_any_history_keeps_the_order(steps: list[tuple[int, bool]]) -> None:
    ordered, plain = Ordered(), []
    for number, (value, removes) in enumerate(steps):
        if removes and plain:
            key, seq, _ = plain.pop(value % len(plain))
            ordered.remove(key, seq)
        else:
            plain = sorted([*plain, (value, number, f"item {number}")])
            ordered.add(value, number, f"item {number}")
        assert list(ordered) == plain
        assert ordered.first() == (plain[0][2] if plain else None)
        assert [ordered.rank(key, seq) for key, seq, _ in plain] == list(range(len(plain)))


@pytest.mark.parametrize("seed", range(5))
def test_many_come_and_go_in_any_order(seed: int) -> None:
    rng = random.Random(seed)
    coming, going = (rng.sample(range(5 * BLOCK), 5 * BLOCK) for _ in range(2))
    ordered = Ordered()
    for value in coming:
        ordered.add(value, -value)
    assert [key for key, _, _ in ordered] == sorted(coming)
    for place, value in enumerate(going):
        ordered.remove(value, -value)
        if place % BLOCK == 0:
            assert [key for key, _, _ in ordered] == sorted(going[place + 1 :])
    assert len(ordered) == 0
    assert list(ordered) == []


def test_blocks_split() -> None:
    ordered = Ordered()
    for value in range(3 * BLOCK):
        ordered.add(2 * value, 0)
    for value in range(BLOCK):
        ordered.add(2 * value + 1, 0)
    assert len(ordered) == 4 * BLOCK
    assert ordered.rank(2 * BLOCK, 0) == 2 * BLOCK
    for _ in range(4 * BLOCK):
        ordered.remove(next(iter(ordered))[0], 0)
    assert ordered.first() is None


def test_what_is_not_there_cannot_be_taken_out() -> None:
    ordered = Ordered()
    for absent in ((1, 1), (2, 1), (1, 2)):
        with pytest.raises(KeyError):
            ordered.remove(*absent)
        ordered.add(1, 1)
        with pytest.raises(KeyError):
            ordered.remove(2, 1)
        ordered.remove(1, 1)
