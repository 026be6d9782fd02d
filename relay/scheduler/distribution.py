"""A distribution as it is kept, merged and exposed: counts by bucket, a sum, a maximum. No samples, so no growth."""

import bisect
from collections.abc import Sequence
from itertools import pairwise

from relay.errors import Misuse

WAIT_BOUNDS_S = (1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1200, 1800)
"""15 s is the threshold of the Chinese government hotline standard (GB/T 33358)."""
HANDLE_BOUNDS_S = (15, 30, 60, 120, 180, 300, 450, 600, 900, 1200, 1800, 2700, 3600, 7200)
MACHINE_BOUNDS_S = (1e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1.0, 3.0)
"""For what a machine does: a decision, a commit."""


class Distribution:
    """Values in buckets `value <= bound`, as in a Prometheus histogram."""

    __slots__ = ("bounds", "counts", "maximum", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        if not bounds or any(low >= high for low, high in pairwise(bounds)):
            raise Misuse("bucket bounds must rise")
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(bounds) + 1)
        """Per bucket, not cumulative; the last one is beyond every bound."""
        self.sum = 0.0
        self.maximum = 0.0

    @property
    def count(self) -> int:
        """How many values were observed."""
        return sum(self.counts)

    @property
    def mean(self) -> float:
        """Their mean; 0 without values."""
        count = self.count
        return self.sum / count if count else 0.0

    def observe(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect.bisect_left(self.bounds, value)] += 1
        self.sum += value
        self.maximum = max(self.maximum, value)

    def within(self, bound: float) -> int:
        """How many values were at most `bound`, which must be one of the bounds."""
        return sum(self.counts[: self.bounds.index(bound) + 1])

    def quantile(self, share: float) -> float:
        """The value below which `share` of the values lie, interpolated in its bucket; 0 without values."""
        target, below = share * self.count, 0
        for low, high, count in zip((0.0, *self.bounds), (*self.bounds, self.maximum), self.counts, strict=True):
            if count and below + count >= target:
                top = min(high, self.maximum)
                return low + (top - low) * (target - below) / count
            below += count
        return self.maximum

    def add(self, other: "Distribution") -> None:
        """Merge another one with the same bounds."""
        if other.bounds != self.bounds:
            raise Misuse("only distributions with the same bounds can be merged")
        self.counts = [own + more for own, more in zip(self.counts, other.counts, strict=True)]
        self.sum += other.sum
        self.maximum = max(self.maximum, other.maximum)
