"""Whether a worker process is alive, and when to start another in its place. Pure."""

_LONG_LIFE_S = 30.0
"""A worker that has lived so long did not die of its start."""
_FIRST_DELAY_S = 0.25
_MAX_DELAY_S = 10.0


class Watchdog:
    """Counts looks in which nothing had been heard.

    Looks are counted, not seconds: when the node itself was held up, it has not listened.
    """

    def __init__(self, patience: int) -> None:
        self._patience = patience
        self._misses = 0

    def heard(self) -> None:
        """The worker has said something."""
        self._misses = 0

    def look(self) -> bool:
        """Called at an interval; True when the worker has been silent for too many looks."""
        self._misses += 1
        return self._misses > self._patience


class Restarts:
    """How long to wait before a worker is started again: not at all, but ever longer when it dies young."""

    def __init__(self) -> None:
        self._failures = 0

    def delay_s(self, lived_s: float) -> float:
        """The worker has ended after `lived_s`."""
        self._failures = 0 if lived_s >= _LONG_LIFE_S else self._failures + 1
        if self._failures <= 1:
            return 0.0
        return min(_MAX_DELAY_S, _FIRST_DELAY_S * 2.0 ** min(self._failures - 2, 16))
