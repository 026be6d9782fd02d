"""Engine time: calendar milliseconds that never go backwards, whatever is done to the machine's clock.

It is paced by the monotonic clock and pulled towards the wall clock by at most a tenth of the elapsed time. A wall clock
that is a second or more ahead (the machine slept, or the clock was wrong and is now set) is followed at once, because
appointments and opening hours are calendar times; one that was set back is waited for, never followed.
"""

from relay.clock import Clock

_PULL = 0.1
_STEP_MS = 1_000.0


class SteadyClock:
    """`now_ms()` for the engine; starts at the wall clock, or at `not_before_ms` if a replayed decision is later."""

    def __init__(self, clock: Clock, not_before_ms: int = 0) -> None:
        self._clock = clock
        self._paced_at_s = clock.now_s()
        self._engine_ms = float(max(clock.wall_ms(), not_before_ms))

    def now_ms(self) -> int:
        """Milliseconds since the Unix epoch, never less than the last answer."""
        at_s = self._clock.now_s()
        elapsed_ms = (at_s - self._paced_at_s) * 1000.0
        self._paced_at_s = at_s
        self._engine_ms += elapsed_ms
        ahead_ms = self._clock.wall_ms() - self._engine_ms
        pull_ms = _PULL * elapsed_ms
        self._engine_ms += ahead_ms if ahead_ms >= _STEP_MS else max(-pull_ms, min(pull_ms, ahead_ms))
        return int(self._engine_ms)
