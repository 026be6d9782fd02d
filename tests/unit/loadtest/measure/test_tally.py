"""Counts, times, and what bots received, as metrics; and the warnings about the tool itself."""

import pytest

from loadtest.engine.readings import Reception
from loadtest.measure.tally import Tally, bottleneck_warnings, delivery_metrics, reception_metrics

QUIET = Reception(0, 0, 0, 0, 0, 0, 0, 0, 0, 0.0, 0.0, 0.0, 0, 0, 0.0, 0, 0)


def test_what_did_not_happen_is_zero_and_errors_are_named() -> None:
    tally = Tally()
    assert tally.metrics()["errors"] == tally.metrics()["calls_lost"] == 0
    tally.refuse(ValueError("x"))
    tally.refuse(ValueError("x"))
    tally.time("wait", 12.0)
    assert tally.metrics()["errors"] == 2
    assert tally.metrics()["wait_p50_ms"] == pytest.approx(12, rel=0.04)
    assert tally.refusals == {"ValueError: x": 2}


def test_different_errors_are_bounded() -> None:
    tally = Tally()
    for number in range(1000):
        tally.refuse(ValueError(str(number)))
    assert len(tally.refusals) == 100


def test_loss_is_counted_before_and_after_repair() -> None:
    counted = {
        "rtp_received": 95,
        "missing": 10,
        "repaired": 5,
        "frames_received": 18,
        "broken_frames": 2,
        "freezes": 1,
        "freeze_ns": 100,
        "watched_ns": 1000,
        "feedback_sent": 0,
        "feedback_received": 3,
        "remb_sent": 0,
        "reported_lost": 1,
        "reported_received": 19,
    }
    metrics = delivery_metrics(counted)
    assert metrics["loss_before_repair_share"] == pytest.approx(0.1)
    assert metrics["loss_share"] == pytest.approx(0.05)
    assert metrics["frames_complete_share"] == pytest.approx(0.9)
    assert metrics["freeze_time_share"] == pytest.approx(0.1)
    assert metrics["uplink_lost_share"] == pytest.approx(0.05)
    assert delivery_metrics({**counted, "rtp_received": 0}) == {}


def test_streams_that_received_nothing_do_not_count() -> None:
    metrics = reception_metrics([QUIET._replace(packets=95, jitter_ms=2.0), QUIET])
    assert metrics["streams_received"] == 1
    assert metrics["jitter_p95_ms"] == pytest.approx(2.0, rel=0.04)


def test_nothing_received_has_no_metrics() -> None:
    assert reception_metrics([QUIET]) == {}


def test_the_tool_says_when_it_was_the_bottleneck() -> None:
    assert bottleneck_warnings({"tool_lateness_p99_ms": 1.0, "machine_cpu_share": 0.5}) == ()
    assert len(bottleneck_warnings({"tool_lateness_p99_ms": 9.0, "tool_overflow_packets": 3})) == 2
