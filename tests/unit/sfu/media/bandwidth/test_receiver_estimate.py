from relay.sfu.media.bandwidth import BandwidthEstimator, NullBandwidth, Sent
from relay.sfu.media.bandwidth.receiver_estimate import ReceiverEstimate
from relay.sfu.ports import Feedback


def sending(estimate: ReceiverEstimate, bps: float, seconds: int = 2) -> None:
    for second in range(seconds + 1):
        estimate.handle_sent(int(bps / 8 * second), float(second))


def test_an_estimate_below_what_is_sent_binds_at_once() -> None:
    estimate = ReceiverEstimate(2e6, 30e3, 50e6)
    sending(estimate, 2e6)
    estimate.handle_remb(800_000, 2.0)
    assert estimate.rate_bps == 800_000


def test_a_receiver_that_only_echoes_what_it_gets_does_not_hold_the_call_down() -> None:
    estimate = ReceiverEstimate(300e3, 30e3, 50e6)
    total = 0.0
    for n in range(200):
        now = n * 0.5
        total += estimate.rate_bps / 8 * 0.5
        estimate.handle_sent(int(total), now)
        estimate.handle_remb(1.5 * estimate.rate_bps, now)
    assert estimate.rate_bps > 3e6


def test_the_bounds_hold_whatever_is_said() -> None:
    estimate = ReceiverEstimate(2e6, 30e3, 50e6)
    for bps in (0, 1 << 81):
        estimate.handle_remb(bps, 1.0)
        assert 30e3 <= estimate.rate_bps <= 50e6


def test_transport_wide_feedback_takes_over() -> None:
    estimator = BandwidthEstimator()
    estimator.handle_sent(Sent(1000, 1000), 0.0)
    estimator.handle_remb(100_000, 0.1)
    assert estimator.target_bps == 100_000
    assert estimator.window_bytes is None
    estimator.handle_feedback(Feedback((), (), 0, 0, 0, 0, 0, 0.0, 0.0, 0), 0.2)
    assert estimator.target_bps == 300_000
    estimator.handle_remb(50_000, 0.3)
    assert estimator.target_bps == 300_000


def test_the_null_policy_neither_falls_nor_probes() -> None:
    null = NullBandwidth(4_000_000)
    assert null.handle_sent(Sent(10, 10), 0.0) == []
    assert null.handle_feedback(Feedback((), (), 0, 0, 50, 0, 0, 0.0, 0.0, 0), 1.0) == []
    null.handle_remb(10, 1.0)
    null.handle_timeout(1.0)
    assert (null.target_bps, null.window_bytes, null.deadline()) == (4_000_000, None, None)
