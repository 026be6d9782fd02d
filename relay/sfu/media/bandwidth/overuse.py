"""Is the bottleneck overused? The slope of the delay against a threshold that adapts.

A fixed threshold starves beside TCP, which fills every queue; one that follows the slope slowly upward and downward lets
delay-based flows hold their share (draft-ietf-rmcat-gcc-02 §5.4, Carlucci et al. 2016). Overuse must last, and must not be
on its way back, before it counts.
"""

from enum import Enum
from typing import Final

_GAIN: Final = 4.0
_MAX_POINTS: Final = 60
_MIN_MS: Final = 6.0
_MAX_MS: Final = 600.0
_START_MS: Final = 12.5
_RISE_PER_MS: Final = 0.0087
_FALL_PER_MS: Final = 0.039
_SPIKE_MS: Final = 15.0
"""A trend that overshoots the threshold by more does not move it: a route change, or a fade."""
_MAX_STEP_MS: Final = 100.0
_OVERUSE_MS: Final = 10.0


class Usage(Enum):
    """Of the bottleneck."""

    NORMAL = "normal"
    OVERUSE = "overuse"
    UNDERUSE = "underuse"


class OveruseDetector:
    """owned: the threshold, for how long it has been exceeded, and the verdict."""

    def __init__(self) -> None:
        self.usage = Usage.NORMAL
        self.threshold_ms = _START_MS
        self._over_ms = 0.0
        self._over_groups = 0
        self._previous_trend_ms = 0.0
        self._updated_ms: float | None = None

    def handle_slope(self, slope: float, points: int, sent_ms: float, arrived_ms: float) -> Usage:
        """A group lengthened the line to `slope` over `points`; it was sent `sent_ms` after the one before it."""
        trend_ms = slope * min(points, _MAX_POINTS) * _GAIN
        if trend_ms > self.threshold_ms:
            self._over_ms += sent_ms if self._over_groups else sent_ms / 2
            self._over_groups += 1
            if self._over_ms > _OVERUSE_MS and self._over_groups > 1 and trend_ms >= self._previous_trend_ms:
                self.usage = Usage.OVERUSE
                self._over_ms, self._over_groups = 0.0, 0
        else:
            self.usage = Usage.UNDERUSE if trend_ms < -self.threshold_ms else Usage.NORMAL
            self._over_ms, self._over_groups = 0.0, 0
        self._previous_trend_ms = trend_ms
        self._adapt(abs(trend_ms), arrived_ms)
        return self.usage

    def _adapt(self, trend_ms: float, arrived_ms: float) -> None:
        elapsed_ms = 0.0 if self._updated_ms is None else arrived_ms - self._updated_ms
        self._updated_ms = arrived_ms
        if trend_ms > self.threshold_ms + _SPIKE_MS:
            return
        gain = _FALL_PER_MS if trend_ms < self.threshold_ms else _RISE_PER_MS
        step_ms = min(max(elapsed_ms, 0.0), _MAX_STEP_MS)
        moved_ms = self.threshold_ms + gain * (trend_ms - self.threshold_ms) * step_ms
        self.threshold_ms = min(max(moved_ms, _MIN_MS), _MAX_MS)
