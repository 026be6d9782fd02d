"""The only module that reads the time; everything else is handed a value."""

import time
from typing import Protocol


class Clock(Protocol):
    """A source of the two times the system needs."""

    def now_s(self) -> float:
        """Seconds on a clock that never goes backwards; for deadlines and durations."""

    def wall_ms(self) -> int:
        """Milliseconds since the Unix epoch; for records that people or other machines read."""

    def wall_ns(self) -> int:
        """Nanoseconds since the Unix epoch: the clock by which the kernel stamps datagrams."""


def cpu_s() -> float:
    """Seconds of CPU that this process has used so far, all threads together."""
    return time.process_time()


class SystemClock:
    """The clock of this machine."""

    def now_s(self) -> float:
        """Seconds since an arbitrary start (CLOCK_MONOTONIC)."""
        return time.monotonic()

    def wall_ms(self) -> int:
        """Milliseconds since the Unix epoch (CLOCK_REALTIME)."""
        return time.time_ns() // 1_000_000

    def wall_ns(self) -> int:
        """Nanoseconds since the Unix epoch (CLOCK_REALTIME)."""
        return time.time_ns()


class FakeClock:
    """A clock moved by hand, for tests and simulations."""

    def __init__(self, now_s: float = 0.0, wall_ms: int = 1_700_000_000_000) -> None:
        self._now_s = now_s
        self._wall_ms = wall_ms

    def now_s(self) -> float:
        """Seconds since the start, as advanced so far."""
        return self._now_s

    def wall_ms(self) -> int:
        """Milliseconds since the epoch, as advanced so far."""
        return self._wall_ms

    def wall_ns(self) -> int:
        """Nanoseconds since the epoch, as advanced so far."""
        return self._wall_ms * 1_000_000

    def advance(self, seconds: float) -> None:
        """Move both times forward by `seconds` (>= 0)."""
        self._now_s += seconds
        self._wall_ms += round(seconds * 1000)
