"""The search for the largest load that passes, against loads whose answer is known."""

import pytest

from loadtest.measure.search import CapacitySearch


def searched(search: CapacitySearch, limit: int) -> list[int]:
    """All loads tried when those up to `limit` pass."""
    tried = []
    while (load := search.next_load()) is not None:
        tried.append(load)
        search.note(load, load <= limit)
        assert len(tried) < 60
    return tried


@pytest.mark.parametrize("limit", [0, 1, 4, 5, 6, 37, 199, 200])
def test_the_limit_is_found(limit: int) -> None:
    search = CapacitySearch(5, 200, resolution=0.0)
    searched(search, limit)
    assert search.best == limit
    assert search.lowest_failed == (None if limit == 200 else limit + 1)


def test_it_doubles_first_and_then_halves_and_believes_a_failure_at_the_second_time() -> None:
    assert searched(CapacitySearch(5, 200, resolution=0.05), 37) == [5, 10, 20, 40, 40, 30, 35, 37, 38, 38]


def test_one_bad_second_is_no_limit() -> None:
    search = CapacitySearch(10, 80)
    search.note(10, passed=False)
    assert search.next_load() == 10
    assert searched(search, 80) == [10, 20, 40, 80]
    assert search.best == 80


def test_a_coarse_search_ends_sooner() -> None:
    coarse, fine = CapacitySearch(5, 10_000, 0.2), CapacitySearch(5, 10_000, 0.0)
    assert len(searched(coarse, 3333)) < len(searched(fine, 3333))
    assert coarse.best <= 3333 < (coarse.lowest_failed or 0) <= coarse.best * 1.2 + 1
