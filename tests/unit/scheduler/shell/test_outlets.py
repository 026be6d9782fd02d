"""Files and webhooks get every decision once, wherever they stopped, through restarts and refusals."""

import asyncio
import contextlib
import json

import pytest

from relay.clock import FakeClock
from relay.scheduler import commands as ask
from relay.scheduler.model import ServiceItem
from relay.scheduler.settings import SchedulerSettings
from relay.scheduler.shell.audit_file import AuditFile
from relay.scheduler.shell.journal import JournalCorrupt
from relay.scheduler.shell.outlets import Cursor, Outlets, OutletSettings, feed_file, feed_webhook
from relay.scheduler.shell.service import SchedulerService
from relay.scheduler.shell.sqlite_journal import SqliteJournal
from relay.scheduler.shell.webhook import WebhookSettings
from tests.unit.scheduler.shell.test_webhook import SECRET
from tests.unit.scheduler.shell.test_webhook import Receiver as HttpReceiver


def service(path) -> SchedulerService:
    return SchedulerService(SchedulerSettings(), SqliteJournal(path), clock=FakeClock())


async def decide(running: SchedulerService, first: int, last: int) -> None:
    for n in range(first, last + 1):
        await running.submit(ask.DefineItems((ServiceItem(f"d{n}"),)))


async def test_a_file_is_continued_over_restarts(tmp_path):
    journal, path = tmp_path / "journal.db", tmp_path / "audit.jsonl"
    for run in range(3):
        async with service(journal) as running:
            with AuditFile(path) as audit:
                feeding = asyncio.create_task(feed_file(running.follow, audit))
                await decide(running, 20 * run, 20 * run + 19)
                await running.close()
                await feeding
        async with service(journal) as running:  # and nobody listens
            await decide(running, 900 + run, 900 + run)
    with AuditFile(path) as audit:
        async with service(journal) as running:
            feeding = asyncio.create_task(feed_file(running.follow, audit))
            await running.close()
            await feeding
            last = running.health().seq
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, last + 1))
    first = lines[0]
    assert (
        first["command"] == {"type": "DefineItems", "items": [{"code": "d0"}]}
        or first["command"]["type"] == "DefineItems"
    )
    assert first["events"][0]["type"] == "ItemsDefined"
    assert first["at_ms"] == FakeClock().wall_ms()


class Receiver:
    """Takes deliveries; can be told to stop taking them after some."""

    def __init__(self, stop_after: int = 1 << 30) -> None:
        self.taken: list[dict] = []
        self.ids: list[str] = []
        self._stop_after = stop_after

    async def deliver(self, delivery_id: str, body: bytes) -> None:
        if len(self.ids) >= self._stop_after:
            await asyncio.Event().wait()
        self.ids.append(delivery_id)
        self.taken += json.loads(body)["decisions"]


async def test_a_webhook_goes_on_where_it_was_taken_last(tmp_path):
    journal, cursor = tmp_path / "journal.db", Cursor(tmp_path / "portal.cursor")
    async with service(journal) as running:
        await decide(running, 1, 250)
        stuck = Receiver(stop_after=2)
        feeding = asyncio.create_task(feed_webhook(running.follow, stuck, cursor))
        while len(stuck.ids) < 2:
            await asyncio.sleep(0.001)
        feeding.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await feeding
    resumed = Receiver()
    async with service(journal) as running:
        feeding = asyncio.create_task(feed_webhook(running.follow, resumed, cursor))
        await running.close()
        await feeding
        last = running.health().seq
    numbers = [decision["seq"] for decision in stuck.taken + resumed.taken]
    assert sorted(set(numbers)) == list(range(1, last + 1))
    assert len(numbers) - len(set(numbers)) <= 100, "at most the last delivery is repeated"
    assert cursor.read() == last
    assert all(len(receiver.taken) <= 100 * len(receiver.ids) for receiver in (stuck, resumed))


def test_a_cursor_is_whole_or_absent(tmp_path):
    cursor = Cursor(tmp_path / "c")
    assert cursor.read() == 0
    cursor.write(17)
    assert Cursor(tmp_path / "c").read() == 17
    (tmp_path / "c").write_text("seventeen")
    with pytest.raises(JournalCorrupt, match="not the position of a webhook"):
        cursor.read()


async def test_outlets_run_beside_the_service_and_stop_with_it(tmp_path):
    http, audit = HttpReceiver(), tmp_path / "audit.jsonl"
    settings = OutletSettings(str(audit), (WebhookSettings(http.url, SECRET),))
    try:
        async with (
            service(tmp_path / "journal.db") as running,
            Outlets(settings, running.follow, FakeClock(), tmp_path) as outlets,
        ):
            await decide(running, 1, 5)
            while outlets.webhooks[0].delivered_total == 0 or not audit.exists() or audit.read_bytes().count(b"\n") < 5:
                await asyncio.sleep(0.005)
        posted = [decision["seq"] for _, _, body in http.requests for decision in json.loads(body)["decisions"]]
        assert posted[:3] == [1, 2, 3]
        assert outlets.failures_total == 0
        assert list(tmp_path.glob("webhook-*.position"))
    finally:
        http.close()


async def test_an_outlet_that_fails_does_not_stop_the_other(tmp_path):
    (tmp_path / "not-an-audit.txt").write_text("hello\n")
    settings = OutletSettings(str(tmp_path / "not-an-audit.txt"))
    async with (
        service(tmp_path / "journal.db") as running,
        Outlets(settings, running.follow, FakeClock(), tmp_path) as outlets,
    ):
        await decide(running, 1, 2)
        while not outlets.failures_total:
            await asyncio.sleep(0.001)
    assert (tmp_path / "not-an-audit.txt").read_text() == "hello\n"
