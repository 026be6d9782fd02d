"""What is read off the rows of a timeline."""

import pytest

from loadtest.drive.watch import Reading, _cost_of_calls, _memory_trend
from loadtest.measure.exposition import Scrape
from loadtest.measure.histogram import Histogram
from loadtest.measure.shell.processes import Usage


def test_the_growth_of_memory_leaves_out_the_beginning() -> None:
    rows = [{"t_s": float(t), "server_memory_mb": 100 + t / 60 if t >= 55 else 40.0} for t in range(120)]
    trend = _memory_trend(rows)
    assert trend["relay_memory_slope_mb_per_min"] == pytest.approx(1)
    assert trend["relay_memory_slope_margin_mb_per_min"] == pytest.approx(0, abs=1e-9)


def test_a_short_run_says_nothing_of_it() -> None:
    assert _memory_trend([{"t_s": float(t), "server_memory_mb": 50.0} for t in range(30)]) == {}
    assert _memory_trend([{"t_s": float(t)} for t in range(90)]) == {}


def reading(at_s: float, cpu_s: float) -> Reading:
    none = Histogram()
    return Reading(at_s, {}, none, none, none, Usage(cpu_s, 0, 1), 0.0, (0.0, 0.0), Scrape())


def test_the_cost_of_a_call_is_cpu_over_the_time_in_conversation() -> None:
    rows = [{"t_s": 1.0, "calls": 0.0}, {"t_s": 3.0, "calls": 2.0}, {"t_s": 4.0, "calls": 1.0}]
    assert _cost_of_calls(reading(10, 1.0), reading(14, 1.5), rows) == {
        "relay_cpu_ms_per_s_per_call": pytest.approx(100)
    }
    assert _cost_of_calls(reading(10, 1.0), reading(14, 1.5), rows[:1]) == {}
