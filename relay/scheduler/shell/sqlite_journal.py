"""The journal of one machine: a SQLite database in WAL mode.

What is durable when `append` returns is stated by `Durability`. SQLite checksums each WAL frame, so a commit that was
torn by a crash disappears whole at the next open; on top, every batch carries its own CRC against damage on the disk.
"""

import fcntl
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import IO, Self

from relay.scheduler.shell.journal import (
    Batch,
    JournalCorrupt,
    JournalUnavailable,
    Snapshot,
    check_continues,
    checked,
)
from relay.scheduler.shell.snapshot_file import SnapshotFiles

FORMAT = 1
RETAIN_MS = 7 * 86_400_000
"""A week of a province takes some gigabytes; what must be kept for years belongs into the audit file."""
_APPLICATION_ID = 0x524C594A  # "RLYJ"
_PAGE_BYTES = 16_384
_CACHE_KIB = 256
"""Batches are appended, and read in order by onlookers: pages are hardly ever seen twice."""
_SCHEMA = """
CREATE TABLE batch (first INTEGER PRIMARY KEY, count INTEGER NOT NULL, at_ms INTEGER NOT NULL,
                    checksum INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE outbox (delivered INTEGER NOT NULL);
INSERT INTO outbox VALUES (0);
"""
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class Durability(StrEnum):
    """What an acknowledged command survives."""

    POWER_LOSS = "power-loss"
    """Every commit is flushed to the disk (synchronous=FULL): kill -9, kernel panic and power cut."""
    PROCESS_CRASH = "process-crash"
    """Commits reach the operating system (synchronous=NORMAL): kill -9; a power cut may take the last ones, in order."""


class SqliteJournal:
    """One writer per file, kept out by a lock file; readers (`relay replay`, the snapshotter) may look on at any time."""

    def __init__(
        self,
        path: Path,
        durability: Durability = Durability.POWER_LOSS,
        *,
        retain_ms: int = RETAIN_MS,
        read_only: bool = False,
    ) -> None:
        """Open or create; decisions stay readable (`relay replay`, webhooks that were away) for `retain_ms`.

        Raises JournalUnavailable (no access, other writer) or JournalCorrupt (not a journal, damaged).
        """
        self._path = path
        self._retain_ms = retain_ms
        self._snapshots = SnapshotFiles(path)
        self._lock: IO[bytes] | None = None
        with self._reporting("opened"):
            if not read_only:
                self._lock = _lock_out_other_writers(path)
            try:
                self._database = _connect(path, durability, read_only=read_only)
                self._last: int | None = self._last_on_disk()
            except BaseException:
                self._release_lock()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def last(self) -> int:
        """Number of the last durable decision; 0 when empty."""
        if self._last is None:
            with self._reporting("read"):
                self._last = self._last_on_disk()
        return self._last

    def first(self) -> int:
        """Number of the first decision that is kept; 0 when empty."""
        with self._reporting("read"):
            row = self._database.execute("SELECT min(first) FROM batch").fetchone()
        return int(row[0] or 0)

    def append(self, batch: Batch, delivered: int) -> None:
        """Commit one batch and the outbox position in one transaction."""
        check_continues(batch, self.last())
        self._last = None  # a commit that fails may yet have reached the disk: only the disk knows
        with self._reporting("written"), self._transaction():
            self._database.execute(
                "INSERT INTO batch VALUES (?, ?, ?, ?, ?)",
                (batch.first, batch.count, batch.at_ms, batch.checksum(), batch.body),
            )
            self._database.execute("UPDATE outbox SET delivered = ?", (delivered,))
        self._last = batch.last

    def read(self, after: int) -> Iterator[Batch]:
        """Batches with decisions above `after`, verified."""
        return checked(self._stored(after), after)

    def delivered(self) -> int:
        """The recorded outbox position."""
        with self._reporting("read"):
            row = self._database.execute("SELECT delivered FROM outbox").fetchone()
        return int(row[0])

    def deliver(self, delivered: int) -> None:
        """Record the outbox position by itself."""
        with self._reporting("written"), self._transaction():
            self._database.execute("UPDATE outbox SET delivered = ?", (delivered,))

    def snapshots(self) -> Iterator[Snapshot]:
        """Newest first; damaged ones are passed over."""
        return self._snapshots.newest_first()

    def snapshot_numbers(self) -> list[int]:
        """Newest first, by their names."""
        return self._snapshots.numbers()

    def save(self, snapshot: Snapshot) -> None:
        """A file beside the database."""
        self._snapshots.save(snapshot)

    def compact(self, up_to: int, now_ms: int, limit: int) -> int:
        """Delete a bounded number of old batches; the last batch always stays, it carries the numbering."""
        with self._reporting("written"), self._transaction():
            deleted = self._database.execute(
                "DELETE FROM batch WHERE first IN (SELECT first FROM batch WHERE first + count - 1 <= ? AND at_ms < ?"
                " AND first < (SELECT max(first) FROM batch) ORDER BY first LIMIT ?)",
                (up_to, now_ms - self._retain_ms, limit),
            )
        return deleted.rowcount

    def is_crowded(self) -> bool:
        """Never: a disk has room."""
        return False

    def snapshot_command(self) -> tuple[str, ...]:
        """Another process reads the file, so that neither the event loop nor this thread is held up."""
        return (sys.executable, "-m", "relay.scheduler.shell.snapshotter", str(self._path))

    def cut_tail(self) -> int:
        """Drop the last batch if it is damaged, after a disk fault; returns how many decisions were dropped.

        Raises JournalCorrupt when the damage is not in the last batch: that cannot be mended by cutting.
        """
        rows = self._database.execute("SELECT first, count FROM batch ORDER BY first DESC LIMIT 1").fetchall()
        for first, count in rows:
            try:
                list(self.read(first - 1))
            except JournalCorrupt:
                with self._reporting("written"), self._transaction():
                    self._database.execute("DELETE FROM batch WHERE first = ?", (first,))
                self._last = None
                list(self.read(self.last() - 1))
                return int(count)
        return 0

    def onlooker(self) -> "SqliteJournal":
        """A connection of its own, read-only."""
        return SqliteJournal(self._path, read_only=True)

    def close(self) -> None:
        """Checkpoint, close and let others in."""
        try:
            with self._reporting("closed"):
                self._database.close()
        finally:
            self._release_lock()

    def _stored(self, after: int) -> Iterator[Batch]:
        query = (
            "SELECT first, count, at_ms, checksum, body FROM batch"
            " WHERE first >= coalesce((SELECT max(first) FROM batch WHERE first <= ?), 0) ORDER BY first"
        )
        with self._reporting("read"):
            for first, count, at_ms, checksum, body in self._database.execute(query, (after + 1,)):
                batch = Batch(first, count, at_ms, body)
                if batch.checksum() != checksum:
                    raise JournalCorrupt(f"{self._path}: the batch of decisions {first}..{batch.last} is damaged")
                if batch.last > after:
                    yield batch

    def _last_on_disk(self) -> int:
        row = self._database.execute("SELECT first + count - 1 FROM batch ORDER BY first DESC LIMIT 1").fetchone()
        return int(row[0]) if row else 0

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise

    @contextmanager
    def _reporting(self, done: str) -> Iterator[None]:
        """Turn the disk's errors into ours: what could not be done, and why."""
        try:
            yield
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE:
                raise JournalCorrupt(f"{self._path}: {error}") from error
            raise JournalUnavailable(f"{self._path} cannot be {done}: {error}") from error
        except OSError as error:
            raise JournalUnavailable(f"{self._path} cannot be {done}: {error}") from error

    def _release_lock(self) -> None:
        if self._lock is not None:
            self._lock.close()


def _lock_out_other_writers(path: Path) -> IO[bytes]:
    """An exclusive lock that the kernel drops with the process; raises OSError."""
    lock = Path(f"{path}.lock").open("ab")  # noqa: SIM115 - held until close()
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise JournalUnavailable(f"{path} is in use by another scheduler") from None
    return lock


def _connect(path: Path, durability: Durability, *, read_only: bool) -> sqlite3.Connection:
    mode = "ro" if read_only else "rwc"
    database = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False
    )
    try:
        database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        if not read_only:
            database.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
            database.execute("PRAGMA journal_mode = WAL")
            database.execute(f"PRAGMA synchronous = {'FULL' if durability is Durability.POWER_LOSS else 'NORMAL'}")
        _prepare(database, path, read_only=read_only)
    except BaseException:
        database.close()
        raise
    return database


def _prepare(database: sqlite3.Connection, path: Path, *, read_only: bool) -> None:
    """Create the tables of a new file; refuse a file that is not a journal, or of a later format."""
    application_id = database.execute("PRAGMA application_id").fetchone()[0]
    version = database.execute("PRAGMA user_version").fetchone()[0]
    empty = database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    if empty and not read_only:
        database.executescript(
            f"BEGIN; PRAGMA application_id = {_APPLICATION_ID}; PRAGMA user_version = {FORMAT}; {_SCHEMA} COMMIT;"
        )
    elif application_id != _APPLICATION_ID:
        raise JournalCorrupt(f"{path} is not a scheduler journal")
    elif version != FORMAT:
        raise JournalCorrupt(f"{path} has journal format {version}, this version reads {FORMAT}")
