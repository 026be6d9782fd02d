from hypothesis import given
from hypothesis import strategies as st

from relay.sfu.media.bandwidth.trendline import Trendline


def least_squares(points: list[tuple[float, float]]) -> float:
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)


@given(st.lists(st.tuples(st.floats(-30, 30), st.floats(1, 4000)), min_size=20, max_size=400), st.floats(0, 1e9))
def test_sliding_sums_agree_with_a_fresh_fit(steps: list[tuple[float, float]], start_ms: float) -> None:
    """Also far beyond the point where the sums are computed afresh, and at any zero of the receiver's clock."""
    line = Trendline()
    at_ms, delay, smoothed, points, slope = start_ms, 0.0, 0.0, [], 0.0
    for variation, gap in steps:
        at_ms += gap
        delay += variation
        smoothed = 0.9 * smoothed + 0.1 * delay
        points.append((at_ms - start_ms, smoothed))
        slope = line.handle_variation(variation, at_ms)
    assert abs(slope - least_squares(points[-20:])) < 1e-4


def test_it_says_nothing_before_the_window_is_full() -> None:
    line = Trendline()
    assert [line.handle_variation(5.0, 10.0 * n) for n in range(19)] == [0.0] * 19
    assert line.handle_variation(5.0, 190.0) > 0.0


def test_a_queue_that_grows_by_a_tenth_has_that_slope() -> None:
    line = Trendline()
    slope = 0.0
    for n in range(200):
        slope = line.handle_variation(1.0, 10.0 * n)
    assert abs(slope - 0.1) < 1e-6
