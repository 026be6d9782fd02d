"""Snapshots as files beside the journal: written whole, made durable, then renamed into place.

They are not rows of the database, so that tens of megabytes never stand before a commit.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from relay.scheduler.shell.journal import SNAPSHOTS_KEPT, JournalUnavailable, Snapshot

_HEADER = struct.Struct(">4sHQqIQ")
"""Magic, schema, number of the decision, engine time in ms, CRC-32 of the body, its length."""
_MAGIC = b"RLYS"


class SnapshotFiles:
    """The snapshots of the journal at `journal_path`: `<journal>.snapshot-<decision>`."""

    def __init__(self, journal_path: Path) -> None:
        self._folder = journal_path.parent
        self._prefix = f"{journal_path.name}.snapshot-"

    def newest_first(self) -> Iterator[Snapshot]:
        """Those that are complete and undamaged."""
        for path in self._paths():
            snapshot = _read(path)
            if snapshot is not None:
                yield snapshot

    def numbers(self) -> list[int]:
        """The decisions they stand at, newest first; complete or not."""
        return [int(path.name[len(self._prefix) :]) for path in self._paths()]

    def save(self, snapshot: Snapshot) -> None:
        """Write durably, then drop all but the newest `SNAPSHOTS_KEPT`. Raises JournalUnavailable."""
        final = self._folder / f"{self._prefix}{snapshot.seq:016d}"
        draft = self._folder / f"{self._prefix}draft"
        header = _HEADER.pack(
            _MAGIC, snapshot.schema, snapshot.seq, snapshot.at_ms, zlib.crc32(snapshot.body), len(snapshot.body)
        )
        try:
            with draft.open("wb") as file:
                file.write(header)
                file.write(snapshot.body)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(final)
            _sync_folder(self._folder)
            for old in self._paths()[SNAPSHOTS_KEPT:]:
                old.unlink(missing_ok=True)
        except OSError as error:
            raise JournalUnavailable(f"no snapshot could be written to {final}: {error}") from error

    def _paths(self) -> list[Path]:
        numbered = [path for path in self._folder.glob(f"{self._prefix}*") if path.name[len(self._prefix) :].isdigit()]
        return sorted(numbered, reverse=True)


def _read(path: Path) -> Snapshot | None:
    try:
        content = path.read_bytes()
    except OSError:
        return None
    if len(content) < _HEADER.size:
        return None
    magic, schema, seq, at_ms, checksum, length = _HEADER.unpack_from(content)
    body = content[_HEADER.size :]
    if magic != _MAGIC or len(body) != length or zlib.crc32(body) != checksum:
        return None
    return Snapshot(seq=seq, at_ms=at_ms, schema=schema, body=body)


def _sync_folder(folder: Path) -> None:
    """A rename is durable once its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
