"""`relay replay` over the journal of a small morning."""

import sqlite3
from datetime import datetime

import msgspec
import pytest
import typer
from typer.testing import CliRunner

from relay.cli.replay import register
from relay.clock import FakeClock
from relay.scheduler import commands as ask
from relay.scheduler.model import SeatProfile, ServiceItem, Skill
from relay.scheduler.settings import SchedulerSettings
from relay.scheduler.shell.decision import batch_of, decisions_of
from relay.scheduler.shell.service import SchedulerService
from relay.scheduler.shell.sqlite_journal import SqliteJournal

NINE_MS = round(datetime.fromisoformat("2026-03-02T09:00:00").timestamp() * 1000)
PROFILE = SeatProfile((Skill("hrss"),), ("330100",))


async def morning(path) -> None:
    """Two seats, three calls: the first is declined once, the third has to wait."""
    clock = FakeClock(wall_ms=NINE_MS)
    settings = SchedulerSettings(seat_lease_ms=0, kiosk_lease_ms=0)
    async with SchedulerService(settings, SqliteJournal(path), clock=clock) as scheduler:
        await scheduler.submit(ask.DefineItems((ServiceItem("hrss"), ServiceItem("tax"))))
        for seat in ("s1", "s2"):
            await scheduler.submit(ask.LogIn(seat, PROFILE, ready=True))
        clock.advance(60.0)
        offered = (await scheduler.submit(ask.RequestCall("a", "k1", "hrss", "330106")))[-1]
        clock.advance(2.0)
        offered = (await scheduler.submit(ask.DeclineOffer(offered.offer, offered.seat, "busy")))[-1]
        clock.advance(2.0)
        await scheduler.submit(ask.AcceptOffer(offered.offer, offered.seat))
        offered = (await scheduler.submit(ask.RequestCall("b", "k2", "hrss", "330106")))[-1]
        await scheduler.submit(ask.AcceptOffer(offered.offer, offered.seat))
        await scheduler.submit(ask.RequestCall("c", "k3", "hrss", "330106"))
        clock.advance(30.0)
        await scheduler.submit(ask.HangUp("c1"))
        await scheduler.submit(ask.FinishWrapUp("c1", "s2", "solved"))
        await scheduler.submit(ask.AcceptOffer("o4", "s2"))
        clock.advance(120.0)
        await scheduler.submit(ask.HangUp("c3"))
        await scheduler.submit(ask.FinishWrapUp("c3", "s2"))


@pytest.fixture
async def journal(tmp_path):
    path = tmp_path / "journal.db"
    await morning(path)
    return path


@pytest.fixture
def run(journal):
    app = typer.Typer()
    app.callback()(lambda: None)
    register(app)
    return lambda *words: CliRunner().invoke(app, ["replay", str(journal), *words], env={"COLUMNS": "200"})


def test_says_what_the_journal_holds(run):
    output = run().output
    assert "decisions 1 to " in output
    assert "2026-03-02 09:00:00" in output
    assert "RequestCall" in output
    assert "seats: 1 ready, 1 in_call" in output


def test_tells_the_life_of_a_call_and_why_each_seat_rang(run):
    output = run("--call", "c1").output
    told = [line.split()[0] for line in output.splitlines() if line.startswith("  Call") or line.startswith("  Offer")]
    assert told[:5] == ["CallRequested", "CallOffered", "OfferDeclined", "CallOffered", "CallAccepted"]
    assert "why: it has been idle the longest (longest_idle)" in output
    assert "2 of 2 fitting seats were free: s1, s2" in output
    assert "no other free seat could serve the call" in output
    assert "after 2.0 s of waiting" in output
    assert "by DeclineOffer" in output
    assert "kiosk=k2" not in output


def test_tells_why_a_freed_seat_took_the_waiting_call(run):
    assert "the seat fell free, and this call had the lowest key of all that it can serve" in run("--call", "c3").output


def test_tells_the_day_of_a_seat(run):
    output = run("--seat", "s1").output
    assert "SeatLoggedIn" in output
    assert "OfferDeclined" in output
    assert "seat=s2" not in output


def test_says_so_when_nothing_is_found(run):
    assert "nothing was decided about c99" in run("--call", "c99").output


def test_shows_the_queue_at_any_moment_and_why_it_waits(run):
    output = run("--at", "2026-03-02T09:01:10").output
    assert "calls: 1 waiting, 2 talking" in output
    row = next(line for line in output.splitlines() if "c3" in line)
    assert [cell.strip() for cell in row.strip("│ ").split("│")][-5:] == ["2", "2", "2", "2", "0"]
    assert "calls: none" in run("--at", "2026-03-02T08:00:00").output


def test_every_decision_is_decided_the_same_again(run):
    result = run("--verify")
    assert result.exit_code == 0
    assert "0 differ" in result.output


def test_a_forged_decision_is_found(run, journal):
    """Let somebody change who accepted, checksum and all."""
    with SqliteJournal(journal) as opened:
        stored = list(opened.read(0))
    forged = stored[6]
    (decision,) = decisions_of(forged)
    event = msgspec.structs.replace(decision.events[0], waited_ms=1)
    changed = batch_of([msgspec.structs.replace(decision, events=(event,))])
    with sqlite3.connect(journal) as database:
        database.execute(
            "UPDATE batch SET body = ?, checksum = ? WHERE first = ?", (changed.body, changed.checksum(), changed.first)
        )
    database.close()
    result = run("--verify")
    assert result.exit_code == 1
    assert f"decision {forged.first} would differ" in result.output
    assert "1 differ" in result.output


def test_reports_and_call_detail_records(run, tmp_path):
    records = tmp_path / "records.jsonl"
    output = run("--report", "--records", str(records)).output
    assert "2 call detail records" in output
    assert "occupancy" in output
    written = [msgspec.json.decode(line) for line in records.read_bytes().splitlines()]
    assert [(record["call"], record["declined"], record["disposition"]) for record in written] == [
        ("c1", 1, "solved"),
        ("c3", 0, ""),
    ]
    assert [record["waited_ms"] for record in written] == [4_000, 30_000]


def test_a_damaged_tail_is_named_and_can_be_cut(run, journal):
    with sqlite3.connect(journal) as database:
        database.execute("UPDATE batch SET body = x'00' WHERE first = (SELECT max(first) FROM batch)")
    database.close()
    broken = run()
    assert "is damaged" in str(broken.exception)
    assert "1 decisions dropped" in run("--cut-tail").output
    assert run("--verify").exit_code == 0


def test_a_time_must_be_one(run):
    assert run("--at", "yesterday").exit_code == 2
