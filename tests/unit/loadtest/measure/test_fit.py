"""Lines through points, against figures worked by hand."""

import pytest

from loadtest.measure.fit import fit_line


def test_points_on_a_line_leave_no_doubt() -> None:
    line = fit_line([(0, 1), (1, 3), (2, 5), (7, 15)])
    assert line == pytest.approx((1, 2, 0))
    assert line is not None
    assert line.at(10) == pytest.approx(21)


def test_the_slope_has_its_confidence_interval() -> None:
    line = fit_line([(1, 2), (2, 4), (3, 5), (4, 4), (5, 5)])
    # Sum of squared residues 2.4, 3 degrees of freedom, sum of squares of x 10: a standard error of 0.2828, times 3.182.
    assert line == pytest.approx((2.2, 0.6, 0.9), abs=1e-4)


def test_more_points_than_the_table_has_use_the_normal_law() -> None:
    line = fit_line([(x, x % 2) for x in range(40)])
    assert line is not None
    assert line.margin < 0.02


@pytest.mark.parametrize("points", [[], [(1, 2), (2, 3)], [(1, 1), (1, 2), (1, 3)]])
def test_too_little_to_judge_by_gives_none(points: list[tuple[float, float]]) -> None:
    assert fit_line(points) is None
