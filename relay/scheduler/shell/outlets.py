"""Keeps files and webhooks supplied with every decision, wherever they stopped, as long as the service runs."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from relay.scheduler.shell.audit_file import AuditFile
from relay.scheduler.shell.decision import Decision, json_line
from relay.scheduler.shell.journal import JournalCorrupt
from relay.scheduler.shell.webhook import Webhook

Follow = Callable[[int], AsyncIterator[tuple[Decision, ...]]]
"""`SchedulerService.follow`."""
_DECISIONS_PER_POST = 100


async def feed_file(follow: Follow, audit: AuditFile) -> None:
    """Append every decision that the file does not have yet. Raises OSError when the disk refuses."""
    async for group in follow(audit.last):
        lines = [json_line(decision) for decision in group]
        await asyncio.to_thread(audit.append, lines, group[-1].seq)


async def feed_webhook(follow: Follow, webhook: Webhook, cursor: "Cursor") -> None:
    """Post every decision that was not taken yet: `{"decisions": [...]}`, up to a hundred at a time, in order."""
    async for group in follow(cursor.read()):
        for start in range(0, len(group), _DECISIONS_PER_POST):
            part = group[start : start + _DECISIONS_PER_POST]
            body = b'{"decisions":[' + b",".join(json_line(decision) for decision in part) + b"]}"
            await webhook.deliver(f"{part[0].seq}-{part[-1].seq}", body)
            cursor.write(part[-1].seq)


class Cursor:
    """How far a receiver has got, in a small file. A crash may lose the last step: then a delivery is repeated."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> int:
        """Number of the last decision taken; 0 at first. Raises JournalCorrupt when the file holds something else."""
        try:
            return int(self._path.read_text())
        except FileNotFoundError:
            return 0
        except ValueError as error:
            raise JournalCorrupt(f"{self._path} is not the position of a webhook") from error

    def write(self, seq: int) -> None:
        """Remember, whole or not at all."""
        draft = self._path.with_name(f"{self._path.name}.draft")
        draft.write_text(str(seq))
        os.replace(draft, self._path)
