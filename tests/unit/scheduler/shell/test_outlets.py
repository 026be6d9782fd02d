"""Files and webhooks get every decision once, wherever they stopped, through restarts and refusals."""

import asyncio
import json

import pytest

from relay.clock import FakeClock
from relay.errors import Misuse
from relay.scheduler import commands as ask
from relay.scheduler.model import ServiceItem
from relay.scheduler.settings import SchedulerSettings
from relay.scheduler.shell.journal import JournalCorrupt, MemoryJournal
from relay.scheduler.shell.outlets import Cursor, Outlets, OutletSettings
from relay.scheduler.shell.service import SchedulerService
from relay.scheduler.shell.sqlite_journal import SqliteJournal
from relay.scheduler.shell.webhook import WebhookSettings
from tests.unit.scheduler.shell.test_webhook import SECRET, Receiver


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


def service(path) -> SchedulerService:
    return SchedulerService(SchedulerSettings(), SqliteJournal(path), clock=FakeClock())


async def with_outlets(folder, settings: OutletSettings, first: int = 0, last: int = -1) -> int:
    """A run of the service with its outlets; the number of its last decision."""
    async with service(folder / "journal.db") as running:
        outlets = Outlets(settings, running, FakeClock(), folder)
        outlets.start()
        await decide(running, first, last)
        await running.close()
        seq = running.health().seq
        await outlets.close()
    assert set(outlets.positions().values()) == {seq}
    assert outlets.failures_total == 0
    return seq


async def decide(running: SchedulerService, first: int, last: int) -> None:
    for n in range(first, last + 1):
        await running.submit(ask.DefineItems((ServiceItem(f"d{n}"),)))


async def test_a_file_is_continued_over_restarts(tmp_path):
    journal, path = tmp_path / "journal.db", tmp_path / "audit.jsonl"
    for run in range(3):
        await with_outlets(tmp_path, OutletSettings(str(path)), 20 * run, 20 * run + 19)
        async with service(journal) as running:  # and nobody listens
            await decide(running, 900 + run, 900 + run)
    last = await with_outlets(tmp_path, OutletSettings(str(path)))
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, last + 1))
    assert lines[0]["events"]
    assert {"seq", "at_ms", "command", "events"} == lines[0].keys()
    assert lines[0]["at_ms"] == FakeClock().wall_ms()


async def test_a_webhook_goes_on_where_it_was_taken_last(tmp_path, receiver):
    settings = OutletSettings(webhooks={"portal": WebhookSettings(receiver.url, SECRET)})
    last = await with_outlets(tmp_path, settings, 1, 250)
    assert Cursor(tmp_path / "webhook-portal.position").read() == last
    last = await with_outlets(tmp_path, settings, 300, 310)
    bodies = [json.loads(body)["decisions"] for _, _, body in receiver.requests]
    assert [decision["seq"] for body in bodies for decision in body] == list(range(1, last + 1))
    assert max(len(body) for body in bodies) <= 100


async def test_what_the_journal_dropped_is_stated_and_counted(tmp_path, receiver):
    audit = tmp_path / "audit.jsonl"
    audit.write_text('{"seq": 2}\n')
    settings = OutletSettings(str(audit), {"portal": WebhookSettings(receiver.url, SECRET)})
    decisions = MemoryJournal()
    async with SchedulerService(SchedulerSettings(), decisions, clock=FakeClock()) as running:
        await decide(running, 1, 9)
        decisions.compact(up_to=5, now_ms=0, limit=100)
        oldest = await running.oldest_position()
        assert oldest == 5
        outlets = Outlets(settings, running, FakeClock(), None)
        outlets.start()
        last = running.health().seq
        while outlets.positions() != {"file": last, "portal": last}:
            await asyncio.sleep(0.001)
        await running.close()
        await outlets.close()
    assert outlets.dropped == {"file": 3, "portal": 5}
    assert outlets.failures_total == 0
    assert json.loads(audit.read_text().splitlines()[1]) == {"seq": 5, "missing": [3, 5]}
    gap, following = (json.loads(body) for _, _, body in receiver.requests[:2])
    assert gap == {"decisions": [], "missing": [1, 5]}
    assert following["decisions"][0]["seq"] == 6


@pytest.mark.parametrize("name", ["", "file", "Portal", "../x", "a" * 33])
def test_the_name_of_a_webhook_can_be_a_label_and_a_file(name):
    with pytest.raises(Misuse, match="named"):
        OutletSettings(webhooks={name: WebhookSettings("https://portal.example/", SECRET)})


def test_a_cursor_is_whole_or_absent(tmp_path):
    cursor = Cursor(tmp_path / "c")
    assert cursor.read() == 0
    cursor.write(17)
    assert Cursor(tmp_path / "c").read() == 17
    (tmp_path / "c").write_text("seventeen")
    with pytest.raises(JournalCorrupt, match="not the position of a webhook"):
        cursor.read()


async def test_a_receiver_that_is_away_holds_up_nobody_and_loses_nothing(tmp_path, receiver):
    receiver.statuses = [503, 503]
    audit = tmp_path / "audit.jsonl"
    portal = WebhookSettings(receiver.url, SECRET, first_retry_s=0.001)
    settings = OutletSettings(str(audit), {"portal": portal, "gone": WebhookSettings("http://127.0.0.1:9/", SECRET)})
    async with service(tmp_path / "journal.db") as running:
        outlets = Outlets(settings, running, FakeClock(), tmp_path)
        outlets.start()
        await decide(running, 1, 5)
        last = running.health().seq
        while (outlets.positions()["file"], outlets.positions()["portal"]) != (last, last):
            await asyncio.sleep(0.001)
        while not outlets.retries()["gone"]:
            await asyncio.sleep(0.001)
        for task in outlets._tasks[2:]:
            task.cancel()
        await running.close()
        await outlets.close()
    assert outlets.retries()["portal"] == 2
    assert outlets.delivered == {"file": last, "portal": last, "gone": 0}
    taken = [d["seq"] for _, _, body in receiver.requests[2:] for d in json.loads(body)["decisions"]]
    assert taken == list(range(1, last + 1))


async def test_an_outlet_that_fails_does_not_stop_the_other(tmp_path, receiver):
    (tmp_path / "not-an-audit.txt").write_text("hello\n")
    settings = OutletSettings(
        str(tmp_path / "not-an-audit.txt"), {"portal": WebhookSettings(receiver.url, SECRET, first_retry_s=0.001)}
    )
    async with service(tmp_path / "journal.db") as running:
        outlets = Outlets(settings, running, FakeClock(), tmp_path)
        outlets.start()
        await decide(running, 1, 2)
        while not outlets.failures_total or not outlets.delivered["portal"]:
            await asyncio.sleep(0.001)
        for task in outlets._tasks[:1]:
            task.cancel()
        await running.close()
        await outlets.close()
    assert (tmp_path / "not-an-audit.txt").read_text() == "hello\n"
