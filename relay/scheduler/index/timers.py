"""What is due first. One heap for all timers; a timer is dead when its owner no longer waits for that moment.

A timer is `(due_ms, kind, order, name)`: at equal times the order of kinds decides, then that of the owners, so that
two engines with equal states fire alike.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from heapq import heapify, heappop, heappush
from typing import TypeAlias


class Due(IntEnum):
    """What happens when time is up, in the order in which simultaneous timers fire."""

    SEAT_LEASE = 0
    KIOSK_LEASE = 1
    OFFER = 2
    """The offer's ring time-out."""
    RING_BACK = 3
    """The citizen does not answer the callback."""
    CONNECT = 4
    """Media did not come up."""
    WRAP_UP = 5
    TARGET = 6
    """Waiting for one seat only ends."""
    WIDEN = 7
    """The next ring of the search."""
    BACKOFF = 8
    RETRY = 9
    """A failed callback has rested."""
    GIVE_UP = 10
    """Longest wait, or closing time."""
    SHIFT = 11
    """Shift's end, or a planned break's begin or end."""
    LOOKAHEAD = 12
    """An appointment comes near."""
    MISSED = 13
    FORGET = 14
    """A missed appointment leaves the engine."""


Timer: TypeAlias = tuple[int, Due, int, str, str]
"""(due_ms, kind, number of a call or appointment or 0, its id or "", seat or kiosk id or "")."""


class Timers:
    """The heap, swept when dead timers may outnumber the living."""

    __slots__ = ("_alive", "_heap", "_limit")

    def __init__(self, alive: Callable[[Timer], bool]) -> None:
        self._alive = alive
        self._heap: list[Timer] = []
        self._limit = 4096

    def set(self, due_ms: int, kind: Due, number: int, owner: str, place: str = "") -> None:
        """Add a timer; a negative `due_ms` means never."""
        if due_ms < 0:
            return
        heappush(self._heap, (due_ms, kind, number, owner, place))
        if len(self._heap) > self._limit:
            self._heap = [timer for timer in self._heap if self._alive(timer)]
            heapify(self._heap)
            self._limit = max(4096, 2 * len(self._heap))

    def due(self, now_ms: int) -> Timer | None:
        """As `first`, if that is due by now; cheap while nothing is."""
        heap = self._heap
        while heap and heap[0][0] <= now_ms:
            if self._alive(heap[0]):
                return heap[0]
            heappop(heap)
        return None

    def first(self) -> Timer | None:
        """The living timer that is due first."""
        heap = self._heap
        while heap:
            if self._alive(heap[0]):
                return heap[0]
            heappop(heap)
        return None

    def __len__(self) -> int:
        return len(self._heap)
