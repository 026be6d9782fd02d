from relay.sfu.media.bandwidth.overuse import OveruseDetector, Usage

GROUP_MS = 10.0


def feed(detector: OveruseDetector, slopes: list[float], points: int = 60) -> list[Usage]:
    return [detector.handle_slope(slope, points, GROUP_MS, GROUP_MS * n) for n, slope in enumerate(slopes)]


def test_one_group_is_no_overuse_and_two_rising_ones_are() -> None:
    assert feed(OveruseDetector(), [0.1, 0.1, 0.1])[:3] == [Usage.NORMAL, Usage.OVERUSE, Usage.OVERUSE]


def test_a_trend_on_its_way_back_is_no_overuse() -> None:
    assert Usage.OVERUSE not in feed(OveruseDetector(), [0.20, 0.19, 0.18, 0.17, 0.16])


def test_a_falling_delay_is_underuse_and_a_flat_one_normal() -> None:
    assert feed(OveruseDetector(), [-0.1, 0.0]) == [Usage.UNDERUSE, Usage.NORMAL]


def test_few_points_weigh_less() -> None:
    assert set(feed(OveruseDetector(), [0.1] * 5, points=20)) == {Usage.NORMAL}


def test_the_threshold_follows_the_trend_slowly_up_and_down() -> None:
    detector = OveruseDetector()
    feed(detector, [0.08] * 100)  # 19.2 ms, above the threshold and not a spike
    raised = detector.threshold_ms
    assert 12.5 < raised < 19.2
    feed(detector, [0.0] * 1000)
    assert detector.threshold_ms == 6.0


def test_a_spike_does_not_move_the_threshold() -> None:
    detector = OveruseDetector()
    feed(detector, [1.0] * 100)
    assert detector.threshold_ms == 12.5
