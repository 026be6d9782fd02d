"""Keeps files and webhooks supplied with every decision, wherever they stopped, as long as the service runs."""

import asyncio
import hashlib
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from relay.clock import Clock
from relay.errors import RelayError
from relay.scheduler.shell.audit_file import AuditFile
from relay.scheduler.shell.decision import Decision, json_line
from relay.scheduler.shell.journal import JournalCorrupt
from relay.scheduler.shell.webhook import Webhook, WebhookSettings

Follow = Callable[[int], AsyncIterator[tuple[Decision, ...]]]
"""`SchedulerService.follow`."""
_log = logging.getLogger(__name__)
_DECISIONS_PER_POST = 100
_PAUSE_S = 5.0
"""Before an outlet that failed (a full disk) is tried again."""


class Receiver(Protocol):
    """What a webhook delivers to."""

    async def deliver(self, delivery_id: str, body: bytes) -> None:
        """Return once the body was taken; the id is the same when it comes again."""


@dataclass(frozen=True, slots=True)
class OutletSettings:
    """Who is to get every decision."""

    audit_file: str = ""
    """JSON lines, appended; empty: none."""
    webhooks: tuple[WebhookSettings, ...] = ()


class Outlets:
    """All of them, from `async with` to its end. One that fails is tried again, and holds up nobody else.

    `folder` keeps how far each webhook has got.
    """

    def __init__(self, settings: OutletSettings, follow: Follow, clock: Clock, folder: Path) -> None:
        self.failures_total = 0
        self.webhooks = tuple(Webhook(webhook, clock) for webhook in settings.webhooks)
        self._settings = settings
        self._follow = follow
        self._folder = folder
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        if self._settings.audit_file:
            self._tasks.append(asyncio.create_task(self._insist(self._append)))
        for settings, webhook in zip(self._settings.webhooks, self.webhooks, strict=True):
            cursor = Cursor(self._folder / f"webhook-{_name_of(settings.url)}.position")
            self._tasks.append(asyncio.create_task(self._insist(_posting(self._follow, webhook, cursor))))
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _insist(self, feed: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await feed()
            except (OSError, RelayError):
                self.failures_total += 1
                _log.exception("an outlet of the event stream failed")
                await asyncio.sleep(_PAUSE_S)
            else:
                return

    async def _append(self) -> None:
        with AuditFile(Path(self._settings.audit_file)) as audit:
            await feed_file(self._follow, audit)


def _posting(follow: Follow, webhook: Receiver, cursor: "Cursor") -> Callable[[], Awaitable[None]]:
    return lambda: feed_webhook(follow, webhook, cursor)


def _name_of(url: str) -> str:
    """A file name for a receiver; not its URL, which may hold a token."""
    return hashlib.sha256(url.encode()).hexdigest()[:16]


async def feed_file(follow: Follow, audit: AuditFile) -> None:
    """Append every decision that the file does not have yet. Raises OSError when the disk refuses."""
    async for group in follow(audit.last):
        lines = [json_line(decision) for decision in group]
        await asyncio.to_thread(audit.append, lines, group[-1].seq)


async def feed_webhook(follow: Follow, webhook: Receiver, cursor: "Cursor") -> None:
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
