"""The slope of the queueing delay over the last groups (Carlucci et al. 2016; libwebrtc's trendline filter).

Each pair of groups gives the variation of the one-way delay between them. Its running sum, smoothed, is a noisy picture of
the bottleneck's queue; a least-squares line through the last 20 points says whether it grows. The slope is dimensionless:
0.1 means that the queue grows by 100 ms every second.
"""

from collections import deque
from typing import Final

_WINDOW: Final = 20
"""Points of the line."""
_SMOOTHING: Final = 0.9
_REBASE_MS: Final = 60_000.0
"""Beyond this the sums are computed afresh, so that rounding does not pile up in them."""


class Trendline:
    """A sliding least-squares line, in constant time for each point.

    owned: the points (ms of arrival, ms of smoothed delay), their sums, the zero of arrival times.
    """

    def __init__(self) -> None:
        self.points = 0
        """Since the start, not only those in the window."""
        self.slope = 0.0
        self._window: deque[tuple[float, float]] = deque()
        self._zero_ms: float | None = None
        self._delay_ms = 0.0
        self._smoothed_ms = 0.0
        self._sx = self._sy = self._sxx = self._sxy = 0.0

    def handle_variation(self, variation_ms: float, arrived_ms: float) -> float:
        """Add the variation that a group brought, and return the slope; 0.0 until the window is full."""
        if self._zero_ms is None:
            self._zero_ms = arrived_ms
        self.points += 1
        self._delay_ms += variation_ms
        self._smoothed_ms = _SMOOTHING * self._smoothed_ms + (1 - _SMOOTHING) * self._delay_ms
        x = arrived_ms - self._zero_ms
        window = self._window
        self._add(x, self._smoothed_ms, 1)
        window.append((x, self._smoothed_ms))
        if len(window) > _WINDOW:
            old_x, old_y = window.popleft()
            self._add(old_x, old_y, -1)
            if x > _REBASE_MS:
                self._rebase()
        if len(window) == _WINDOW:
            spread = _WINDOW * self._sxx - self._sx * self._sx
            if spread > 0:
                self.slope = (_WINDOW * self._sxy - self._sx * self._sy) / spread
        return self.slope

    def _add(self, x: float, y: float, sign: int) -> None:
        self._sx += sign * x
        self._sy += sign * y
        self._sxx += sign * x * x
        self._sxy += sign * x * y

    def _rebase(self) -> None:
        """Move both zeros to the oldest point; a line does not change its slope by that."""
        zero_x, zero_y = self._window[0]
        self._zero_ms = (self._zero_ms or 0.0) + zero_x
        self._delay_ms -= zero_y
        self._smoothed_ms -= zero_y
        self._window = deque((x - zero_x, y - zero_y) for x, y in self._window)
        self._sx = self._sy = self._sxx = self._sxy = 0.0
        for x, y in self._window:
            self._add(x, y, 1)
