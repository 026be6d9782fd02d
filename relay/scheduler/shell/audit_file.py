"""The event stream as an append-only file: one JSON object a line, in order, each decision once.

The file knows by itself where it stopped: the last whole line carries the number of its decision, and a line torn by a
crash is cut off at the next opening, so that nothing is written twice or left out.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from relay.scheduler.shell.journal import JournalCorrupt

_TAIL_BYTES = 4 << 20
"""The longest line that is looked for at the end of a file."""


class AuditFile:
    """`<path>` is being written; full ones are renamed to `<path>.<last decision>` and never touched again."""

    def __init__(self, path: Path, max_bytes: int = 256 << 20) -> None:
        """Open or create, cutting off a torn line. Raises OSError, or JournalCorrupt if the file is not of this kind."""
        self._path = path
        self._max_bytes = max_bytes
        self.last = _newest_rotated(path)
        if path.exists():
            self._resume()
        self._file = path.open("ab")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(self, lines: Sequence[bytes], last: int) -> None:
        """Write whole lines (without their newline) that end with decision `last`; durable on return."""
        if self._file.tell() >= self._max_bytes:
            self._rotate()
        self._file.write(b"".join(line + b"\n" for line in lines))
        self._file.flush()
        os.fsync(self._file.fileno())
        self.last = last

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _rotate(self) -> None:
        self._file.close()
        self._path.rename(f"{self._path}.{self.last:016d}")
        self._file = self._path.open("ab")

    def _resume(self) -> None:
        size = self._path.stat().st_size
        with self._path.open("rb+") as file:
            file.seek(max(0, size - _TAIL_BYTES))
            tail = file.read()
            whole = tail[: tail.rfind(b"\n") + 1]
            if not whole and size > _TAIL_BYTES:
                raise JournalCorrupt(f"{self._path} is not an audit file: no line ends in its last {_TAIL_BYTES} bytes")
            file.truncate(size - len(tail) + len(whole))
        lines = whole.splitlines()
        if lines:
            self.last = _seq_of(lines[-1], self._path)


def _seq_of(line: bytes, path: Path) -> int:
    try:
        return int(json.loads(line)["seq"])
    except (ValueError, KeyError, TypeError) as error:
        raise JournalCorrupt(f"{path} is not an audit file: its last line has no decision number") from error


def _newest_rotated(path: Path) -> int:
    prefix = f"{path.name}."
    numbers = [name.name[len(prefix) :] for name in path.parent.glob(f"{prefix}*")]
    return max((int(number) for number in numbers if number.isdigit()), default=0)
