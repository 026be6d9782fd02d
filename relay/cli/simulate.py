"""`relay simulate`: a day of a city, a province or a nation in seconds, over the engine that serves the real ones."""

import random
import tomllib
from collections.abc import Callable, Iterable
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from relay.cli.simulate_plot import save_plot
from relay.cli.simulate_tables import booths, breakdowns, headings, totals
from relay.clock import SystemClock
from relay.errors import Misuse
from relay.scheduler.simulate import BadScenario, Result, Scenario, Simulation, from_mapping
from relay.scheduler.simulate.what_if import with_calls, with_field, with_seats, with_skill

SHIPPED = ("city", "province", "nation", "hall")
_STEPS = 400

Where = Annotated[str, typer.Argument(help=f"A TOML file, or one of: {', '.join(SHIPPED)}.", metavar="SCENARIO")]
Seed = Annotated[str, typer.Option("--seed", help="Same seed, same day. What-ifs are compared on the same citizens.")]
Seats = Annotated[list[str], typer.Option("--seats", help='What if: "+10%", "-2", or one group: "social=+3".')]
Skills = Annotated[list[str], typer.Option("--skill", help='What if: "social:tax=4"; "*:tax=4" teaches everybody.')]
Calls = Annotated[str | None, typer.Option("--calls", help='What if: "+20%" calls.')]
Fields = Annotated[list[str], typer.Option("--set", help='What if: any field, "scheduler.ring_timeout_ms=15000".')]
Plot = Annotated[Path | None, typer.Option("--plot", help="Write waits and service levels to this .png or .html.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON: one object, or base and what-if.")]


def simulate(
    scenario: Where,
    seed: Seed = "1",
    seats: Seats = [],  # noqa: B006 - typer copies it
    skill: Skills = [],  # noqa: B006
    calls: Calls = None,
    fields: Fields = [],  # noqa: B006
    plot: Plot = None,
    as_json: AsJson = False,
) -> None:
    """Simulate a scenario; with what-ifs, beside the scenario as it is, on the same citizens."""
    try:
        table = load(scenario)
        runs = {"as it is": from_mapping(table)}
        changes = [
            *(f"seats {change}" for change in seats),
            *(f"skill {change}" for change in skill),
            *([f"calls {calls}"] if calls else []),
            *fields,
        ]
        if changes:
            runs[", ".join(changes)] = changed(table, seats, skill, calls, fields)
        if plot is not None and plot.suffix not in (".png", ".html"):
            raise BadScenario(f"a plot is a .png or an .html file, not {plot.name}")
    except Misuse as error:
        raise typer.BadParameter(str(error)) from None
    console = Console(stderr=as_json)
    results = {name: run(day, seed, name, console) for name, day in runs.items()}
    if as_json:
        typer.echo(msgspec.json.encode(results if changes else results["as it is"]))
    else:
        show(results, console)
    if plot is not None:
        save_plot(results, plot)
        console.print(f"plot written to {plot}")


def load(scenario: str) -> dict[str, Any]:
    """The decoded TOML of a shipped scenario or a file. Raises BadScenario."""
    try:
        if scenario in SHIPPED:
            return tomllib.loads(
                (resources.files("relay.scheduler") / "scenarios" / f"{scenario}.toml").read_text("utf-8")
            )
        return tomllib.loads(Path(scenario).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadScenario(f"{scenario}: {error}") from None


def changed(
    table: dict[str, Any], seats: list[str], skills: list[str], calls: str | None, fields: list[str]
) -> Scenario:
    """The scenario with every what-if applied. Raises BadScenario."""
    for assignment in fields:
        table = with_field(table, assignment)
    day = from_mapping(table)
    for change in seats:
        day = with_seats(day, change)
    for change in skills:
        day = with_skill(day, change)
    return with_calls(day, calls) if calls else day


def run(day: Scenario, seed: str, name: str, console: Console) -> Result:
    """Simulate one day under a progress bar."""
    clock = SystemClock()
    started_s = clock.now_s()
    simulation = Simulation(day, streams(seed))
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[pace]}"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(name, total=_STEPS, pace="")
        for step in range(1, _STEPS + 1):
            simulation.advance(step / _STEPS)
            pace = step / _STEPS * day.duration_ms / 1000 / max(1e-9, clock.now_s() - started_s)
            progress.update(task, completed=step, pace=f"{pace:,.0f}x real time")
    spent_s = clock.now_s() - started_s
    result = simulation.result(seed)
    console.print(
        f"{name}: {day.hours:g} hours in {spent_s:.1f} s ({day.duration_ms / 1000 / spent_s:,.0f}x real time),"
        f" {result.decisions:,} decisions"
    )
    return result


def streams(seed: str) -> Callable[[str], random.Random]:
    """Independent generators by purpose, the same on every machine (SHA-512 of the text seeds them)."""
    return lambda purpose: random.Random(f"{seed}/{purpose}")  # noqa: S311 - a simulation, not a secret


def show(results: dict[str, Result], console: Console) -> None:
    """Totals side by side, then classes, regions and departments of the last run."""
    last = list(results.values())[-1]
    console.print(_table(last.title, ("", *results), totals(results)))
    if booths(last):
        console.print(booths(last))
    for what, title, rows in breakdowns(last):
        console.print(_table(title, (what, *headings(last.target_s)), rows))


def _table(title: str, columns: Iterable[str], rows: Iterable[Iterable[str]]) -> Table:
    first, *others = columns
    table = Table(first, title=title)
    for heading in others:
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(*row)
    return table


def register(app: typer.Typer) -> None:
    """Mount the command."""
    app.command()(simulate)
