"""Prometheus text: sums by label, and quantiles between two scrapes."""

import math

from loadtest.measure.exposition import parse_exposition, quantile_between

TEXT = """# HELP x_total things
# TYPE x_total counter
x_total{direction="in",odd="a\\"b}"} 3
x_total{direction="out"} 4 1700000000
plain 2.5e1
not a line at all
h_bucket{le="0.001"} 5
h_bucket{le="0.01"} %d
h_bucket{le="+Inf"} %d
"""


def test_samples_are_summed_by_label() -> None:
    scrape = parse_exposition(TEXT % (9, 10))
    assert scrape.total("x_total") == 7
    assert scrape.total("x_total", direction="out") == 4
    assert scrape.total("plain") == 25
    assert scrape.total("absent") == 0


def test_a_quantile_is_of_what_came_between() -> None:
    before, after = parse_exposition(TEXT % (9, 10)), parse_exposition(TEXT % (99, 101))
    assert quantile_between(before, after, "h", 0.9) == 0.01
    assert quantile_between(before, after, "h", 0.999) == math.inf
    assert quantile_between(before, before, "h", 0.5) is None
    assert quantile_between(before, after, "absent", 0.5) is None
