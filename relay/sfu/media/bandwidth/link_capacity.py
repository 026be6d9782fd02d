"""Where the link was full: mean and spread of the rates acknowledged at overuse (draft-ietf-rmcat-gcc-02 §5.5)."""

from math import sqrt
from typing import Final

_WEIGHT: Final = 0.05
_DEVIATIONS: Final = 3.0
_MIN_VARIANCE: Final = 0.4
_MAX_VARIANCE: Final = 2.5


class LinkCapacity:
    """owned: the mean, and the variance of rates in kbit/s relative to it; None: nothing is known."""

    def __init__(self) -> None:
        self._mean_kbps: float | None = None
        self._variance = _MIN_VARIANCE

    def handle_overuse(self, acknowledged_bps: float) -> None:
        """The link was full at this rate. One outside of the spread begins a new memory."""
        kbps = acknowledged_bps / 1000
        mean = self._mean_kbps
        if mean is None or abs(kbps - mean) > self._spread_kbps(mean):
            self._mean_kbps, self._variance = kbps, _MIN_VARIANCE
            return
        self._mean_kbps = mean + _WEIGHT * (kbps - mean)
        relative = (kbps - mean) ** 2 / max(self._mean_kbps, 1.0)
        self._variance = min(max(self._variance + _WEIGHT * (relative - self._variance), _MIN_VARIANCE), _MAX_VARIANCE)

    def forget(self) -> None:
        """The link has changed."""
        self._mean_kbps = None

    def is_reached(self, rate_bps: float) -> bool:
        """Whether the link may be full at this rate."""
        mean = self._mean_kbps
        return mean is not None and rate_bps / 1000 >= mean - self._spread_kbps(mean)

    def is_below(self, rate_bps: float) -> bool:
        """Whether the link was full at clearly less than this rate."""
        mean = self._mean_kbps
        return mean is not None and rate_bps / 1000 > mean + self._spread_kbps(mean)

    def _spread_kbps(self, mean_kbps: float) -> float:
        return _DEVIATIONS * sqrt(self._variance * mean_kbps)
