"""`relay simulate`: a day of a city, a province or a nation in seconds, over the engine that serves the real ones."""

import random
import tomllib
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from relay.cli.simulate_plot import save_plot
from relay.clock import SystemClock
from relay.errors import Misuse
from relay.scheduler.simulate import BadScenario, Line, Result, Scenario, Simulation, from_mapping
from relay.scheduler.simulate.what_if import with_calls, with_field, with_seats, with_skill

SHIPPED = ("city", "province", "nation")
_STEPS = 400
_ROWS = 12

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
    console.print(_comparison(results))
    if last.booth_wait_mean_s or last.balked:
        console.print(
            f"Wait for a booth: mean {last.booth_wait_mean_s:.1f} s, 90 % within {last.booth_wait_p90_s:.0f} s;"
            f" {last.balked} calls refused."
        )
    for title, lines in (("class", last.by_priority), ("region", last.by_region), ("department", last.by_queue)):
        console.print(_breakdown(title, lines, last.target_s))


def _comparison(results: dict[str, Result]) -> Table:
    first = next(iter(results.values()))
    table = Table("", title=first.title)
    for name in results:
        table.add_column(name, justify="right")
    for heading, cell in _TOTALS:
        table.add_row(heading.format(target=first.target_s), *(cell(result) for result in results.values()))
    return table


_TOTALS: tuple[tuple[str, Callable[[Result], str]], ...] = (
    ("seats", lambda r: f"{r.seats:,}"),
    ("calls offered", lambda r: f"{r.total.offered:,}"),
    ("answered within {target:g} s, of offered", lambda r: f"{r.total.service_level.of_offered:.2%}"),
    ("… of answered", lambda r: f"{r.total.service_level.of_answered:.2%}"),
    ("… and given up, of both", lambda r: f"{r.total.service_level.of_handled:.2%}"),
    ("… without those who gave up sooner", lambda r: f"{r.total.service_level.excluding_short:.2%}"),
    ("gave up", lambda r: f"{r.total.abandoned / max(1, r.total.offered):.2%}"),
    ("mean wait of the answered", lambda r: f"{r.total.mean_wait_s:.1f} s"),
    ("90 % wait less than", lambda r: f"{r.total.wait_p90_s:.0f} s"),
    ("longest wait", lambda r: f"{r.total.longest_wait_s:.0f} s"),
    ("conversation and wrap-up", lambda r: f"{r.total.mean_handle_s:.0f} s"),
    ("occupancy of the seats", lambda r: f"{r.occupancy:.1%}"),
    ("offers missed or declined", lambda r: f"{r.offers.get('timeout', 0) + r.offers.get('rejected', 0):,}"),
    ("appointments missed", lambda r: f"{r.appointments.get('no_show', 0):,} of {r.appointments.get('booked', 0):,}"),
    ("error of the wait announced, mean absolute", lambda r: f"{r.forecast_mae_s:.1f} s"),
)


def _breakdown(title: str, lines: tuple[Line, ...], target_s: float) -> Table:
    table = Table(
        title, title=f"By {title}" + (f" (the {_ROWS} largest of {len(lines)})" if len(lines) > _ROWS else "")
    )
    for heading in ("calls", f"in {target_s:g} s", "gave up", "mean wait", "90 %", "longest"):
        table.add_column(heading, justify="right")
    for line in sorted(lines, key=lambda line: -line.offered)[:_ROWS]:
        table.add_row(
            line.name,
            f"{line.offered:,}",
            f"{line.service_level.of_offered:.1%}",
            f"{line.abandoned / max(1, line.offered):.1%}",
            f"{line.mean_wait_s:.1f} s",
            f"{line.wait_p90_s:.0f} s",
            f"{line.longest_wait_s:.0f} s",
        )
    return table


def register(app: typer.Typer) -> None:
    """Mount the command."""
    app.command()(simulate)
