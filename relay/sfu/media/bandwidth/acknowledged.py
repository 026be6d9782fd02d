"""How fast the receiver takes what is sent, by its own clock.

While the bottleneck's queue is not empty this is the capacity of the link; otherwise it is only what was sent.
"""

from collections import deque
from typing import Final

_WINDOW_S: Final = 0.5
_RECENT_S: Final = 0.15
_MIN_SPAN_S: Final = 0.03
_STALL_S: Final = 0.05
_TELLING_BYTES: Final = 6_000
"""Fewer say nothing about a rate: radio hands packets over in bunches."""


class AcknowledgedBitrate:
    """owned: the groups of the last half second of arrival."""

    def __init__(self) -> None:
        self._groups: deque[tuple[float, int]] = deque()
        self._size_bytes = 0

    def handle_group(self, arrived_s: float, size_bytes: int) -> None:
        """A group arrived."""
        groups = self._groups
        groups.append((arrived_s, size_bytes))
        self._size_bytes += size_bytes
        oldest_s = arrived_s - _WINDOW_S
        while groups[0][0] < oldest_s:
            self._size_bytes -= groups.popleft()[1]

    def rate_bps(self) -> float | None:
        """Over the window; None while there is too little to tell."""
        if len(self._groups) < 2:
            return None
        first_s, first_bytes = self._groups[0]
        return _rate(self._size_bytes - first_bytes, self._groups[-1][0] - first_s)

    def recent_bps(self) -> float | None:
        """Over its end, to see a drop at once; after a stall that is over, only what came since: the link's rate now."""
        if len(self._groups) < 2:
            return None
        newest_s, first_bytes = self._groups[-1]
        first_s = newest_s
        size_bytes, since_stall = first_bytes, None
        for arrived_s, group_bytes in list(self._groups)[-2::-1]:
            if first_s - arrived_s > _STALL_S and since_stall is None and size_bytes >= _TELLING_BYTES:
                since_stall = _rate(size_bytes - first_bytes, newest_s - first_s, least_s=0.0)
            first_s, first_bytes = arrived_s, group_bytes
            size_bytes += group_bytes
            if newest_s - arrived_s >= _RECENT_S:
                break
        recent = _rate(size_bytes - first_bytes, newest_s - first_s) or self.rate_bps()
        return recent if recent is None else max(recent, since_stall or 0.0)


def _rate(size_bytes: int, span_s: float, least_s: float = _MIN_SPAN_S) -> float | None:
    return size_bytes * 8 / span_s if span_s >= least_s and span_s > 0 else None
