import pytest

from relay.errors import Misuse
from relay.scheduler.distribution import WAIT_BOUNDS_S, Distribution


def observed(*values: float) -> Distribution:
    distribution = Distribution(WAIT_BOUNDS_S)
    for value in values:
        distribution.observe(value)
    return distribution


def test_a_bound_belongs_to_its_bucket():
    distribution = observed(0, 14.9, 15, 15.001, 5_000)
    assert distribution.within(15) == 3
    assert distribution.within(20) == 4
    assert distribution.count == 5
    assert distribution.counts[-1] == 1
    assert (distribution.maximum, distribution.sum) == (5_000, pytest.approx(5_044.901))


def test_quantiles_are_interpolated_and_bounded_by_the_maximum():
    distribution = observed(*[12.0] * 50, *[40.0] * 50)
    assert distribution.quantile(0.5) == pytest.approx(15.0)
    assert distribution.quantile(0.75) == pytest.approx(35.0)
    assert distribution.quantile(1.0) == 40.0
    assert observed(9_000.0).quantile(0.99) == pytest.approx(8_928.0)
    assert (observed().quantile(0.9), observed().mean) == (0.0, 0.0)


def test_merging_adds_buckets():
    whole = observed(1, 2)
    whole.add(observed(100))
    assert (whole.count, whole.sum, whole.maximum, whole.mean) == (3, 103, 100, pytest.approx(103 / 3))
    with pytest.raises(Misuse):
        whole.add(Distribution([1.0]))


@pytest.mark.parametrize("bounds", [[], [2, 1], [1, 1]])
def test_bounds_must_rise(bounds):
    with pytest.raises(Misuse):
        Distribution(bounds)
