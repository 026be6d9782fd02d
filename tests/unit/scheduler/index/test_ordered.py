"""The sorted sequence against a plain sorted list."""

from hypothesis import given
from hypothesis import strategies as st

from relay.scheduler.index.ordered import BLOCK, Ordered


@given(st.lists(st.tuples(st.integers(0, 50), st.booleans())))
def test_any_history_keeps_the_order(steps: list[tuple[int, bool]]) -> None:
    ordered, plain = Ordered(), []
    for number, (value, removes) in enumerate(steps):
        if removes and plain:
            gone = plain.pop(value % len(plain))
            ordered.remove(gone)
        else:
            entry = (value, number)
            plain = sorted([*plain, entry])
            ordered.add(entry)
        assert list(ordered) == plain
        assert ordered.first() == (plain[0] if plain else None)
        assert [ordered.rank(entry) for entry in plain] == list(range(len(plain)))


def test_blocks_split_and_vanish() -> None:
    ordered = Ordered()
    for value in range(3 * BLOCK):
        ordered.add((2 * value,))
    for value in range(BLOCK):
        ordered.add((2 * value + 1,))
    assert len(ordered) == 4 * BLOCK
    assert ordered.rank((2 * BLOCK,)) == 2 * BLOCK
    assert max(len(block) for block in ordered.blocks) <= BLOCK
    for entry in list(ordered):
        ordered.remove(entry)
    assert ordered.blocks == []
    assert len(ordered) == 0
