from relay.metrics.histogram import Histogram


def test_values_fall_into_their_buckets():
    histogram = Histogram((1.0, 5.0))
    for value in (0.5, 1.0, 1.1, 5.0, 7.0):
        histogram.observe(value)
    assert histogram.counts == [2, 2, 1]
    assert histogram.sum == 14.6


def test_a_quantile_is_the_bound_of_its_bucket():
    histogram = Histogram((1.0, 5.0), [98, 1, 1])
    assert histogram.quantile(0.5) == 1.0
    assert histogram.quantile(0.99) == 5.0
    assert histogram.quantile(1.0) == 5.0
    assert Histogram((1.0,)).quantile(0.5) is None
