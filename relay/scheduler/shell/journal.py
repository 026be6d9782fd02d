"""Where decisions become durable: the contract of a journal, and the one that lives in memory.

A journal holds a gapless sequence of decisions, numbered from 1, in batches: one batch is one commit, whole or not at
all. It neither knows nor decodes what it keeps. Its methods block, and belong to one thread (see service.py).
"""

import bisect
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Protocol

from relay.errors import InvariantError, RelayError, Unavailable

SNAPSHOTS_KEPT = 2
"""The newest may be unreadable after a disk fault; the one before it only costs a longer replay."""
MEMORY_BYTES = 4_194_304
"""What a journal in memory takes in between two snapshots, at least: some 1,500 calls, for readers that fall behind."""
_MEMORY_RATIO = 4
"""And at least so many times the last snapshot, so that taking them stays cheap beside deciding."""
_BATCH_BYTES = 200
"""Of a batch in memory, besides its body."""


class JournalUnavailable(Unavailable):
    """The journal cannot be written now; nothing was changed."""

    problem = "journal-unavailable"
    hint = "Retry with the same idempotency key once the disk is writable again (space, permissions, mount)."


class JournalCorrupt(RelayError):
    """The journal's content contradicts itself."""

    problem = "journal-corrupt"
    hint = "Keep a copy of the file; `relay replay --cut-tail` drops a damaged last batch, older damage needs a backup."


@dataclass(frozen=True, slots=True)
class Batch:
    """Decisions `first` .. `first + count - 1`, encoded together and committed together."""

    first: int
    count: int
    at_ms: int
    """Engine time of the last decision in it."""
    body: bytes

    @property
    def last(self) -> int:
        """Number of its last decision."""
        return self.first + self.count - 1

    def checksum(self) -> int:
        """CRC-32 over numbering and body."""
        return zlib.crc32(self.body, zlib.crc32(b"%d %d %d" % (self.first, self.count, self.at_ms)))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state after decision `seq`, encoded; `schema` names the encoding."""

    seq: int
    at_ms: int
    schema: int
    body: bytes


class Journal(Protocol):
    """An append-only sequence of batches with snapshots and one outbox position. Every method may block."""

    def last(self) -> int:
        """Number of the last durable decision; 0 when empty."""

    def first(self) -> int:
        """Number of the first decision that is kept; 0 when empty."""

    def append(self, batch: Batch, delivered: int) -> None:
        """Make the batch durable, and with it the outbox position; on return both are.

        Raises JournalUnavailable when the disk refuses: then neither is.
        """

    def read(self, after: int) -> Iterator[Batch]:
        """The batches that hold decisions numbered above `after`, in order. Raises JournalCorrupt on a gap or damage."""

    def delivered(self) -> int:
        """Every effect of decisions up to this number was carried out, as far as was recorded."""

    def deliver(self, delivered: int) -> None:
        """Record the outbox position by itself. Raises JournalUnavailable."""

    def snapshots(self) -> Iterator[Snapshot]:
        """Readable snapshots, newest first."""

    def snapshot_numbers(self) -> list[int]:
        """Decisions at which the snapshots stand, newest first, readable or not."""

    def save(self, snapshot: Snapshot) -> None:
        """Keep a snapshot beside the batches. Raises JournalUnavailable."""

    def compact(self, up_to: int, now_ms: int, limit: int) -> int:
        """Drop at most `limit` of the batches that end at or before decision `up_to` and are older than it retains.

        Returns how many were dropped.
        """

    def is_crowded(self) -> bool:
        """Whether it wants a snapshot now, to drop what lies before it, however few decisions these are."""

    def snapshot_command(self) -> tuple[str, ...]:
        """Program and arguments that write a snapshot from outside; empty: it is taken in this process."""

    def onlooker(self) -> "Journal":
        """The same content for another thread, to read only; close it after use. Raises JournalUnavailable."""

    def close(self) -> None:
        """Release the file; the journal is unusable afterwards."""


class MemoryJournal:
    """A journal for tests, simulations and portals that accept to lose the queue with the process."""

    def __init__(self) -> None:
        self._batches: list[Batch] = []
        self._snapshots: list[Snapshot] = []
        self._delivered = 0
        self._fresh_bytes = 0
        """Appended since the newest snapshot."""

    def last(self) -> int:
        """Number of the last decision; 0 when empty."""
        if self._batches:
            return self._batches[-1].last
        return self._snapshots[-1].seq if self._snapshots else 0

    def first(self) -> int:
        """Number of the first decision that is kept."""
        return self._batches[0].first if self._batches else 0

    def append(self, batch: Batch, delivered: int) -> None:
        """Keep the batch; raises InvariantError unless it continues the numbering."""
        check_continues(batch, self.last())
        self._batches.append(batch)
        self._fresh_bytes += _BATCH_BYTES + len(batch.body)
        self._delivered = delivered

    def read(self, after: int) -> Iterator[Batch]:
        """Batches with decisions above `after`."""
        start = bisect.bisect_right(self._batches, after, key=attrgetter("last"))
        return iter(self._batches[start:])

    def delivered(self) -> int:
        """The recorded outbox position."""
        return self._delivered

    def deliver(self, delivered: int) -> None:
        """Record the outbox position."""
        self._delivered = delivered

    def snapshots(self) -> Iterator[Snapshot]:
        """Newest first."""
        return reversed(self._snapshots)

    def snapshot_numbers(self) -> list[int]:
        """Newest first."""
        return [snapshot.seq for snapshot in reversed(self._snapshots)]

    def save(self, snapshot: Snapshot) -> None:
        """Keep the two newest."""
        self._snapshots = [*self._snapshots, snapshot][-SNAPSHOTS_KEPT:]
        self._fresh_bytes = 0

    def compact(self, up_to: int, now_ms: int, limit: int) -> int:
        """Drop old batches: nothing is retained for its own sake, memory is dear."""
        end = min(limit, bisect.bisect_right(self._batches, up_to, key=attrgetter("last")))
        del self._batches[:end]
        return end

    def is_crowded(self) -> bool:
        """Whether it has taken in more than its room since the newest snapshot."""
        newest = len(self._snapshots[-1].body) if self._snapshots else 0
        return self._fresh_bytes > max(MEMORY_BYTES, _MEMORY_RATIO * newest)

    def snapshot_command(self) -> tuple[str, ...]:
        """None: nobody else can see it."""
        return ()

    def onlooker(self) -> Journal:
        """Itself: nothing here blocks."""
        return self

    def close(self) -> None:
        """Nothing to release."""


def check_continues(batch: Batch, last: int) -> None:
    """Raise InvariantError unless `batch` starts right after decision `last`."""
    if batch.first != last + 1 or batch.count < 1:
        raise InvariantError(f"batch {batch.first}+{batch.count} does not continue decision {last}")


def checked(batches: Iterator[Batch], after: int) -> Iterator[Batch]:
    """The same batches; raises JournalCorrupt where the numbering has a gap."""
    expected: int | None = None
    for batch in batches:
        if batch.first > after + 1 if expected is None else batch.first != expected:
            raise JournalCorrupt(f"decision {after + 1 if expected is None else expected} is missing")
        expected = batch.last + 1
        yield batch
