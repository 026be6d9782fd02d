"""The worker processes: started, watched, replaced. What they carry is the pool's business."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, NamedTuple

from relay.clock import Clock
from relay.config import SfuSettings
from relay.errors import Malformed, Unavailable
from relay.sfu.pool import messages
from relay.sfu.pool.worker import LOOK_S, WorkerRecord
from relay.sfu.session.events import SfuEvent
from relay.sfu.shell.child import Child, Heard

_LOG = logging.getLogger(__name__)


class Crew(NamedTuple):
    """Whom the fleet works for."""

    heard: Callable[[int, SfuEvent], None]
    """A worker reports an event."""
    lost: Callable[[int, str], None]
    """A worker is gone, with everything it carried: `worker-lost` or `worker-replaced`."""
    drained: Callable[[int], bool]
    """Whether a worker that is to be replaced can be; asked again until it is."""


class Fleet:
    """given: settings, clock, whom it works for. owned: the processes that serve, and a record of each worker."""

    def __init__(self, settings: SfuSettings, clock: Clock, crew: Crew) -> None:
        self.records = [WorkerRecord(index, settings) for index in range(settings.workers or 1)]
        self.children: dict[int, Child] = {}
        """Those that serve, by index."""
        self._leaving: set[Child] = set()
        """Those that have been replaced and may not be gone yet."""
        self._settings = settings
        self._clock = clock
        self._crew = crew
        self._began = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    async def start(self) -> None:
        """Start all; returns when they serve. Raises `Unavailable` when one does not."""
        try:
            await asyncio.gather(*(self._start(record) for record in self.records))
        except BaseException:
            await self.close()
            raise
        self._spawn(self._watch())

    async def close(self) -> None:
        """Stop all; they say goodbye to their peers."""
        self._closing = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        children = [*self.children.values(), *self._leaving]
        self.children.clear()
        await asyncio.gather(*(child.stop() for child in children))

    async def wait_for_one(self, timeout_s: float) -> None:
        """Return when a worker serves. Raises `Unavailable` when none does in time."""
        try:
            async with asyncio.timeout(timeout_s):
                while not self.children:
                    self._began.clear()
                    await self._began.wait()
        except TimeoutError as error:
            raise Unavailable("no media worker serves") from error

    def drain(self, record: WorkerRecord) -> None:
        """Replace a worker when the crew says that it can be, or its time is up."""
        if record.drain_until_s is None and record.index in self.children:
            record.drain_until_s = self._clock.now_s() + self._settings.worker_drain_s
            _LOG.info("draining a worker", extra={"worker": record.index, "peers": len(record.peers)})

    async def _start(self, record: WorkerRecord) -> None:
        child = Child(record.index, settings_of(self._settings, record.index), self._heard, self._gone)
        try:
            await child.start()
        except BaseException:
            child.kill("it could not be started")
            await child.reap()
            raise
        record.begin(self._clock.now_s())
        self.children[record.index] = child
        self._began.set()
        host, port = child.address
        _LOG.info("media worker serves", extra={"worker": record.index, "host": host, "port": port, "pid": child.pid})

    def _heard(self, child: Child, message: Heard) -> None:
        record = self.records[child.index]
        if self.children.get(child.index) is not child:
            return
        match message:
            case messages.Report(stats):
                record.observe(stats, self._clock.now_s())
            case messages.PeerReports(peers):
                record.peers.update((each.peer, each) for each in peers if each.peer in record.peers)
            case messages.Happened():
                try:
                    self._crew.heard(child.index, messages.event_of(message))
                except Malformed:
                    _LOG.exception("a worker reports what we do not know", extra={"worker": child.index})

    def _gone(self, child: Child, why: str) -> None:
        """A process has ended, on its own or by our hand."""
        record = self.records[child.index]
        if self._closing or self.children.get(child.index) is not child:
            return
        _LOG.error("a media worker is lost", extra={"worker": child.index, "reason": why, "peers": len(record.peers)})
        record.lost += 1
        lived_s = self._clock.now_s() - record.started_s
        self._retire(record, "worker-lost")
        self._spawn(self._renew(record, child, record.restarts.delay_s(lived_s)))

    def _retire(self, record: WorkerRecord, reason: str) -> None:
        self._leaving.add(self.children.pop(record.index))
        self._crew.lost(record.index, reason)
        record.end()

    async def _renew(self, record: WorkerRecord, former: Child, delay_s: float) -> None:
        await former.stop()
        self._leaving.discard(former)
        while True:
            await asyncio.sleep(delay_s)
            try:
                await self._start(record)
            except Unavailable:
                _LOG.exception("a media worker could not be started", extra={"worker": record.index})
                delay_s = max(LOOK_S, record.restarts.delay_s(0.0))
            else:
                return

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            for index, child in list(self.children.items()):
                record = self.records[index]
                if record.watchdog.look():
                    child.kill("it was silent")
                elif record.drain_until_s is not None:
                    self._replace_if_drained(record, child, record.drain_until_s)

    def _replace_if_drained(self, record: WorkerRecord, child: Child, until_s: float) -> None:
        if self._crew.drained(record.index) or self._clock.now_s() >= until_s:
            _LOG.info("replacing a worker", extra={"worker": record.index})
            self._retire(record, "worker-replaced")
            self._spawn(self._renew(record, child, 0.0))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def settings_of(settings: SfuSettings, index: int) -> SfuSettings:
    """The settings of one worker: its ports are the first ones plus its index, or any."""
    return replace(
        settings,
        workers=0,
        port=settings.port + index if settings.port else 0,
        tcp_port=settings.tcp_port + index if settings.tcp_port else 0,
    )
