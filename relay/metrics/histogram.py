"""A histogram as it is kept and exposed: counts by bucket and a sum. No samples, so no growth."""

import bisect
from collections.abc import Sequence

SETUP_BOUNDS_S = (0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""From pick-up to first packet or frame; 150 ms is the aim."""
JITTER_BOUNDS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5)
RTT_BOUNDS_S = (0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)
LOSS_BOUNDS = (0.0, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)


class Histogram:
    """Values in buckets `value <= bound`, as Prometheus has them."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float], counts: Sequence[int] | None = None, total: float = 0.0) -> None:
        self.bounds = tuple(bounds)
        self.counts = list(counts) if counts is not None else [0] * (len(self.bounds) + 1)
        """Per bucket, not cumulative; the last one is beyond every bound."""
        self.sum = total

    def observe(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect.bisect_left(self.bounds, value)] += 1
        self.sum += value

    def quantile(self, share: float) -> float | None:
        """The bucket bound below which `share` of the values lie; None without values."""
        count = sum(self.counts)
        if not count:
            return None
        below = 0
        for bound, bucket in zip((*self.bounds, self.bounds[-1]), self.counts, strict=True):
            below += bucket
            if below >= share * count:
                return bound
        return self.bounds[-1]
