import pytest

from relay.sfu.media.bandwidth.acknowledged import AcknowledgedBitrate


def arrivals(rate: AcknowledgedBitrate, start_s: float, bps: float, seconds: float, size: int = 1200) -> float:
    """Groups of one packet at this rate; returns the last arrival."""
    at_s = start_s
    for n in range(int(seconds * bps / 8 / size) + 1):
        at_s = start_s + n * size * 8 / bps
        rate.handle_group(at_s, size)
    return at_s


def test_nothing_is_known_of_one_group() -> None:
    rate = AcknowledgedBitrate()
    rate.handle_group(0.0, 1200)
    assert rate.rate_bps() is None
    assert rate.recent_bps() is None


def test_a_steady_rate_is_met_exactly() -> None:
    rate = AcknowledgedBitrate()
    arrivals(rate, 100.0, 2e6, 1.0)
    assert rate.rate_bps() == pytest.approx(2e6)
    assert rate.recent_bps() == pytest.approx(2e6)


def test_a_drop_is_seen_in_the_recent_rate_first() -> None:
    rate = AcknowledgedBitrate()
    last_s = arrivals(rate, 0.0, 5e6, 1.0)
    arrivals(rate, last_s + 0.01, 1e6, 0.2)
    recent_bps, whole_bps = rate.recent_bps(), rate.rate_bps()
    assert recent_bps is not None
    assert whole_bps is not None
    assert recent_bps < 1.1e6
    assert whole_bps > 2e6


def test_after_a_stall_the_rate_is_that_of_what_came_since() -> None:
    rate = AcknowledgedBitrate()
    last_s = arrivals(rate, 0.0, 5e6, 1.0)
    arrivals(rate, last_s + 0.12, 8e6, 0.02)
    assert rate.recent_bps() == pytest.approx(8e6)


def test_a_stall_followed_by_little_counts_as_slowness() -> None:
    rate = AcknowledgedBitrate()
    last_s = arrivals(rate, 0.0, 5e6, 1.0)
    arrivals(rate, last_s + 0.12, 8e6, 0.002)
    recent_bps = rate.recent_bps()
    assert recent_bps is not None
    assert recent_bps < 3e6
