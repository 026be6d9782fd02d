"""What is due first. A timer is dead when its owner no longer waits for that moment; nobody takes it out before.

Timers lie unsorted in buckets of a few milliseconds; a bucket is sorted when its time comes. So setting one costs the same
however many there are (a calendar queue: R. Brown, CACM 31(10), 1988), and only the buckets' numbers are in a heap.

A timer is `(due_ms, kind, order, name)`: at equal times the order of kinds decides, then that of the owners, so that
two engines with equal states fire alike.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable
from enum import IntEnum
from heapq import heappop, heappush
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


_BUCKET_BITS = 4
"""Buckets of 16 ms: at 20,000 calls a second that is some thousand timers to sort at a time."""
_FEW = 4096
"""Dead timers are looked for when there are more."""
Timer: TypeAlias = tuple[int, Due, int, str, str]
"""(due_ms, kind, number of a call or appointment or 0, its id or "", seat or kiosk id or "")."""


class Timers:
    """All timers, in the order in which they fire."""

    __slots__ = ("_alive", "_buckets", "_current", "_limit", "_next", "_numbers", "_size", "_sorted", "_unswept")

    def __init__(self, alive: Callable[[Timer], bool]) -> None:
        self._alive = alive
        self._buckets: dict[int, list[Timer]] = {}
        """Unsorted, by number: `due_ms >> _BUCKET_BITS`."""
        self._numbers: list[int] = []
        """A heap of the numbers of `_buckets`."""
        self._sorted: list[Timer] = []
        """The bucket that is due first, once it has been looked into; those before `_next` are done with."""
        self._current = -1
        """Its number; -1: none has been looked into."""
        self._next = 0
        self._size = 0
        self._limit = _FEW
        self._unswept: list[int] = []
        """Buckets that may be full of dead timers."""

    def set(self, due_ms: int, kind: Due, number: int, owner: str, place: str = "") -> None:
        """Add a timer; a negative `due_ms` means never."""
        if due_ms < 0:
            return
        self._size += 1
        timer = (due_ms, kind, number, owner, place)
        bucket_number = due_ms >> _BUCKET_BITS
        if bucket_number <= self._current:
            if bucket_number == self._current:
                insort(self._sorted, timer, self._next)
                return
            self._put_back()
        bucket = self._buckets.get(bucket_number)
        if bucket is None:
            self._buckets[bucket_number] = [timer]
            heappush(self._numbers, bucket_number)
        else:
            bucket.append(timer)
        if self._size > self._limit:
            self._sweep()

    def due(self, now_ms: int) -> Timer | None:
        """As `first`, if that is due by now; cheap while nothing is."""
        while True:
            if self._next >= len(self._sorted) and not (
                self._numbers and self._numbers[0] <= now_ms >> _BUCKET_BITS and self._look_into_next()
            ):
                return None
            timer = self._sorted[self._next]
            if timer[0] > now_ms:
                return None
            if self._alive(timer):
                return timer
            self._next += 1
            self._size -= 1

    def first(self) -> Timer | None:
        """The living timer that is due first."""
        while self._next < len(self._sorted) or self._look_into_next():
            timer = self._sorted[self._next]
            if self._alive(timer):
                return timer
            self._next += 1
            self._size -= 1
        return None

    def __len__(self) -> int:
        return self._size

    def _look_into_next(self) -> bool:
        """Make the first bucket that is not empty the current one."""
        while self._numbers:
            number = heappop(self._numbers)
            bucket = self._buckets.pop(number)
            if bucket:
                bucket.sort()
                self._sorted = bucket
                self._current = number
                self._next = 0
                return True
        self._sorted = []
        self._current = -1
        self._next = 0
        return False

    def _put_back(self) -> None:
        """Something is due before the bucket that was looked into."""
        if self._next < len(self._sorted):
            self._buckets[self._current] = self._sorted[self._next :]
            heappush(self._numbers, self._current)
        self._sorted = []
        self._current = -1
        self._next = 0

    def _sweep(self) -> None:
        """Take dead timers out of one bucket; when all have been swept, so many more may come as live."""
        if not self._unswept:
            self._unswept = list(self._buckets)
        number = self._unswept.pop()
        bucket = self._buckets.get(number)
        if bucket is not None:
            living = [timer for timer in bucket if self._alive(timer)]
            self._size -= len(bucket) - len(living)
            self._buckets[number] = living
        if not self._unswept:
            self._limit = max(_FEW, 2 * self._size)
