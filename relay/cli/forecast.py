"""`relay forecast`: how many seats a load needs, and what a number of seats makes of it."""

from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from relay.errors import LimitReached, Misuse
from relay.scheduler.forecast import Load, Performance, Target, performance, seats_needed

NEIGHBOURS = 3
"""Rows shown on either side of the answer: what one seat more or fewer would change."""

CallsPerHour = Annotated[float, typer.Option("--calls", min=0.0, help="Calls per hour.")]
Handle = Annotated[float, typer.Option("--handle", help="Mean seconds of conversation and wrap-up.")]
Patience = Annotated[
    float | None, typer.Option("--patience", help="Mean seconds until a citizen gives up; none: never.")
]
Seats = Annotated[int | None, typer.Option("--seats", min=0, help="Show this many seats instead of searching.")]
Share = Annotated[float, typer.Option("--share", min=0.1, max=99.9, help="Per cent of all calls answered in time.")]
Within = Annotated[float, typer.Option("--within", min=0.0, help="What in time means, in seconds (GB/T 33358: 15).")]
MaxAbandonment = Annotated[float, typer.Option("--max-abandonment", help="Per cent of calls given up, at most.")]
MaxOccupancy = Annotated[float, typer.Option("--max-occupancy", help="Per cent of the time a seat is busy, at most.")]
Split = Annotated[int, typer.Option("--split", min=1, help="Serve the load by so many separate, equal pools.")]
Shrinkage = Annotated[float, typer.Option("--shrinkage", min=0.0, max=95.0, help="Per cent of paid time off the seat.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


class Answer(msgspec.Struct, frozen=True):
    """What `--json` prints. Per pool, but for `pools` and `seats_in_all`."""

    pools: int
    seats_in_all: int
    """Of all pools, shrinkage included."""
    performance: Performance


def forecast(
    calls: CallsPerHour,
    handle: Handle = 600.0,
    patience: Patience = None,
    seats: Seats = None,
    share: Share = 95.0,
    within: Within = 15.0,
    max_abandonment: MaxAbandonment = 100.0,
    max_occupancy: MaxOccupancy = 100.0,
    split: Split = 1,
    shrinkage: Shrinkage = 0.0,
    as_json: AsJson = False,
) -> None:
    """How many seats are needed for this load, or (with --seats) what so many seats make of it.

    Exact Erlang-C, or Erlang-A with --patience: Poisson arrivals, exponential handling and patience, one pool whose
    seats can serve every call. For skills, rings, shifts and appointments, use `relay simulate`.
    """
    try:
        load = Load(calls / 3600.0 / split, handle, patience)
        target = Target(share / 100.0, within, max_abandonment / 100.0, max_occupancy / 100.0)
        found = performance(load, seats, within) if seats is not None else seats_needed(load, target)
    except (Misuse, LimitReached) as error:
        raise typer.BadParameter(str(error)) from None
    answer = Answer(split, paid_seats(found.seats * split, shrinkage), found)
    if as_json:
        typer.echo(msgspec.json.encode(answer))
    else:
        show(answer, load, Console())


def paid_seats(seats: int, shrinkage: float) -> int:
    """People to employ so that `seats` are there, when `shrinkage` per cent of their time they are not."""
    return -int(-seats / (1.0 - shrinkage / 100.0) // 1)


def show(answer: Answer, load: Load, console: Console) -> None:
    """A sentence, and a table of the neighbourhood."""
    found = answer.performance
    pools = "one pool" if answer.pools == 1 else f"each of {answer.pools} pools"
    console.print(
        f"[bold]{found.seats} seats[/bold] for {pools} of {load.erlangs:.1f} erlangs; {answer.seats_in_all} in all."
    )
    table = Table("seats", title=f"Answered within {found.target_s:g} s, waits and load by number of seats")
    for heading in ("of offered", "of answered", "gave up", "must wait", "mean wait", "occupancy"):
        table.add_column(heading, justify="right")
    for count in range(max(0, found.seats - NEIGHBOURS), found.seats + NEIGHBOURS + 1):
        table.add_row(*_row(performance(load, count, found.target_s)), style="bold" if count == found.seats else "dim")
    console.print(table)


def _row(found: Performance) -> tuple[str, ...]:
    level = found.service_level
    shares = (level.of_offered, level.of_answered, found.abandonment, found.wait_probability)
    return (
        str(found.seats),
        *(f"{share:.2%}" for share in shares),
        f"{found.mean_wait_s:.1f} s",
        f"{found.occupancy:.1%}",
    )


def register(app: typer.Typer) -> None:
    """Mount the command."""
    app.command()(forecast)
