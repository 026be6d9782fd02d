from relay.service.gathering import residence
from relay.sfu.pool.worker import totals
from relay.sfu.session.events import SfuStats


def test_workers_that_have_reported_nothing_have_no_residence_times() -> None:
    nothing = residence(totals([]))
    assert (sum(nothing.counts), nothing.quantile(0.99)) == (0, None)


def test_the_sum_of_residence_times_is_estimated_from_their_buckets() -> None:
    times = residence(SfuStats(0, 0, 0, {}, (0.001, 0.003), (2, 1, 1)))
    assert (times.counts, times.sum) == ([2, 1, 1], 2 * 0.0005 + 0.002 + 0.003)
