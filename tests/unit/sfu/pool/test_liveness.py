from relay.sfu.pool.liveness import Restarts, Watchdog


def test_silence_is_counted_in_looks_and_broken_by_any_word() -> None:
    watchdog = Watchdog(patience=3)
    assert [watchdog.look() for _ in range(3)] == [False] * 3
    watchdog.heard()
    assert [watchdog.look() for _ in range(4)] == [False, False, False, True]


def test_a_worker_that_dies_young_again_and_again_is_started_ever_later() -> None:
    restarts = Restarts()
    assert restarts.delay_s(100.0) == 0.0
    delays = [restarts.delay_s(0.1) for _ in range(12)]
    assert delays[:4] == [0.0, 0.25, 0.5, 1.0]
    assert delays[-1] == 10.0
    assert restarts.delay_s(60.0) == 0.0
