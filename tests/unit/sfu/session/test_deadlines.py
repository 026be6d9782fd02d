from hypothesis import given
from hypothesis import strategies as st

from relay.sfu.session.deadlines import Deadlines


def test_a_key_comes_up_at_its_earliest_time_once() -> None:
    deadlines: Deadlines[str] = Deadlines()
    deadlines.schedule("a", 5.0)
    deadlines.schedule("a", 3.0)
    deadlines.schedule("a", 9.0)
    deadlines.schedule("b", 4.0)
    deadlines.schedule("c", None)
    assert deadlines.next() == 3.0
    assert deadlines.due(3.5) == ["a"]
    assert deadlines.due(10.0) == ["b"]
    assert deadlines.next() is None


def test_a_forgotten_key_never_comes_up() -> None:
    deadlines: Deadlines[str] = Deadlines()
    deadlines.schedule("a", 1.0)
    deadlines.forget("a")
    assert deadlines.next() is None
    assert deadlines.due(2.0) == []


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 50))))
def test_no_key_is_ever_late(wishes: list[tuple[int, int]]) -> None:
    deadlines: Deadlines[int] = Deadlines()
    earliest: dict[int, float] = {}
    for key, when in wishes:
        deadlines.schedule(key, when)
        earliest[key] = min(when, earliest.get(key, when))
    assert deadlines.next() == min(earliest.values(), default=None)
    for now in range(51):
        due = deadlines.due(now)
        assert sorted(due) == sorted(key for key, when in earliest.items() if when == now)
