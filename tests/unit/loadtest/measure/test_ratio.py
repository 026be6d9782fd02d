"""Ratios of runs that alternate."""

import pytest

from loadtest.measure.ratio import ratio_of_medians


def test_medians_and_the_spread_of_the_pairs() -> None:
    ratio = ratio_of_medians([1, 2, 10], [4, 4, 30])
    assert (ratio.a, ratio.b, ratio.ratio) == (2, 4, 2)
    assert (ratio.lowest, ratio.highest) == (2, 4)


@pytest.mark.parametrize(("a", "b"), [([], []), ([0, 1], [1, 1]), ([1], [1, 2])])
def test_what_has_no_ratio_is_refused(a: list[float], b: list[float]) -> None:
    with pytest.raises(ValueError, match=r"ratio|zip"):
        ratio_of_medians(a, b)
