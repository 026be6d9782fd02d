"""What is remembered for a while: bounded in time and number, forgotten in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

_ALWAYS_MS = 1 << 62


class Memory:
    """A value, and until when it is kept."""

    __slots__ = ("key", "until_ms", "value")

    def __init__(self, until_ms: int, key: str, value: Any) -> None:
        self.until_ms = until_ms
        self.key = key
        self.value = value


class Recent:
    """Values by key, each until its time. Times must not decrease from one `put` to the next by more than settings do."""

    __slots__ = ("_log", "_values")

    def __init__(self, kept: Iterable[tuple[int, str, Any]] = ()) -> None:
        self._values: dict[str, Memory] = {}
        self._log: deque[Memory] = deque()
        for until_ms, key, value in kept:
            if until_ms == _ALWAYS_MS:
                self.hold(key, value)
            else:
                self.put(key, value, until_ms)

    def hold(self, key: str, value: Any) -> None:
        """Remember until told otherwise."""
        self._values.pop(key, None)  # or its place among the held would be one that a restored state does not know
        self._values[key] = Memory(_ALWAYS_MS, key, value)

    def put(self, key: str, value: Any, until_ms: int) -> None:
        """Remember, in place of what was there."""
        memory = self._values.get(key)
        if memory is None or memory.until_ms != _ALWAYS_MS:
            memory = self._values[key] = Memory(until_ms, key, value)
        else:
            memory.until_ms = until_ms
            memory.value = value
        self._log.append(memory)

    def get(self, key: str, now_ms: int) -> Any:
        """The value, while its time is not over."""
        memory = self._values.get(key)
        return memory.value if memory is not None and memory.until_ms > now_ms else None

    def drop(self, key: str) -> None:
        """Forget now."""
        self._values.pop(key, None)

    def forget(self, now_ms: int, limit: int) -> None:
        """Let go what is over, and the oldest beyond `limit`."""
        log, values = self._log, self._values
        while log:
            oldest = log[0]
            if oldest.until_ms > now_ms and len(values) <= limit:
                return
            log.popleft()
            if values.get(oldest.key) is oldest:
                del values[oldest.key]

    def kept(self) -> list[tuple[int, str, Any]]:
        """All of it: what is held, then the rest, oldest first."""
        held = [
            (_ALWAYS_MS, key, memory.value) for key, memory in self._values.items() if memory.until_ms == _ALWAYS_MS
        ]
        rest = [
            (memory.until_ms, memory.key, memory.value)
            for memory in self._log
            if self._values.get(memory.key) is memory
        ]
        return held + rest

    def __len__(self) -> int:
        return len(self._values)
