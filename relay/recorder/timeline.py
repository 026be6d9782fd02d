"""When a frame happened: RTP timestamps and sender reports → milliseconds on one wall clock for the whole call. Pure.

Streams of one participant share a clock, which its sender reports name (RFC 3550 §6.4.1): within a participant, times are as
exact as its reports, and lips stay with voices. Participants' clocks do not agree; each is laid onto the recorder's by the
first report that comes from it. A stream is held until its clock is known, or for `PATIENCE_S` at most.
"""

from dataclasses import dataclass
from typing import Final

PATIENCE_S: Final = 2.5
_STEP_S: Final = 1.0
"""Reports that disagree by more with the ones before come from another source: a new clock."""
_WRAP: Final = 1 << 32


@dataclass(slots=True)
class _Clock:
    """A participant's: what to add to its seconds to have the recorder's."""

    offset_s: float


class Clocks:
    """The clocks of the participants, by name."""

    def __init__(self) -> None:
        self._clocks: dict[str, _Clock] = {}

    def laid(self, owner: str, at_s: float, arrived_s: float) -> float:
        """`at_s` of the owner's clock on the recorder's, where it was named by a report that arrived at `arrived_s`."""
        clock = self._clocks.get(owner)
        if clock is None or abs(at_s + clock.offset_s - arrived_s) > _STEP_S:
            clock = self._clocks[owner] = _Clock(arrived_s - at_s)
        return at_s + clock.offset_s


class Timeline:
    """One stream's times."""

    def __init__(self, clocks: Clocks, rate_hz: int) -> None:
        self._clocks = clocks
        self._rate_hz = rate_hz
        self._anchor: tuple[int, float] | None = None
        """An RTP timestamp and its time."""
        self._first: tuple[int, float] | None = None
        """The first timestamp heard, and when: used when no report comes."""
        self._owner = ""

    @property
    def known(self) -> bool:
        """Whether a report has named the clock."""
        return self._anchor is not None

    def belong(self, owner: str) -> None:
        """The stream is this participant's from now on."""
        if owner != self._owner:
            self._owner, self._anchor, self._first = owner, None, None

    def report(self, timestamp: int, ntp_s: float, arrived_s: float) -> None:
        """A sender report: `timestamp` happened at `ntp_s` of the owner's clock."""
        self._anchor = (timestamp, self._clocks.laid(self._owner, ntp_s, arrived_s))

    def heard(self, timestamp: int, arrived_s: float) -> None:
        """A packet came."""
        if self._first is None:
            self._first = (timestamp, arrived_s)

    def ready(self, now_s: float) -> bool:
        """Whether times can be told: the clock is known, or has been waited for long enough."""
        return self.known or (self._first is not None and now_s >= self._first[1] + PATIENCE_S)

    def at_s(self, timestamp: int) -> float:
        """When this timestamp was, on the recorder's clock. Something must have been heard."""
        anchor = self._anchor or self._first
        if anchor is None:
            return 0.0
        step = (timestamp - anchor[0]) % _WRAP
        return anchor[1] + (step - _WRAP if step >= _WRAP // 2 else step) / self._rate_hz
