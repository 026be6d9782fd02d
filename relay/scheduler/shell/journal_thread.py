"""The one thread in which a journal lives, so that the disk never holds up the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from relay.scheduler.shell.journal import Journal, MemoryJournal

_T = TypeVar("_T")


class JournalThread:
    """Runs functions of the journal one after the other; one in memory needs no thread."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._executor = None if isinstance(journal, MemoryJournal) else ThreadPoolExecutor(1, "scheduler-journal")

    async def run(self, work: Callable[[Journal], _T]) -> _T:
        """The result of `work(journal)`."""
        if self._executor is None:
            return work(self.journal)
        return await asyncio.get_running_loop().run_in_executor(self._executor, work, self.journal)

    def close(self) -> None:
        """End the thread after what it is doing."""
        if self._executor is not None:
            self._executor.shutdown()
