"""The largest load that passes: doubling until one fails, then halving the interval. Pure.

A load that fails is tried once more before it is believed: on a machine with other work, one bad second is no limit.
Whoever has to stop early still has `best` and `lowest_failed`.
"""


class CapacitySearch:
    """`next_load` says what to try, `note` takes the outcome. owned: the interval in which the capacity lies."""

    def __init__(self, start: int, most: int, resolution: float = 0.05) -> None:
        """Loads from 1 to `most`; it is over when the interval is at most `resolution` of the best load, or 1."""
        self.best = 0
        """The largest load that passed; 0: none yet."""
        self.lowest_failed: int | None = None
        self._most = most
        self._resolution = resolution
        self._next = min(max(start, 1), most)
        self._failed_once = False

    def next_load(self) -> int | None:
        """None when it is over."""
        if self.best >= self._most:
            return None
        if self.lowest_failed is None:
            return self._next
        gap = self.lowest_failed - self.best
        if gap <= max(1.0, self._resolution * self.best):
            return None
        return self._next

    def note(self, load: int, passed: bool) -> None:
        """The outcome of the load that `next_load` gave."""
        if not passed and not self._failed_once:
            self._failed_once = True
            return
        self._failed_once = False
        if passed:
            self.best = max(self.best, load)
        else:
            self.lowest_failed = load
        if self.lowest_failed is None:
            self._next = min(2 * load, self._most)
        else:
            self._next = (self.best + self.lowest_failed) // 2
