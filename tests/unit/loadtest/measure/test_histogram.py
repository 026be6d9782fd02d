"""Log-linear histograms: exact where small, within 1/32 elsewhere, and differences give intervals."""

import random

import pytest

from loadtest.measure.histogram import BUCKETS, Histogram, bucket_of, upper_us


def test_every_value_lies_in_the_bucket_that_claims_it() -> None:
    for bucket in range(BUCKETS):
        upper = upper_us(bucket)
        assert bucket_of(upper) == bucket
        assert bucket_of(upper + 1) == min(bucket + 1, BUCKETS - 1)


def test_out_of_range_goes_to_the_ends() -> None:
    assert bucket_of(-5) == 0
    assert bucket_of(1 << 40) == BUCKETS - 1


def test_quantiles_are_never_below_the_truth_and_at_most_a_32nd_above() -> None:
    chance = random.Random(7)
    values = sorted(chance.lognormvariate(1, 2) for _ in range(5000))
    histogram = Histogram.of_ms(values)
    for share in (0.5, 0.9, 0.99, 0.999):
        true = values[max(0, round(share * len(values)) - 1)]
        found = histogram.quantile_ms(share)
        assert found is not None
        assert true - 0.001 <= found <= true * (1 + 1 / 32) + 0.002


def test_a_difference_is_what_came_between() -> None:
    earlier = Histogram.of_ms([1.0, 2.0])
    later = earlier + Histogram.of_ms([50.0])
    assert (later - earlier).count == 1
    assert (later - earlier).quantile_ms(0.5) == pytest.approx(50, rel=0.04)


def test_nothing_has_no_quantile_and_no_summary() -> None:
    assert Histogram().quantile_ms(0.5) is None
    assert Histogram().summary("latency") == {}
    assert Histogram().cdf() == []


def test_the_cdf_rises_to_one() -> None:
    points = Histogram.of_ms([1, 1, 3, 200]).cdf()
    assert [share for _, share in points] == [0.5, 0.75, 1.0]
