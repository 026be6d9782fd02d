"""When a frame happened: RTP timestamps and sender reports → seconds on one clock for the whole call. Pure.

The relay passes sender reports on in its own clock (RFC 3550 §6.4.1), so one constant lays all of them onto the recorder's.
A report tells when a timestamp was *sent*, and a busy sender stamps it late, but never early: the lower quartile of the last
ones is believed, so that late reports move nothing. A stream is held until its source has reported, or for `PATIENCE_S` at most; then the
soonest arrival is its time, or, behind another source of the same slot, that source's time goes on, as the relay's
timestamps do.
"""

from collections import deque
from typing import Final

PATIENCE_S: Final = 2.5
REPORTS: Final = 9
_STEP_S: Final = 1.0
"""Reports that disagree by more with what held before mean that a clock was set: what held before is forgotten."""
_CYCLE: Final = 1 << 32


class RelayClock:
    """What to add to the relay's times to have the recorder's."""

    def __init__(self) -> None:
        self._offset_s: float | None = None

    def laid(self, at_s: float, arrived_s: float) -> float:
        """`at_s` of the relay's clock on the recorder's, as told by a report that arrived at `arrived_s`."""
        if self._offset_s is None or abs(at_s + self._offset_s - arrived_s) > _STEP_S:
            self._offset_s = arrived_s - at_s
        return at_s + self._offset_s


class Timeline:
    """One slot's times. owned: the newest timestamp without its wrap, and when timestamp 0 was, by each kind of evidence."""

    def __init__(self, clock: RelayClock, rate_hz: int) -> None:
        self._clock = clock
        self._rate_hz = rate_hz
        self._newest: int | None = None
        self._reported: deque[float] = deque(maxlen=REPORTS)
        self._arrived: float | None = None
        self._carried: float | None = None
        """As of the source before."""
        self._origin_s = 0.0
        self._waiting_since_s: float | None = None

    @property
    def is_heard(self) -> bool:
        """Whether the source of now has sent anything."""
        return self._waiting_since_s is not None

    def change_source(self) -> None:
        """Another source feeds the slot from now on."""
        self._carried = self._origin_s if self._newest is not None else None
        self._reported.clear()
        self._arrived = self._waiting_since_s = None

    def report(self, timestamp: int, ntp_s: float, arrived_s: float) -> None:
        """A sender report: `timestamp` happened at `ntp_s` of the relay's clock."""
        origin_s = self._clock.laid(ntp_s, arrived_s) - self._unwrapped(timestamp) / self._rate_hz
        if self._reported and abs(origin_s - self._origin_s) > _STEP_S:
            self._reported.clear()
        self._reported.append(origin_s)
        self._origin_s = sorted(self._reported)[len(self._reported) // 4]

    def heard(self, timestamp: int, arrived_s: float) -> None:
        """A packet came."""
        unwrapped = self._unwrapped(timestamp)
        self._newest = unwrapped if self._newest is None else max(unwrapped, self._newest)
        if self._waiting_since_s is None:
            self._waiting_since_s = arrived_s
        if not self._reported:
            origin_s = arrived_s - unwrapped / self._rate_hz
            self._arrived = origin_s if self._arrived is None else min(origin_s, self._arrived)
            self._origin_s = self._arrived if self._carried is None else self._carried

    def ready(self, now_s: float) -> bool:
        """Whether times can be told: the source has reported, or has been waited for long enough."""
        waited = self._waiting_since_s is not None and now_s >= self._waiting_since_s + PATIENCE_S
        return bool(self._reported) or waited

    def at_s(self, timestamp: int) -> float:
        """When this timestamp was, on the recorder's clock. Something must have been heard."""
        return self._origin_s + self._unwrapped(timestamp) / self._rate_hz

    def _unwrapped(self, timestamp: int) -> int:
        if self._newest is None:
            return timestamp
        step = (timestamp - self._newest) % _CYCLE
        return self._newest + (step - _CYCLE if step >= _CYCLE // 2 else step)
