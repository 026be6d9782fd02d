"""How long the bottleneck's queue is now, and how much slower to send until it is gone.

GCC waits for a queue to drain while it sends at 85 % of the link's rate: a queue of 300 ms lasts for two seconds. Here the
queue is measured, and the rate falls below the link's by so much that the queue is gone soon after. Two measures, the larger
counts:

- the one-way delay above the least of the last half minute (the offset of the clocks cancels, and their drift is small in
  that time);
- what is in flight beyond what the path holds without a queue: this sees an outage while no feedback comes at all.

A path may get longer for good (another cell, another route). Then slowing down does not shorten the delay, and after a second
of that the present delay is taken for that of the empty path.
"""

from typing import Final

from relay.sfu.media.bandwidth.windowed_minimum import WindowedMinimum

_TOLERATED_S: Final = 0.02
"""Bursts of frames and the radio's own grid make this much without any standing queue."""
_DRAIN_S: Final = 0.1
_LEAST_SHARE: Final = 0.2
"""Frames keep flowing, be they small: a frozen picture is worse than a late one."""
_ALLOWANCE_BYTES: Final = 500
_FUTILE_S: Final = 1.0
_LONGER_S: Final = 0.5
"""No route is longer than the other by more: this is a queue, whatever it does."""
_STANDING_S: Final = 0.1
_UNKNOWN_ROUND_TRIP_S: Final = 0.1


class StandingQueue:
    """owned: least one-way delay and round trip, the queue, since when slowing down has been without effect."""

    def __init__(self) -> None:
        self.queue_s = 0.0
        """Waiting time of what is sent now."""
        self.stands = False
        """It is long, and does not get shorter: more is sent than the link takes."""
        self._delay = WindowedMinimum()
        self._round_trip = WindowedMinimum()
        self._steady_since_s: float | None = None
        self._steady_delay_s = 0.0

    @property
    def round_trip_s(self) -> float:
        """Of an empty path, without the time that feedback waits to be sent."""
        return self._round_trip.value or _UNKNOWN_ROUND_TRIP_S

    @property
    def is_empty(self) -> bool:
        """Nothing waits but what bursts make."""
        return self.queue_s <= _TOLERATED_S

    @property
    def share(self) -> float:
        """Of the link's rate, to send at now; 1.0 without a queue."""
        return 1.0 if self.is_empty else max(_LEAST_SHARE, 1.0 - (self.queue_s - _TOLERATED_S) / _DRAIN_S)

    def handle_delay(self, delay_s: float, round_trip_s: float, now: float) -> None:
        """A feedback message: its least one-way delay (from any zero), and the time since its newest packet was sent."""
        queue_s = delay_s - self._delay.handle_value(delay_s, now)
        self._round_trip.handle_value(round_trip_s, now)
        if self._is_path(delay_s, queue_s, now):
            self._delay.restart(delay_s, now)
            self._round_trip.restart(round_trip_s, now)
            queue_s = 0.0
        shrinks = queue_s < self.queue_s - _TOLERATED_S
        self.stands = not shrinks and min(queue_s, self.queue_s) > _STANDING_S
        self.queue_s = queue_s

    def handle_in_flight(self, in_flight_bytes: int, rate_bps: float, waited_s: float) -> None:
        """What is unanswered `waited_s` after the last feedback message, on a link of this rate."""
        in_flight_s = (in_flight_bytes - _ALLOWANCE_BYTES) * 8 / rate_bps
        self.queue_s = max(self.queue_s, in_flight_s - self.round_trip_s - waited_s)

    def _is_path(self, delay_s: float, queue_s: float, now: float) -> bool:
        """Whether the delay has been the same for so long, while less was sent, that nothing waits in it."""
        steady = abs(delay_s - self._steady_delay_s) <= _TOLERATED_S
        if queue_s <= _TOLERATED_S:
            self._steady_since_s = None
        elif self._steady_since_s is None or not steady or queue_s > _LONGER_S:
            self._steady_since_s, self._steady_delay_s = now, delay_s
        elif now - self._steady_since_s > _FUTILE_S:
            self._steady_since_s = None
            return True
        return False
