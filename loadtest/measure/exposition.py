"""Prometheus text (version 0.0.4) → the few sums and quantiles that a report needs. Unknown lines are skipped."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_LINE = re.compile(r"(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<labels>.*)\})?\s+(?P<value>\S+)(?:\s+\S+)?")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

Labels = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Scrape:
    """What one scrape said."""

    samples: Mapping[str, Mapping[Labels, float]] = field(default_factory=dict)

    def total(self, name: str, **labels: str) -> float:
        """Sum over all series of a metric that have these labels; 0 without any."""
        wanted = set(labels.items())
        return sum(value for found, value in self.samples.get(name, {}).items() if wanted <= found)

    def buckets(self, name: str) -> dict[float, float]:
        """Cumulative counts by upper bound, over all series of a histogram."""
        sums: dict[float, float] = {}
        for labels, value in self.samples.get(f"{name}_bucket", {}).items():
            bound = float(dict(labels)["le"])
            sums[bound] = sums.get(bound, 0.0) + value
        return dict(sorted(sums.items()))


def parse_exposition(text: str) -> Scrape:
    """Read a scrape."""
    samples: dict[str, dict[Labels, float]] = {}
    for line in text.splitlines():
        match = None if line.startswith("#") else _LINE.fullmatch(line.strip())
        if match is None:
            continue
        try:
            value = float(match["value"])
        except ValueError:
            continue
        samples.setdefault(match["name"], {})[frozenset(_LABEL.findall(match["labels"] or ""))] = value
    return Scrape(samples)


def quantile_between(earlier: Scrape, later: Scrape, name: str, share: float) -> float | None:
    """The bucket bound (in the metric's unit) that `share` of the values between two scrapes do not exceed.

    None without values; infinite when it lies above the last bound.
    """
    before, after = earlier.buckets(name), later.buckets(name)
    counts = {bound: count - before.get(bound, 0.0) for bound, count in after.items()}
    total = counts.get(math.inf, 0.0)
    if total <= 0:
        return None
    return next(bound for bound, count in counts.items() if count >= share * total)
