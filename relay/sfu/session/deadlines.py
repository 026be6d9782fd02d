"""The earliest of many deadlines that move often: a heap that is corrected when an entry comes up, not when it moves."""

from heapq import heappop, heappush
from itertools import count
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT")


class Deadlines(Generic[KeyT]):
    """When to look at which key. Keys may come up early, never late; whoever is asked then schedules again."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, KeyT]] = []
        self._scheduled: dict[KeyT, float] = {}
        self._order = count()

    def schedule(self, key: KeyT, when: float | None) -> None:
        """Look at `key` at `when`, or earlier if that was asked before. None: nothing to do."""
        if when is None or self._scheduled.get(key, float("inf")) <= when:
            return
        self._scheduled[key] = when
        heappush(self._heap, (when, next(self._order), key))

    def forget(self, key: KeyT) -> None:
        """Never look at `key` again."""
        self._scheduled.pop(key, None)

    def due(self, now: float) -> list[KeyT]:
        """The keys whose time has come; each is to be scheduled again by the caller."""
        keys = []
        while self._heap and self._heap[0][0] <= now:
            when, _, key = heappop(self._heap)
            if self._scheduled.get(key) == when:
                del self._scheduled[key]
                keys.append(key)
        return keys

    def next(self) -> float | None:
        """The earliest time at which a key may be due."""
        while self._heap and self._scheduled.get(self._heap[0][2]) != self._heap[0][0]:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None
