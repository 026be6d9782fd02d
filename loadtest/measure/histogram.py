"""Log-linear histograms of durations (the idea of HdrHistogram): every bucket is at most 1/32 of its value wide.

Values are whole microseconds from 0 to 2³⁰ (18 minutes); those up to 63 are exact. `loadtest.engine` fills the same
buckets in compiled code.
"""

from collections.abc import Iterable, Sequence
from typing import Self

EXACT = 64
STEPS = 32
MAX_BITS = 30
BUCKETS = EXACT + (MAX_BITS - 6) * STEPS


def bucket_of(value_us: int) -> int:
    """Where a value is counted; what is out of range goes to the nearest end."""
    value_us = min(max(value_us, 0), (1 << MAX_BITS) - 1)
    if value_us < EXACT:
        return value_us
    shift = value_us.bit_length() - 6
    return EXACT + (shift - 1) * STEPS + (value_us >> shift) - STEPS


def upper_us(bucket: int) -> int:
    """The largest value that a bucket counts."""
    if bucket < EXACT:
        return bucket
    shift, step = divmod(bucket - EXACT, STEPS)
    return ((STEPS + step + 1) << (shift + 1)) - 1


class Histogram:
    """Counts by bucket. Quantiles are never below the truth, and at most 3.2 % above it."""

    __slots__ = ("counts",)

    def __init__(self, counts: Sequence[int] | None = None) -> None:
        self.counts = [0] * BUCKETS if counts is None else list(counts)
        if len(self.counts) != BUCKETS:
            raise ValueError(f"a histogram has {BUCKETS} buckets, not {len(self.counts)}")

    @classmethod
    def of_ms(cls, values_ms: Iterable[float]) -> Self:
        """Of these values."""
        histogram = cls()
        for value in values_ms:
            histogram.observe_ms(value)
        return histogram

    def __add__(self, other: "Histogram") -> "Histogram":
        return Histogram([a + b for a, b in zip(self.counts, other.counts, strict=True)])

    def __sub__(self, earlier: "Histogram") -> "Histogram":
        return Histogram([a - b for a, b in zip(self.counts, earlier.counts, strict=True)])

    @property
    def count(self) -> int:
        """How many values."""
        return sum(self.counts)

    def observe_ms(self, value_ms: float) -> None:
        """Count one value."""
        self.counts[bucket_of(round(value_ms * 1000))] += 1

    def quantile_ms(self, share: float) -> float | None:
        """What `share` of the values do not exceed; None without values."""
        wanted = max(share * self.count, 1)
        below = 0
        for bucket, count in enumerate(self.counts):
            below += count
            if count and below >= wanted:
                return upper_us(bucket) / 1000
        return None

    @property
    def max_ms(self) -> float | None:
        """The bound of the highest bucket in use."""
        return self.quantile_ms(1.0)

    def cdf(self) -> list[tuple[float, float]]:
        """(milliseconds, share of values up to it), one point for each bucket in use."""
        total, below, points = self.count, 0, []
        for bucket, count in enumerate(self.counts):
            if count:
                below += count
                points.append((upper_us(bucket) / 1000, below / total))
        return points

    def summary(self, name: str) -> dict[str, float]:
        """p50, p95, p99, p99.9 and max as `<name>_p50_ms` …; nothing without values."""
        shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p999": 0.999, "max": 1.0}
        found = {f"{name}_{label}_ms": self.quantile_ms(share) for label, share in shares.items()}
        return {label: value for label, value in found.items() if value is not None}
