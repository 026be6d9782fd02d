"""What is made of the steps of a capacity search."""

import pytest

from loadtest.drive.capacity_report import (
    Step,
    capacity_metrics,
    capacity_plots,
    capacity_warnings,
    cost_lines,
    cost_table,
    steps_table,
)
from loadtest.measure.search import CapacitySearch
from loadtest.thresholds import parse_threshold

BUDGET = (parse_threshold("residence_p99_ms>10"),)


def step(calls: int, residence_ms: float, *, connected: int | None = None, tool_limited: bool = False) -> Step:
    metrics = {
        "calls_connected": calls if connected is None else connected,
        "residence_p99_ms": residence_ms,
        "relay_cpu_share": 0.02 + 0.005 * calls,
        "relay_memory_mb": 90 + 0.7 * calls,
    }
    failures = (f"residence_p99_ms>10: {residence_ms:g}",) if residence_ms > 10 else ()
    return Step(calls, metrics, failures, tool_limited)


STEPS = [step(5, 1), step(10, 2), step(20, 3), step(40, 30, tool_limited=True)]


def search_of(steps: list[Step]) -> CapacitySearch:
    search = CapacitySearch(5, 1000)
    for each in steps:
        search.note(each.calls, not each.failures)
        if each.failures:
            search.note(each.calls, passed=False)
    return search


def test_the_capacity_and_the_cost_of_a_call() -> None:
    metrics = capacity_metrics(search_of(STEPS), STEPS)
    assert (metrics["capacity_calls"], metrics["failed_calls"]) == (20, 40)
    assert metrics["residence_p99_ms"] == 3, "what was measured at the capacity"
    assert metrics["cpu_ms_per_s_per_call"] == pytest.approx(5)
    assert metrics["cpu_ms_per_s_idle"] == pytest.approx(20)
    assert metrics["memory_mb_per_call"] == pytest.approx(0.7)
    assert metrics["memory_mb_per_call_margin"] == pytest.approx(0, abs=1e-9)
    assert metrics["calls_per_core"] == pytest.approx(196)


def test_a_step_in_which_calls_were_missing_tells_no_cost() -> None:
    assert cost_lines([*STEPS, step(80, 1, connected=3)]) == cost_lines(STEPS)
    assert cost_table(STEPS[:2]) == ()


def test_the_reader_is_told_what_bounds_the_answer() -> None:
    assert capacity_warnings(search_of(STEPS[:3]), STEPS[:3], "") == (
        "No load was too high: the capacity is at least 20 (--most).",
    )
    late = capacity_warnings(search_of(STEPS), STEPS, "the time of 60 s was over (--within)")
    assert "at least 20 and below 40" in late[0]
    assert "bottleneck itself" in late[1]


def test_steps_and_curves_are_in_order_of_the_calls() -> None:
    steps = [STEPS[3], *STEPS[:3]]
    table = steps_table(steps, BUDGET)
    assert [row[0] for row in table.rows] == ["5", "10", "20", "40"]
    assert table.rows[-1][-1] == "residence_p99_ms>10: 30"
    residence, cpu, _memory = capacity_plots(steps, BUDGET)
    assert residence.curves[0].points == ((5, 1), (10, 2), (20, 3), (40, 30))
    assert [curve.label for curve in residence.curves] == ["measured", "budget"]
    assert [curve.label for curve in cpu.curves] == ["measured", "fitted"]
