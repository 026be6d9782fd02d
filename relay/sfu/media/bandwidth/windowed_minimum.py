"""The least value of the last half minute."""

from collections import deque
from typing import Final

_BUCKET_S: Final = 3.0
_BUCKETS: Final = 10


class WindowedMinimum:
    """In buckets of three seconds, so that it costs the same however often it is fed.

    owned: the least of each past bucket, and of the one being filled.
    """

    def __init__(self) -> None:
        self.value: float | None = None
        self._past: deque[float] = deque(maxlen=_BUCKETS - 1)
        self._current = float("inf")
        self._ends_s = float("-inf")

    def handle_value(self, value: float, now: float) -> float:
        """Add a value; returns the least."""
        if now >= self._ends_s:
            if self.value is not None:
                self._past.append(self._current)
            self._current, self._ends_s = value, now + _BUCKET_S
        elif value < self._current:
            self._current = value
        self.value = min(self._current, min(self._past, default=self._current))
        return self.value

    def restart(self, value: float, now: float) -> None:
        """Forget everything but this."""
        self._past.clear()
        self.value, self._current, self._ends_s = value, value, now + _BUCKET_S
