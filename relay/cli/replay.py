"""`relay replay`: what a scheduler decided, when, and why; out of its journal, while it runs or after."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from relay.cli.replay_watchers import Moment, Reporting, Summary, Timeline, Verification, Watcher
from relay.scheduler.shell.replay import steps
from relay.scheduler.shell.sqlite_journal import SqliteJournal
from relay.scheduler.state import State

File = Annotated[Path, typer.Argument(help="The journal file.", exists=True, dir_okay=False, metavar="JOURNAL")]
Call = Annotated[str, typer.Option("--call", help="Everything decided about this call, and why.")]
Seat = Annotated[str, typer.Option("--seat", help="Everything decided about this seat, and why.")]
At = Annotated[str, typer.Option("--at", help="The queue at this time (ISO 8601), and why each call waits.")]
Verify = Annotated[bool, typer.Option("--verify", help="Decide every command again and compare.")]
Report = Annotated[bool, typer.Option("--report", help="Service levels, waits and occupancy.")]
Records = Annotated[Path | None, typer.Option("--records", help="Write call detail records, one JSON object a line.")]
CutTail = Annotated[
    bool, typer.Option("--cut-tail", help="Drop a last batch damaged by a disk fault. Stop the relay first.")
]


def replay(
    journal: File,
    call: Call = "",
    seat: Seat = "",
    at: At = "",
    verify: Verify = False,
    report: Report = False,
    records: Records = None,
    cut_tail: CutTail = False,
) -> None:
    """Show what was decided and why. Without options: what the journal holds. Works beside a running relay."""
    console = Console()
    if cut_tail:
        with SqliteJournal(journal) as damaged:
            console.print(f"{damaged.cut_tail()} decisions dropped; the last one is now {damaged.last()}")
        return
    verification = Verification(console) if verify else None
    asked: tuple[Watcher | None, ...] = (
        Timeline(console, call, seat) if call or seat else None,
        Moment(console, milliseconds(at)) if at else None,
        Reporting(console, records, show=report) if report or records else None,
        verification,
    )
    watchers = [watcher for watcher in asked if watcher is not None] or [Summary(console)]
    state, step = State(), None
    with SqliteJournal(journal, read_only=True) as opened:
        for step in steps(opened):
            for watcher in watchers:
                watcher.watch(step)
            state = step.engine.state
    for watcher in watchers:
        watcher.end(state)
    if verification is not None and verification.differences:
        raise typer.Exit(1)


def milliseconds(at: str) -> int:
    """An ISO 8601 time, local where it has no offset, as engine time."""
    try:
        return round(datetime.fromisoformat(at).timestamp() * 1000)
    except ValueError:
        raise typer.BadParameter(f"a time is like 2026-03-02T09:30:00, not {at}", param_hint="--at") from None


def register(app: typer.Typer) -> None:
    """Mount the command."""
    app.command()(replay)
