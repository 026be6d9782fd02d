"""A against B when a machine is never quiet: runs that alternate, medians, their ratio, and how far the ratio moves.

A bad second hits neighbours in time alike, so the pairs (first A with first B …) give the spread that a reader should see.
"""

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple


class Ratio(NamedTuple):
    """How many times B is A."""

    a: float
    """Median."""
    b: float
    ratio: float
    """Of the medians, B over A."""
    lowest: float
    """Of the pairs."""
    highest: float

    def __str__(self) -> str:
        return f"{self.ratio:.2f} ({self.lowest:.2f} to {self.highest:.2f})"


def ratio_of_medians(a: Sequence[float], b: Sequence[float]) -> Ratio:
    """Runs in the order in which they alternated. Raises `ValueError` without pairs, or when an A is not above 0."""
    pairs = list(zip(a, b, strict=True))
    if not pairs or min(a) <= 0:
        raise ValueError("a ratio needs pairs of runs, and values of A above 0")
    ratios = [each_b / each_a for each_a, each_b in pairs]
    return Ratio(median(a), median(b), median(b) / median(a), min(ratios), max(ratios))
