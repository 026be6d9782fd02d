import pytest

from relay.sfu.media.bandwidth.standing_queue import StandingQueue
from relay.sfu.media.bandwidth.windowed_minimum import WindowedMinimum


def queue_after(delays_ms: list[float], step_s: float = 0.05) -> StandingQueue:
    queue = StandingQueue()
    for n, delay_ms in enumerate(delays_ms):
        queue.handle_delay(-77.0 + delay_ms / 1000, 0.06, n * step_s)
    return queue


def test_bursts_are_tolerated_and_a_queue_slows_down() -> None:
    rows = [(0.0, 1.0), (20.0, 1.0), (45.0, 0.75), (70.0, 0.5), (95.0, 0.25), (400.0, 0.2)]
    for delay_ms, share in rows:
        assert queue_after([0.0, delay_ms]).share == pytest.approx(share, abs=1e-6)


def test_a_long_queue_stands_until_it_shrinks() -> None:
    assert not queue_after([0.0, 300.0]).stands
    assert queue_after([0.0, 300.0, 310.0]).stands
    assert not queue_after([0.0, 300.0, 250.0]).stands


def test_a_path_that_got_longer_is_not_drained_for_ever() -> None:
    queue = queue_after([0.0] + [200.0] * 40)
    assert queue.is_empty
    assert queue.share == 1.0


def test_seconds_of_delay_are_a_queue_however_long_they_last() -> None:
    assert queue_after([0.0] + [900.0] * 100).share == 0.2


def test_an_outage_is_seen_in_what_is_unanswered() -> None:
    queue = queue_after([0.0, 0.0])
    queue.handle_in_flight(1_000_000 // 8 // 5, 1e6, waited_s=0.05)
    assert 0.05 < queue.queue_s < 0.1
    assert queue.share < 0.7


def test_a_few_packets_under_way_are_no_queue() -> None:
    queue = queue_after([0.0, 0.0])
    queue.handle_in_flight(500, 30_000, waited_s=0.0)
    assert queue.is_empty


def test_clock_drift_is_no_queue() -> None:
    """200 ppm, ten times what crystals do."""
    assert queue_after([n * 0.05 * 0.2 for n in range(4000)]).is_empty


def test_the_minimum_forgets_after_half_a_minute() -> None:
    minimum = WindowedMinimum()
    minimum.handle_value(1.0, 0.0)
    assert [minimum.handle_value(5.0, float(second)) for second in (10, 20, 27)] == [1.0, 1.0, 1.0]
    assert [minimum.handle_value(5.0, float(second)) for second in range(28, 60)][-1] == 5.0
