"""A scheduler under load, to be killed: says on standard output what was acknowledged, after it was.

Run as `python journal_worker.py JOURNAL PREFIX`. Lines: `ready`, `call KEY CALL`, `accepted OFFER SEAT`, `rings OFFER CALL SEAT`.
"""

import asyncio
import os
import sys
from pathlib import Path

from relay.clock import SystemClock
from relay.errors import Refusal
from relay.scheduler import commands as ask
from relay.scheduler.effects import AnyEffect, Ring
from relay.scheduler.model import SeatProfile, ServiceItem, Skill
from relay.scheduler.settings import SchedulerSettings
from relay.scheduler.shell.service import SchedulerService, ServiceOptions
from relay.scheduler.shell.sqlite_journal import SqliteJournal

SEATS = 12
CITIZENS = 40
SETTINGS = SchedulerSettings(wrap_up=False, seat_lease_ms=0, kiosk_lease_ms=0, kiosk_calls=0)


def say(*words: str) -> None:
    """One atomic write, as nothing may be lost in a buffer when the process is killed."""
    os.write(1, (" ".join(words) + "\n").encode())


async def citizen(scheduler: SchedulerService, number: int, prefix: str) -> None:
    """Asks for a call again and again, each time with a fresh key."""
    n = 0
    while True:
        n += 1
        key = f"{prefix}.{number}.{n}"
        (requested, *_) = await scheduler.submit(ask.RequestCall(key, f"kiosk-{number}", "hrss", "330106"))
        say("call", key, requested.call)
        await asyncio.sleep(0.002)


async def answer(scheduler: SchedulerService, effect: Ring) -> None:
    """The seat takes what rings, and soon ends it."""
    try:
        await scheduler.submit(ask.AcceptOffer(effect.offer, effect.seat))
        say("accepted", effect.offer, effect.seat)
        await asyncio.sleep(0.001)
        await scheduler.submit(ask.HangUp(effect.call))
    except Refusal:
        pass  # an offer repeated after a restart may be over


async def main(path: Path, prefix: str) -> None:
    """Serve until killed."""
    answering: set[asyncio.Task[None]] = set()

    async def carry_out(effect: AnyEffect) -> None:
        if isinstance(effect, Ring):
            say("rings", effect.offer, effect.call, effect.seat)
            answering.add(task := asyncio.create_task(answer(scheduler, effect)))
            task.add_done_callback(answering.discard)

    options = ServiceOptions(snapshot_every=500, snapshot_pause_s=0.0)
    scheduler = SchedulerService(
        SETTINGS, SqliteJournal(path), clock=SystemClock(), carry_out=carry_out, options=options
    )
    await scheduler.start()
    await scheduler.submit(ask.DefineItems((ServiceItem("hrss"),)))
    profile = SeatProfile(skills=(Skill("hrss"),), regions=("330000",))
    for n in range(SEATS):
        await scheduler.submit(ask.LogIn(f"s{n}", profile, ready=True))
    say("ready")
    await asyncio.gather(*(citizen(scheduler, n, prefix) for n in range(CITIZENS)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
