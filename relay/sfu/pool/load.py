"""How loaded a worker is: its share of a core, and how long packets stay in it. Pure; fed with running totals."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from relay.sfu.session.events import SfuStats

_MIN_PACKETS = 200
"""Fewer packets in an interval say nothing about a 99th percentile."""
_WEIGHT = 0.5
"""Of the newest interval in a rate: two or three of them make a trend, one is an accident."""
_LASTING = 4
"""Intervals in a row in which packets must have stayed long: a machine that was busy for a moment is not full."""


@dataclass(frozen=True, slots=True)
class Load:
    """A worker's load, smoothed over a few seconds."""

    cpu_ratio: float = 0.0
    """Of one core: its event loop cannot do more than 1."""
    residence_p99_s: float = 0.0
    """From the kernel to the kernel, in the best of the last intervals; 0 while there is next to no traffic."""
    packets_per_s: float = 0.0


class LoadMeter:
    """Turns totals into a load. owned: the totals of the last look."""

    def __init__(self) -> None:
        self.load = Load()
        self._at_s: float | None = None
        self._cpu_s = 0.0
        self._packets = 0
        self._counts: tuple[int, ...] = ()
        self._p99_s = deque([0.0] * _LASTING, _LASTING)

    def observe(self, stats: SfuStats, cpu_s: float, now_s: float) -> Load:
        """The load since the last call, weighed with what was; `cpu_s` is all that the worker has used so far."""
        packets = stats.counters.get("packets_in", 0) + stats.counters.get("packets_out", 0)
        if self._at_s is not None and now_s > self._at_s:
            elapsed_s = now_s - self._at_s
            counts = [new - old for new, old in zip(stats.residence_counts, self._counts, strict=True)]
            self._p99_s.append(_p99(stats.residence_bounds_s, counts))
            self.load = Load(
                _smooth(self.load.cpu_ratio, (cpu_s - self._cpu_s) / elapsed_s),
                min(self._p99_s),
                _smooth(self.load.packets_per_s, (packets - self._packets) / elapsed_s),
            )
        self._at_s, self._cpu_s, self._packets, self._counts = now_s, cpu_s, packets, stats.residence_counts
        return self.load


def _smooth(before: float, value: float) -> float:
    return before + _WEIGHT * (value - before)


def _p99(bounds_s: Sequence[float], counts: Sequence[int]) -> float:
    total = sum(counts)
    if total < _MIN_PACKETS:
        return 0.0
    below = 0
    for bound_s, bucket in zip(bounds_s, counts, strict=False):
        below += bucket
        if below >= 0.99 * total:
            return bound_s
    return 2 * bounds_s[-1] if bounds_s else 0.0
