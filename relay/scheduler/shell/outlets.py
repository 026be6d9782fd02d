"""Keeps a file and webhooks supplied with every decision, wherever they stopped, as long as the service runs.

Nothing is queued here: an outlet that is slow or away reads on from the journal when it can. What the journal has
dropped meanwhile (a receiver that was away for longer than it retains) is stated to the outlet as a gap, and counted.
"""

import asyncio
import logging
import os
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import msgspec

from relay.clock import Clock
from relay.errors import Misuse
from relay.scheduler.shell.audit_file import AuditFile
from relay.scheduler.shell.decision import Decision, json_line
from relay.scheduler.shell.journal import JournalCorrupt
from relay.scheduler.shell.webhook import Webhook, WebhookSettings

_log = logging.getLogger(__name__)
_DECISIONS_PER_POST = 100
_PAUSE_S = 5.0
"""Before an outlet that failed (a full disk) is tried again."""
_LAST_WORDS_S = 5.0
"""After the service has closed, for what was decided last."""
_FILE = "file"
_MAX_WEBHOOKS = 16
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


class Decisions(Protocol):
    """Where they come from: `SchedulerService` is one."""

    def follow(self, after: int) -> AsyncIterator[tuple[Decision, ...]]:
        """Every decision above `after`, until the service is closed."""

    async def oldest_position(self) -> int:
        """The smallest `after` that leaves no gap."""


class Receiver(Protocol):
    """What a webhook delivers to."""

    async def deliver(self, delivery_id: str, body: bytes) -> None:
        """Return once the body was taken; the id is the same when it comes again."""


class Outlet(Protocol):
    """One place that is to get every decision."""

    name: str
    position: int
    """The last decision it has taken."""

    def open(self) -> None:
        """Find out where it stopped. Raises OSError, JournalCorrupt."""

    async def take(self, decisions: Sequence[Decision]) -> None:
        """Return once it has them."""

    async def miss(self, first: int, last: int) -> None:
        """Decisions `first` .. `last` are no longer kept."""

    @property
    def retries_total(self) -> int:
        """Deliveries that were refused and are made again."""

    def close(self) -> None:
        """Release what `open` took."""


@dataclass(frozen=True, slots=True)
class OutletSettings:
    """Who is to get every decision."""

    audit_file: str = ""
    """JSON lines, appended, in parts of 256 MiB; empty: none."""
    webhooks: Mapping[str, WebhookSettings] = field(default_factory=dict)
    """By a name of the operator's: it labels metrics and the file that keeps how far the receiver has got."""

    def __post_init__(self) -> None:
        if len(self.webhooks) > _MAX_WEBHOOKS:
            raise Misuse(f"there are at most {_MAX_WEBHOOKS} webhooks")
        for name in self.webhooks:
            if not _NAME.fullmatch(name) or name == _FILE:
                raise Misuse(f"a webhook is named with up to 32 of a-z 0-9 and -, and not {_FILE!r}; this is {name!r}")


class Outlets:
    """All of them, from `start` to `close`. One that fails is tried again, and holds up nobody else.

    `folder` keeps how far each webhook has got; None: they begin anew with the process, as the journal does.
    """

    def __init__(self, settings: OutletSettings, decisions: Decisions, clock: Clock, folder: Path | None) -> None:
        self.failures_total = 0
        self.delivered: dict[str, int] = {}
        """Decisions taken, by outlet."""
        self.dropped: dict[str, int] = {}
        """Decisions that were no longer kept when their turn came."""
        self._decisions = decisions
        self._outlets: list[Outlet] = [FileOutlet(Path(settings.audit_file))] if settings.audit_file else []
        for name, webhook in settings.webhooks.items():
            cursor = Cursor(folder / f"webhook-{name}.position" if folder is not None else None)
            self._outlets.append(WebhookOutlet(name, Webhook(webhook, clock, name=name), cursor))
        for outlet in self._outlets:
            self.delivered[outlet.name] = self.dropped[outlet.name] = 0
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin; the service that decides has been started."""
        self._tasks = [asyncio.create_task(self._insist(outlet)) for outlet in self._outlets]

    async def close(self) -> None:
        """Hand out what was decided last, for a moment, and stop; the service has been closed before."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_LAST_WORDS_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def positions(self) -> dict[str, int]:
        """The last decision that each outlet has taken."""
        return {outlet.name: outlet.position for outlet in self._outlets}

    def retries(self) -> dict[str, int]:
        """Deliveries that were refused and made again, by outlet."""
        return {outlet.name: outlet.retries_total for outlet in self._outlets}

    async def _insist(self, outlet: Outlet) -> None:
        while True:
            try:
                await self._feed(outlet)
            except Exception:  # whatever it was, the decisions stay in the journal and this outlet's turn comes again
                self.failures_total += 1
                _log.exception("the outlet %s failed", outlet.name)
                await asyncio.sleep(_PAUSE_S)
            else:
                return

    async def _feed(self, outlet: Outlet) -> None:
        outlet.open()
        try:
            oldest = await self._decisions.oldest_position()
            if outlet.position < oldest:
                _log.error("the outlet %s misses decisions %d..%d", outlet.name, outlet.position + 1, oldest)
                missed = oldest - outlet.position
                await outlet.miss(outlet.position + 1, oldest)
                self.dropped[outlet.name] += missed
            async for group in self._decisions.follow(outlet.position):
                for start in range(0, len(group), _DECISIONS_PER_POST):
                    part = group[start : start + _DECISIONS_PER_POST]
                    await outlet.take(part)
                    self.delivered[outlet.name] += len(part)
        finally:
            outlet.close()


class FileOutlet:
    """The audit file; where it stopped, it knows by itself."""

    name = _FILE
    retries_total = 0

    def __init__(self, path: Path) -> None:
        self.position = 0
        self._path = path
        self._audit: AuditFile | None = None

    def open(self) -> None:
        """Open or create the file."""
        self._audit = AuditFile(self._path)
        self.position = self._audit.last

    async def take(self, decisions: Sequence[Decision]) -> None:
        """Append them, durably. Raises OSError when the disk refuses."""
        await self._append([json_line(decision) for decision in decisions], decisions[-1].seq)

    async def miss(self, first: int, last: int) -> None:
        """Say so in the file."""
        await self._append([msgspec.json.encode({"seq": last, "missing": [first, last]})], last)

    def close(self) -> None:
        """Close the file."""
        if self._audit is not None:
            self._audit.close()

    async def _append(self, lines: list[bytes], last: int) -> None:
        if self._audit is None:
            raise Misuse("open the outlet first")
        await asyncio.to_thread(self._audit.append, lines, last)
        self.position = last


class WebhookOutlet:
    """One receiver: `{"decisions": [...]}`, up to a hundred at a time, in order."""

    def __init__(self, name: str, webhook: Receiver, cursor: "Cursor") -> None:
        self.name = name
        self.position = 0
        self._webhook = webhook
        self._cursor = cursor

    @property
    def retries_total(self) -> int:
        """Deliveries that were refused and are made again."""
        return getattr(self._webhook, "failed_total", 0)

    def open(self) -> None:
        """Read how far it has got."""
        self.position = self._cursor.read()

    async def take(self, decisions: Sequence[Decision]) -> None:
        """Post them until they are taken."""
        first, last = decisions[0].seq, decisions[-1].seq
        body = b'{"decisions":[' + b",".join(json_line(decision) for decision in decisions) + b"]}"
        await self._deliver(f"{first}-{last}", body, last)

    async def miss(self, first: int, last: int) -> None:
        """Tell the receiver what it will never get."""
        body = msgspec.json.encode({"decisions": [], "missing": [first, last]})
        await self._deliver(f"missing-{first}-{last}", body, last)

    def close(self) -> None:
        """Nothing is held."""

    async def _deliver(self, delivery_id: str, body: bytes, last: int) -> None:
        await self._webhook.deliver(delivery_id, body)
        self.position = last
        self._cursor.write(last)


class Cursor:
    """How far a receiver has got, in a small file. A crash may lose the last step: then a delivery is repeated."""

    def __init__(self, path: Path | None) -> None:
        """None: in memory."""
        self._path = path
        self._seq = 0

    def read(self) -> int:
        """Number of the last decision taken; 0 at first. Raises JournalCorrupt when the file holds something else."""
        if self._path is None:
            return self._seq
        try:
            return int(self._path.read_text())
        except FileNotFoundError:
            return 0
        except ValueError as error:
            raise JournalCorrupt(f"{self._path} is not the position of a webhook") from error

    def write(self, seq: int) -> None:
        """Remember, whole or not at all."""
        self._seq = seq
        if self._path is None:
            return
        draft = self._path.with_name(f"{self._path.name}.draft")
        draft.write_text(str(seq))
        os.replace(draft, self._path)
