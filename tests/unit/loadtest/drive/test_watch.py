"""What is read off the rows of a timeline."""

import pytest

from loadtest.drive.watch import _memory_trend


def test_the_growth_of_memory_leaves_out_the_beginning() -> None:
    rows = [{"t_s": float(t), "server_memory_mb": 100 + t / 60 if t >= 55 else 40.0} for t in range(120)]
    trend = _memory_trend(rows)
    assert trend["relay_memory_slope_mb_per_min"] == pytest.approx(1)
    assert trend["relay_memory_slope_margin_mb_per_min"] == pytest.approx(0, abs=1e-9)


def test_a_short_run_says_nothing_of_it() -> None:
    assert _memory_trend([{"t_s": float(t), "server_memory_mb": 50.0} for t in range(30)]) == {}
    assert _memory_trend([{"t_s": float(t)} for t in range(90)]) == {}
