import pytest

from relay.errors import LimitReached
from relay.server.throttle import MAX_ADDRESSES, FailureLimiter, TokenBucket


def test_a_bucket_allows_a_burst_and_then_its_rate():
    bucket = TokenBucket(rate_per_s=2.0, burst=3, now_s=0.0)
    assert [bucket.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert bucket.wait_s(0.0) == pytest.approx(0.5)
    assert bucket.take(0.5)
    assert not bucket.take(0.9)
    assert [bucket.take(100.0) for _ in range(4)] == [True, True, True, False]


def test_an_address_that_keeps_failing_is_refused_until_it_pauses():
    limiter = FailureLimiter(failures_per_minute=2)
    for _ in range(2):
        limiter.admit("10.0.0.1", 0.0)
        limiter.note_failure("10.0.0.1", 0.0)
    with pytest.raises(LimitReached):
        limiter.admit("10.0.0.1", 1.0)
    limiter.admit("10.0.0.2", 1.0)
    limiter.admit("10.0.0.1", 31.0)


def test_addresses_are_forgotten_beyond_the_bound():
    limiter = FailureLimiter(failures_per_minute=1)
    for number in range(MAX_ADDRESSES + 1):
        limiter.note_failure(f"host-{number}", 0.0)
    limiter.admit("host-0", 0.0)
    with pytest.raises(LimitReached):
        limiter.admit(f"host-{MAX_ADDRESSES}", 0.0)
