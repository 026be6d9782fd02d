"""Single mechanisms, each in a call over a bottleneck in virtual time."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from loadtest.impair import Conditions, GilbertElliott, Link
from loadtest.traces import Sample, Trace
from relay.sfu.media.bandwidth import FIRST_WINDOW_BYTES, BandwidthEstimator
from relay.sfu.ports import Feedback
from tests.support.bottleneck import Call, Timeline

DELAY_S = 0.025


def link(rate_bps: float, trace: Trace | None = None, **conditions: Any) -> Link:
    return Link(Conditions(rate_bps=rate_bps, delay_ms=DELAY_S * 1000, **conditions), 1, trace)


def steps(*rates: tuple[float, float]) -> Trace:
    """(s, bit/s) …"""
    return Trace("steps", tuple(Sample(at_s, bps, None, None, None) for at_s, bps in (*rates, (1e4, 1e6))))


def call(over: Link, **given: Any) -> Call:
    return Call(BandwidthEstimator(), over, delay_s=DELAY_S, back_s=DELAY_S, **given)


def media_bps(of: Call, since_s: float, until_s: float) -> float:
    return sum(size for at_s, size in of.log.media if since_s <= at_s < until_s) * 8 / (until_s - since_s)


def queue_p95_s(of: Call, since_s: float) -> float:
    waits = sorted(wait for at_s, wait in of.log.queue_s if at_s >= since_s)
    return waits[int(0.95 * len(waits))]


@pytest.mark.parametrize("rate_bps", [500e3, 1e6, 5e6])
def test_a_steady_link_is_used_without_a_queue(rate_bps: float) -> None:
    made = call(link(rate_bps))
    made.run(20.0)
    assert media_bps(made, 3.0, 20.0) > 0.9 * rate_bps
    assert queue_p95_s(made, 3.0) < 0.06


def test_the_start_takes_a_second() -> None:
    made = call(link(5e6))
    made.run(1.0)
    assert max(estimate for _, _, estimate in made.log.targets) > 4.5e6


def test_a_step_down_is_followed_and_its_queue_drained() -> None:
    made = call(link(5e6, steps((0, 5e6), (10, 1e6))))
    made.run(20.0)
    assert media_bps(made, 12.0, 20.0) > 0.85e6
    assert queue_p95_s(made, 11.5) < 0.06
    assert made.log.lost_packets == 0


def test_a_step_up_is_found_by_probes() -> None:
    made = call(link(5e6, steps((0, 1e6), (10, 5e6))))
    made.run(15.0)
    assert media_bps(made, 13.0, 15.0) > 4e6


def test_an_outage_stops_the_sender_and_its_end_is_noticed() -> None:
    made = call(link(3e6, steps((0, 3e6), (10, 0.0), (15, 3e6))))
    made.run(14.9)
    in_flight = made.history.in_flight_bytes
    made.run(20.0)
    assert in_flight < 60_000
    assert media_bps(made, 16.0, 20.0) > 2.5e6
    assert made.receiver.streams[1].missing == {}


def test_a_short_stall_is_not_taken_for_a_slow_link() -> None:
    made = call(link(12e6, steps((0, 12e6), (10, 0.0), (10.2, 12e6))))
    made.run(12.0)
    assert media_bps(made, 11.0, 12.0) > 5e6


@pytest.mark.parametrize("loss", [0.02, 0.05])
def test_random_loss_is_not_taken_for_a_full_link(loss: float) -> None:
    made = call(link(2.5e6, loss=loss))
    made.run(30.0)
    assert media_bps(made, 5.0, 30.0) > 0.75 * 2.5e6


def test_bursts_of_loss_are_survived() -> None:
    made = call(link(4e6, burst=GilbertElliott(0.002, 0.2)))
    made.run(30.0)
    assert media_bps(made, 5.0, 30.0) > 0.7 * 4e6


def test_a_policer_is_not_overrun() -> None:
    made = call(link(2.5e6, queue_bytes=5_000))
    made.run(30.0)
    assert media_bps(made, 5.0, 30.0) > 0.7 * 2.5e6
    assert made.log.lost_packets < 0.12 * made.log.sent_packets


def test_two_calls_share_a_link() -> None:
    """The later one gets its share, and the queue stays short."""
    timeline, shared = Timeline(), link(4e6)
    calls = [call(shared, timeline=timeline, seed=7 * n + 1, starts_s=10.0 * n) for n in range(2)]
    timeline.run(50.0)
    rates = [media_bps(each, 25.0, 50.0) for each in calls]
    assert sum(rates) > 0.8 * 4e6
    assert min(rates) > 0.25 * sum(rates)
    assert all(queue_p95_s(each, 25.0) < 0.09 for each in calls)


def test_reordering_does_not_stop_a_call() -> None:
    made = call(link(2.5e6, reorder=0.05))
    made.run(25.0)
    assert media_bps(made, 5.0, 25.0) > 0.8 * 2.5e6


@pytest.mark.parametrize("jitter_ms", [10.0, 30.0])
def test_jitter_is_no_queue(jitter_ms: float) -> None:
    made = call(link(2.5e6, jitter_ms=jitter_ms))
    made.run(25.0)
    assert media_bps(made, 5.0, 25.0) > 0.75 * 2.5e6


def losing(share: float) -> Callable[[float], bool]:
    source = random.Random(3)
    return lambda _now: source.random() < share


@pytest.mark.parametrize(("share", "least"), [(0.2, 0.8), (0.5, 0.7)])
def test_feedback_may_get_lost(share: float, least: float) -> None:
    made = call(link(2.5e6), feedback_loss=losing(share))
    made.run(25.0)
    assert media_bps(made, 5.0, 25.0) > least * 2.5e6


def test_without_any_feedback_the_rate_falls_to_a_trickle() -> None:
    made = call(link(2.5e6), feedback_loss=lambda now: now > 10.0)
    made.run(20.0)
    assert media_bps(made, 12.0, 20.0) < 0.1 * 2.5e6


@pytest.mark.parametrize("feedback_s", [0.1, 0.25])
def test_a_receiver_may_answer_less_often(feedback_s: float) -> None:
    made = call(link(2.5e6), feedback_s=feedback_s)
    made.run(25.0)
    assert media_bps(made, 5.0, 25.0) > 0.85 * 2.5e6
    assert queue_p95_s(made, 5.0) < 0.06


@pytest.mark.parametrize("drift", [200e-6, -200e-6])
def test_clocks_may_drift_and_need_no_common_zero(drift: float) -> None:
    made = call(link(2.5e6), receiver_clock=lambda now: 12_345.0 + now * (1 + drift))
    made.run(60.0)
    assert media_bps(made, 5.0, 60.0) > 0.88 * 2.5e6
    assert queue_p95_s(made, 5.0) < 0.06


def test_a_sender_with_little_to_send_knows_the_link_soon_after_it_has_more() -> None:
    """Application-limited: the estimate does not run away, and probes find the link when it matters."""
    made = call(link(5e6), demand=lambda now: 500e3 if now < 20.0 else 4e6)
    made.run(20.0)
    assert made.estimator.estimate_bps < 2e6
    made.run(25.0)
    assert media_bps(made, 21.5, 25.0) > 3.2e6


def test_nobody_pads_for_what_nobody_wants() -> None:
    made = call(link(50e6), demand_bps=500e3)
    made.run(20.0)
    assert made.log.padding_bytes < 0.03 * made.history.size_bytes


def test_feedback_for_what_was_never_sent_is_counted_and_changes_nothing() -> None:
    made = call(link(2.5e6))
    made.run(5.0)
    before = made.estimator.estimate_bps
    made.estimator.handle_feedback(Feedback((), (), 0, 0, 0, 0, 0, 0.0, 0.0, 40), 5.0)
    assert made.estimator.unmatched == 40
    assert made.estimator.estimate_bps == pytest.approx(before, rel=0.01)


def test_slow_start_ends_with_a_queue() -> None:
    made = call(link(100_000))
    made.run(0.5)
    assert not made.estimator.starting


def test_slow_start_opens_the_window_until_a_second_has_passed() -> None:
    made = call(link(20e6))
    made.run(0.12)
    assert made.estimator.starting
    assert (made.estimator.window_bytes or 0) > FIRST_WINDOW_BYTES
    made.run(3.0)
    assert not made.estimator.starting
