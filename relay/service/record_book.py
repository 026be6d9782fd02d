"""The call detail records of late, in the order in which calls left the engine. Pure."""

import bisect
from collections import deque
from dataclasses import dataclass
from operator import attrgetter

from relay.scheduler.reports import CallRecord

MAX_RECORDS = 10_000
"""Kept in memory; older ones are in the journal (`relay replay --records`) and the audit file."""


@dataclass(frozen=True, slots=True)
class FinishedCall:
    """One call detail record."""

    seq: int
    """Number of the decision that completed it."""
    record: CallRecord


class RecordBook:
    """The last ones, at most `limit`."""

    def __init__(self, limit: int = MAX_RECORDS) -> None:
        self._finished: deque[FinishedCall] = deque(maxlen=limit)
        self.forgotten = 0
        """The last decision whose record was dropped for room."""

    def add(self, seq: int, record: CallRecord) -> None:
        """A call has left the engine."""
        if len(self._finished) == self._finished.maxlen:
            self.forgotten = self._finished[0].seq
        self._finished.append(FinishedCall(seq, record))

    def precede(self, earlier: "RecordBook") -> None:
        """Put the records of a former run in front, as many as there is room for."""
        room = (self._finished.maxlen or 0) - len(self._finished)
        kept = list(earlier._finished)
        dropped, kept = kept[: max(0, len(kept) - room)], kept[max(0, len(kept) - room) :]
        self._finished.extendleft(reversed(kept))
        self.forgotten = max(self.forgotten, dropped[-1].seq if dropped else earlier.forgotten)

    def after(self, seq: int, limit: int) -> list[FinishedCall]:
        """Those completed after decision `seq`, oldest first."""
        finished = list(self._finished)
        start = bisect.bisect_right(finished, seq, key=attrgetter("seq"))
        return finished[start : start + limit]

    def find(self, call: str) -> FinishedCall | None:
        """The record of one call."""
        return next((each for each in reversed(self._finished) if each.record.call == call), None)
