"""The receiver's own estimate (REMB), for peers that do not send transport-wide feedback.

A receiver cannot say more than one and a half times what it gets, so its word is a bound only while it is less than what is
sent, or little more. Taken for a bound always, a call that starts small stays small: no packets, no estimate; no estimate, no
packets.
"""

from typing import Final

_SPARE: Final = 1.2
"""An estimate of more than this, times what is sent, does not bind."""
_GROWTH_PER_S: Final = 1.25
_WINDOW_S: Final = 1.0


class ReceiverEstimate:
    """given: bounds. owned: the rate, and how fast was sent over the last second."""

    def __init__(self, start_bps: float, min_bps: float, max_bps: float) -> None:
        self.rate_bps = start_bps
        self._min_bps, self._max_bps = min_bps, max_bps
        self._updated_s: float | None = None
        self._mark: tuple[float, int] | None = None
        self._sending_bps = 0.0

    def handle_sent(self, size_bytes: int, now: float) -> None:
        """The running total of what left."""
        if self._mark is None:
            self._mark = now, size_bytes
        elapsed_s = now - self._mark[0]
        if elapsed_s >= _WINDOW_S:
            self._sending_bps = (size_bytes - self._mark[1]) * 8 / elapsed_s
            self._mark = now, size_bytes

    def handle_remb(self, bitrate_bps: float, now: float) -> None:
        """The receiver said this."""
        elapsed_s = 0.0 if self._updated_s is None else min(now - self._updated_s, 1.0)
        self._updated_s = now
        if bitrate_bps < _SPARE * self._sending_bps or bitrate_bps < self.rate_bps / 2:
            rate_bps = float(bitrate_bps)
        else:
            rate_bps = max(bitrate_bps, self.rate_bps * _GROWTH_PER_S**elapsed_s)
        self.rate_bps = min(max(rate_bps, self._min_bps), self._max_bps)
