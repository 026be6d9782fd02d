"""What is remembered for a while: bounded in time and number, forgotten in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

_ALWAYS_MS = 1 << 62


class Recent:
    """Values by key, each until its time. Times must not decrease from one `put` to the next by more than settings do."""

    __slots__ = ("_log", "_values")

    def __init__(self, kept: Iterable[tuple[int, str, Any]] = ()) -> None:
        self._values: dict[str, tuple[int, Any]] = {}
        self._log: deque[tuple[int, str]] = deque()
        for until_ms, key, value in kept:
            self._values[key] = (until_ms, value)
            if until_ms != _ALWAYS_MS:
                self._log.append((until_ms, key))

    def hold(self, key: str, value: Any) -> None:
        """Remember until told otherwise."""
        self._values[key] = (_ALWAYS_MS, value)

    def put(self, key: str, value: Any, until_ms: int) -> None:
        """Remember, in place of what was there."""
        self._values[key] = (until_ms, value)
        self._log.append((until_ms, key))

    def get(self, key: str, now_ms: int) -> Any:
        """The value, while its time is not over."""
        kept = self._values.get(key)
        return kept[1] if kept is not None and kept[0] > now_ms else None

    def drop(self, key: str) -> None:
        """Forget now."""
        self._values.pop(key, None)

    def forget(self, now_ms: int, limit: int) -> None:
        """Let go what is over, and the oldest beyond `limit`."""
        log, values = self._log, self._values
        while log and (log[0][0] <= now_ms or len(values) > limit):
            until_ms, key = log.popleft()
            kept = values.get(key)
            if kept is not None and kept[0] == until_ms:
                del values[key]

    def kept(self) -> list[tuple[int, str, Any]]:
        """All of it: what is held, then the rest, oldest first."""
        found = [(until, key, value) for key, (until, value) in self._values.items() if until == _ALWAYS_MS]
        for until_ms, key in dict.fromkeys(self._log):
            kept = self._values.get(key)
            if kept is not None and kept[0] == until_ms:
                found.append((until_ms, key, kept[1]))
        return found

    def __len__(self) -> int:
        return len(self._values)
