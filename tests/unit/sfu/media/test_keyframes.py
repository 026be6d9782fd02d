from relay.sfu.media.keyframes import KeyframeRequests


def test_fifty_viewers_are_one_request() -> None:
    requests = KeyframeRequests(0.5)
    assert [requests.want(now=10.0) for _ in range(50)] == [True] + [False] * 49


def test_a_request_is_repeated_until_the_keyframe_comes() -> None:
    requests = KeyframeRequests(0.5)
    assert requests.deadline() is None
    requests.want(now=10.0)
    assert requests.deadline() == 10.5
    assert not requests.handle_timeout(now=10.4)
    assert requests.handle_timeout(now=10.5)
    requests.arrived()
    assert requests.deadline() is None
    assert not requests.handle_timeout(now=11.5)


def test_a_wish_within_the_interval_is_served_at_its_end() -> None:
    requests = KeyframeRequests(0.5)
    requests.want(now=10.0)
    requests.arrived()
    assert not requests.want(now=10.1)
    assert requests.deadline() == 10.5
    assert requests.handle_timeout(now=10.5)


def test_a_source_that_never_answers_is_left_alone_in_the_end() -> None:
    requests = KeyframeRequests(0.5, attempts=3)
    requests.want(now=0.0)
    asked = [requests.handle_timeout(now=float(second)) for second in range(1, 6)]
    assert asked == [True, True, False, False, False]
    assert requests.deadline() is None
