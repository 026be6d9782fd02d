"""What durability costs: lives a second through the service and its SQLite journal, and the time of a restart.

    python benchmarks/scheduler_journal.py [--lives 50000] [--waiting 100000] [--json FILE]

A life is a request, its offer, acceptance, end and wrap-up: four commands, each answered only once it is on the disk.
`floor` is the same load with the journal in memory, in the same run: the difference is the disk. A restart is a fresh
process: from its start to the first assignment out of `waiting` calls, and what of that is Python's own start.
"""

import argparse
import asyncio
import gc
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import uvloop

from relay.clock import SystemClock
from relay.scheduler import commands as ask
from relay.scheduler.events import CallOffered
from relay.scheduler.model import SeatProfile, ServiceItem, Skill
from relay.scheduler.settings import SchedulerSettings
from relay.scheduler.shell.journal import Journal, MemoryJournal
from relay.scheduler.shell.service import SchedulerService, ServiceOptions
from relay.scheduler.shell.sqlite_journal import Durability, SqliteJournal

SEATS = 10_000
ITEMS = 10_000
DEPARTMENTS = 40
CLIENTS = 4_000
"""Lives going on at once: what a round can gather into one commit."""
SETTINGS = SchedulerSettings(seat_lease_ms=0, kiosk_lease_ms=0, key_window_ms=60_000)
OPTIONS = ServiceOptions(max_commands=200_000, max_undelivered=1_000_000)


def item(n: int) -> str:
    return f"d{n % DEPARTMENTS}.{n % ITEMS}"


def region(n: int) -> str:
    return f"33{n % 11 + 1:02d}{n % 90 + 1:02d}"


def service(journal: Journal) -> SchedulerService:
    return SchedulerService(SETTINGS, journal, clock=SystemClock(), options=OPTIONS)


async def staff(scheduler: SchedulerService) -> None:
    """The catalogue, and seats of one department and some neighbours each."""
    await scheduler.submit(ask.DefineItems(tuple(ServiceItem(item(n)) for n in range(ITEMS))))
    profiles = [
        SeatProfile(tuple(Skill(f"d{(d + k) % DEPARTMENTS}") for k in range(3)), ("330000",))
        for d in range(DEPARTMENTS)
    ]
    seats = [scheduler.post(ask.LogIn(f"s{n}", profiles[n % DEPARTMENTS], ready=True)) for n in range(SEATS)]
    await asyncio.gather(*seats)


async def lives_per_s(journal: Journal, lives: int) -> dict[str, float]:
    """Complete lives a second of wall time, and what the processor spent on one."""
    async with service(journal) as scheduler:
        await staff(scheduler)
        numbers = iter(range(lives))

        async def client() -> None:
            for n in numbers:
                happened = await scheduler.submit(ask.RequestCall(f"k{n}", f"kiosk{n}", item(n), region(n)))
                offer = happened[-1]
                assert isinstance(offer, CallOffered)
                await scheduler.submit(ask.AcceptOffer(offer.offer, offer.seat))
                await scheduler.submit(ask.HangUp(offer.call))
                await scheduler.submit(ask.FinishWrapUp(offer.call, offer.seat))

        gc.collect()
        gc.freeze()  # as the daemon does after its start
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        await asyncio.gather(*(client() for _ in range(CLIENTS)))
        wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
        gc.unfreeze()
        return {
            "lives_per_s": lives / wall_s,
            "cpu_us_per_life": cpu_s / lives * 1e6,
            "commands_per_commit": 4 * lives / max(1, scheduler.counters.rounds),
            "commit_p50_ms": 1000 * scheduler.commit_seconds.quantile(0.5),
            "commit_p99_ms": 1000 * scheduler.commit_seconds.quantile(0.99),
        }


async def fill(path: Path, waiting: int) -> None:
    """A journal with its snapshot, and so many calls waiting in it."""
    async with service(SqliteJournal(path, Durability.PROCESS_CRASH)) as scheduler:
        await scheduler.submit(ask.DefineItems(tuple(ServiceItem(item(n)) for n in range(ITEMS))))
        for start in range(0, waiting, 5_000):
            numbers = range(start, min(waiting, start + 5_000))
            posts = [scheduler.post(ask.RequestCall(f"k{n}", f"kiosk{n}", item(n), region(n))) for n in numbers]
            await asyncio.gather(*posts)


async def assign_first(path: Path) -> None:
    """Start on an existing journal and have one call assigned; says so, and waits to be killed."""
    async with service(SqliteJournal(path)) as scheduler:
        profile = SeatProfile((Skill("*"),), ("330000",))
        happened = await scheduler.submit(ask.LogIn("s1", profile, ready=True))
        assert isinstance(happened[-1], CallOffered)
        print(json.dumps({"cpu_s": time.process_time()}), flush=True)
        await asyncio.Event().wait()  # an orderly close would write a snapshot, which is no part of a start


def restart(waiting: int, runs: int) -> dict[str, float]:
    """Median wall time from the start of a process to its first assignment."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "full" / "journal.db"
        path.parent.mkdir()
        uvloop.run(fill(path, waiting))
        measured = []
        for run in range(runs):
            copy = Path(folder) / f"copy{run}"
            shutil.copytree(path.parent, copy)
            began_s = time.perf_counter()
            command = [sys.executable, __file__, "--assign-first", str(copy / path.name)]
            with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
                told = json.loads(process.stdout.readline())
                measured.append((time.perf_counter() - began_s, told["cpu_s"]))
                process.kill()
        wall_s, cpu_s = sorted(measured)[len(measured) // 2]
        return {"restart_s": wall_s, "restart_cpu_s": cpu_s}


def measure(lives: int, waiting: int, runs: int) -> dict[str, float]:
    """Everything, as flat numbers."""
    with tempfile.TemporaryDirectory() as folder:
        floor = uvloop.run(lives_per_s(MemoryJournal(), lives))
        full = uvloop.run(lives_per_s(SqliteJournal(Path(folder) / "full.db"), lives))
        normal = uvloop.run(lives_per_s(SqliteJournal(Path(folder) / "normal.db", Durability.PROCESS_CRASH), lives))
    return {
        "lives_per_s_journal": full["lives_per_s"],
        "lives_per_s_journal_process_crash": normal["lives_per_s"],
        "lives_per_s_memory": floor["lives_per_s"],
        "cpu_us_per_life_journal": full["cpu_us_per_life"],
        "cpu_us_per_life_memory": floor["cpu_us_per_life"],
        "commands_per_commit": full["commands_per_commit"],
        "commit_p50_ms": full["commit_p50_ms"],
        "commit_p99_ms": full["commit_p99_ms"],
        **restart(waiting, runs),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lives", type=int, default=50_000)
    parser.add_argument("--waiting", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--assign-first", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.assign_first:
        uvloop.run(assign_first(arguments.assign_first))
    numbers = measure(arguments.lives, arguments.waiting, arguments.runs)
    for name, value in numbers.items():
        print(f"{name:40} {value:12,.3f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(numbers, indent=2) + "\n")


if __name__ == "__main__":
    main()
