"""A time that somebody has to come back, the same for all. Pure."""

from collections.abc import Hashable
from itertools import takewhile
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Grace(Generic[T]):
    """Who is awaited, the one whose time ends first in front."""

    def __init__(self, length_s: float) -> None:
        self._length_s = length_s
        self._until_s: dict[T, float] = {}

    def begin(self, awaited: T, now_s: float) -> None:
        """Await somebody; who is awaited already has no more time for it."""
        self._until_s.setdefault(awaited, now_s + self._length_s)

    def end(self, awaited: T) -> None:
        """Somebody is back, or nobody's business any more."""
        self._until_s.pop(awaited, None)

    def take_overdue(self, now_s: float) -> list[T]:
        """Those whose time is over; they are awaited no longer."""
        overdue = [each for each, _ in takewhile(lambda pair: pair[1] <= now_s, self._until_s.items())]
        for each in overdue:
            del self._until_s[each]
        return overdue

    def deadline(self) -> float | None:
        """When the next time is over."""
        return next(iter(self._until_s.values()), None)
