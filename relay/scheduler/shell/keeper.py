"""Keeps restarts short and the journal bounded: snapshots now and then, and old batches dropped behind them."""

import asyncio
import logging
from collections.abc import Callable

from relay.errors import RelayError
from relay.scheduler.shell.journal import SNAPSHOTS_KEPT, Journal, Snapshot
from relay.scheduler.shell.journal_thread import JournalThread

_log = logging.getLogger(__name__)
_COMPACTED_AT_ONCE = 64
"""Batches per deletion, so that none stands before a commit for long."""


class Keeper:
    """Snapshots after every `every` decisions, one at a time, at most each `pause_s`; or when the journal is crowded."""

    def __init__(self, disk: JournalThread, every: int, pause_s: float) -> None:
        self.failures_total = 0
        self._disk = disk
        self._every = every
        self._pause_s = pause_s
        self._task: asyncio.Task[None] | None = None
        self._kept_seq = 0
        self._kept_at_s = float("-inf")

    def resume(self, snapshot_seq: int) -> None:
        """The newest snapshot there is."""
        self._kept_seq = snapshot_seq

    def due(self, seq: int, now_s: float) -> bool:
        """Whether enough was decided since the last snapshot (or kept in memory), and none is being taken."""
        if self._task is not None and not self._task.done():
            return False
        enough = seq - self._kept_seq >= self._every and now_s - self._kept_at_s >= self._pause_s
        return enough or self._disk.journal.is_crowded()

    def begin(self, seq: int, now_s: float, now_ms: int, snapshot: Callable[[], Snapshot]) -> None:
        """Have one taken in the background: by another process, or (journals in memory) from `snapshot()`, at once."""
        self._kept_seq, self._kept_at_s = seq, now_s
        command = self._disk.journal.snapshot_command()
        if not command:
            self._disk.journal.save(snapshot())
        self._task = asyncio.create_task(self._keep(command, seq, now_ms))

    async def close(self) -> None:
        """Wait for the one being taken."""
        if self._task is not None:
            await self._task

    async def _keep(self, command: tuple[str, ...], seq: int, now_ms: int) -> None:
        try:
            if command and not await _run(command):
                self.failures_total += 1
                return
            while await self._disk.run(lambda journal: _compact(journal, seq, now_ms)):
                pass
        except (OSError, RelayError):
            self.failures_total += 1
            _log.exception("the journal could not be compacted")


def _compact(journal: Journal, seq: int, now_ms: int) -> bool:
    """Drop what neither the older of the kept snapshots nor the outbox needs; whether there may be more to drop."""
    kept = journal.snapshot_numbers()
    if len(kept) < SNAPSHOTS_KEPT:
        return False
    up_to = min(*kept, seq, journal.delivered())
    return journal.compact(up_to, now_ms, _COMPACTED_AT_ONCE) == _COMPACTED_AT_ONCE


async def _run(command: tuple[str, ...]) -> bool:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    _, complaint = await process.communicate()
    if process.returncode:
        _log.error("no snapshot was taken: %s", complaint.decode(errors="replace")[-2_000:])
    return process.returncode == 0
