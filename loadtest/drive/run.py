"""One scenario from log-in to report. Ctrl-C and a relay that dies end it early, with a report of what was measured."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from rich.console import Console

from loadtest.bots.shell.bot import SOURCES
from loadtest.bots.shell.crew import Crew, CrewMedia, raise_file_limit
from loadtest.drive.participants import Stage
from loadtest.drive.server import RelayServer, own_relay
from loadtest.drive.service_run import ServiceRun
from loadtest.drive.show import Screen
from loadtest.drive.watch import Watch
from loadtest.measure.shell.processes import machine_facts
from loadtest.measure.tally import Tally, bottleneck_warnings, reception_metrics, slowness
from loadtest.report import Curve, Ending, Plot, Report, Table
from loadtest.scenario import Party, Scenario
from relay.errors import RelayError, Unavailable

FILES_PER_BOT = 5
"""Its socket, its line, and two of an emulated link; and one over."""

INTERRUPTED = "The run was interrupted: the figures are of the time until then."


@dataclass(frozen=True, slots=True)
class Target:
    """Which relay. Without a URL, an own one is started."""

    url: str = ""
    secret: str = field(default="", repr=False)
    key_id: str = ""
    portal_token: str = field(default="", repr=False)
    pid: int = 0
    """Of the running relay, on this machine, for its costs."""
    settings: str = ""
    """Of an own relay, TOML."""
    cores: int = 0
    """An own relay gets so many cores, the bots the others; 0: the kernel decides."""


@asynccontextmanager
async def server_of(target: Target) -> AsyncIterator[RelayServer]:
    """The relay under test; raises `Unavailable`, `Unauthorised`."""
    if not target.url:
        async with own_relay(target.settings, cores=target.cores) as server:
            yield server
        return
    server = RelayServer(
        target.url, secret=target.secret, portal_token=target.portal_token, pid=target.pid, key_id=target.key_id
    )
    await asyncio.to_thread(server.ping)
    yield server


def crew_of(scenario: Scenario, *, host: str = "127.0.0.1", stamp_behind_payload: bool = False) -> Crew:
    """Bots that send what the scenario says."""
    media = CrewMedia(scenario.codec, scenario.simulcast, stamp_behind_payload=stamp_behind_payload)
    return Crew(seed=scenario.seed, host=host, media=media, engines=scenario.engines)


async def execute(
    scenario: Scenario, target: Target, command: str, console: Console, *, quiet: bool = False, media: bool = True
) -> Report:
    """Run it. Raises what makes a run impossible; what ends it early is a warning of the report."""
    started = datetime.now().astimezone().isoformat(timespec="seconds")
    facts = machine_facts()
    participants = sum(party.count for party in (scenario.kiosks, scenario.seats) if party is not None)
    raise_file_limit(participants * FILES_PER_BOT)
    async with server_of(target) as server, crew_of(scenario) as crew:
        items, regions = await server.catalogue()
        if not items or not regions:
            raise Unavailable("the relay's catalogue has no service items or no regions")
        stage = Stage(server, crew, Tally(), scenario, items, regions, media)
        watch = Watch(crew, server.pid, server, lambda: stage.talking)
        with Screen(console, scenario.title, quiet=quiet) as screen:
            ended = await _conduct(ServiceRun(stage), stage, watch, screen)
        metrics = _metrics(stage, watch)
    ending, text = _ending(ended, stage, participants, metrics)
    return Report(
        title=scenario.title,
        command=command,
        started=started,
        metrics=metrics,
        warnings=bottleneck_warnings(metrics),
        incomplete=text,
        ending=ending,
        machine=facts,
        tables=(*_tables(stage), setup_table(scenario)),
        plots=plots_of(watch, marks_of(scenario)),
        timeline=tuple(watch.rows),
    )


async def _conduct(run: ServiceRun, stage: Stage, watch: Watch, screen: Screen) -> tuple[Ending, str]:
    """All phases; what ended it early, also in words."""
    ended: tuple[Ending, str] = ("", "")
    screen.expect(len(run.kiosks) + len(run.seats))
    ticking: asyncio.Task[None] | None = None
    try:
        await run.prepare(screen.advance)
        await watch.begin()
        ticking = asyncio.create_task(watch.every_second(screen.show, stage.scenario.warm_up_s))
        await _until_over(run, stage)
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None:
            task.uncancel()
        ended = "interrupted", INTERRUPTED
    except Unavailable as error:
        if watch.first is None:
            raise
        ended = "died", f"The run ended early: {error}"
    finally:
        if ticking is not None:
            ticking.cancel()
            with suppress(asyncio.CancelledError, RelayError, OSError):
                await ticking
            await watch.step(with_scrape=True)
        await run.close()
    return ended


async def _until_over(run: ServiceRun, stage: Stage) -> None:
    """The run, unless its relay dies: then `Unavailable`."""

    async def look() -> None:
        while True:
            await asyncio.sleep(1.0)
            try:
                await asyncio.to_thread(stage.server.ping)
            except Unavailable:
                await asyncio.sleep(0.5)
                await asyncio.to_thread(stage.server.ping)

    looking, running = asyncio.create_task(look()), asyncio.create_task(run.run())
    try:
        done, _ = await asyncio.wait((looking, running), return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in (looking, running):
            task.cancel()
        await asyncio.gather(looking, running, return_exceptions=True)


def _ending(
    ended: tuple[Ending, str], stage: Stage, participants: int, metrics: dict[str, float]
) -> tuple[Ending, str]:
    """What keeps the run from being what was asked for, if anything does."""
    came, refused = (stage.tally.counts.get(name, 0) for name in ("set_ups", "calls_refused"))
    if ended[0]:
        return ended
    if came < participants:
        why = next(iter(stage.tally.refusals), "no answer in time")
        return "full", f"Only {came} of {participants} participants could log in: {why}"
    if refused:
        return (
            "refused",
            f"The relay refused {refused} calls for want of capacity: it was asked for more than it takes.",
        )
    slow = slowness(metrics)
    return ("slow", slow) if slow else ended


def _metrics(stage: Stage, watch: Watch) -> dict[str, float]:
    metrics = watch.metrics() | stage.tally.metrics() | reception_metrics(stage.receptions)
    if stage.tally.counts.get("storm_ms"):
        metrics["storm_set_ups_per_s"] = stage.tally.counts.get("storm_set_ups", 0) / metrics["storm_ms"] * 1000
        metrics["storm_set_ups_per_core_s"] = metrics["storm_set_ups"] / max(metrics["storm_relay_cpu_ms"], 10) * 1000
    if "relay_memory_mb" in metrics:
        participants = stage.tally.counts.get("set_ups", 0)
        if participants and watch.first is not None:
            metrics["participants"] = participants
    return metrics


def _tables(stage: Stage) -> tuple[Table, ...]:
    refused = tuple((text, str(count)) for text, count in stage.tally.refusals.items())
    tables = (latency_table(stage.crew), Table("What went wrong", ("error", "times"), refused))
    return tuple(table for table in tables if table.rows)


def latency_table(crew: Crew) -> Table:
    """By source."""
    rows = []
    for name in SOURCES:
        latency = crew.latency([name])
        if latency.count:
            quantiles = [latency.quantile_ms(share) or 0.0 for share in (0.5, 0.95, 0.99, 1.0)]
            rows.append((name, f"{latency.count:,}", *(f"{value:.2f}" for value in quantiles)))
    headings = ("source", "packets", "p50 ms", "p95 ms", "p99 ms", "max ms")
    return Table("One-way latency, sender's stamp to receiver's kernel", headings, tuple(rows))


def setup_table(scenario: Scenario) -> Table:
    """What was run, for whoever wants to run it again."""

    def party(each: Party | None) -> str:
        return f"{each.count} with {', '.join(each.sources) or 'no media'}; {each.network.described}" if each else ""

    laws = {name: getattr(scenario, f"{name}_s") for name in ("answer", "wrap_up")}
    rows = {
        "booths": party(scenario.kiosks),
        "seats": party(scenario.seats),
        "calls": "; ".join(
            f"{each.kind} {each.item or 'any item'}, {each.holding_s.described} (weight {each.weight:g})"
            for each in scenario.calls
        ),
        "answer, wrap-up": "; ".join(law.described for law in laws.values()),
        "video": scenario.codec + (", three layers" if scenario.simulcast else ""),
        "time": f"{scenario.duration_s:g} s, of which {scenario.warm_up_s:g} s are not measured",
        "seed": str(scenario.seed),
    }
    return Table("What was run", ("what", "value"), tuple((name, text) for name, text in rows.items() if text))


def marks_of(scenario: Scenario) -> tuple[tuple[float, str], ...]:
    """The scenario's incidents, and the addresses that its booths' network changes, by the second of the timeline."""
    incidents = [(each.at_s - scenario.warm_up_s, each.what.replace("-", " ")) for each in scenario.incidents]
    moves = scenario.kiosks.network.address_changes_s if scenario.kiosks else ()
    return tuple(sorted((*incidents, *((at_s, "new address") for at_s in moves))))


def plots_of(watch: Watch, marks: tuple[tuple[float, str], ...] = ()) -> tuple[Plot, ...]:
    """Timelines, and the distribution of the latencies."""

    def curve(label: str, name: str, factor: float = 1.0) -> Curve:
        return Curve(label, tuple((row["t_s"], row[name] * factor) for row in watch.rows if name in row))

    plots = [
        Plot("Rate", "s", "Mbit/s", (curve("sent", "sent_bps", 1e-6), curve("received", "received_bps", 1e-6))),
        Plot("One-way latency", "s", "ms", (curve("p99", "latency_p99_ms"), curve("p50", "latency_p50_ms"))),
        Plot(
            "Lost, of the packets of that second",
            "s",
            "%",
            (curve("before repair", "lost_before_repair_share", 100), curve("for good", "lost_share", 100)),
        ),
        Plot("Freezes that began in that second, all pictures", "s", "freezes", (curve("freezes", "freezes"),)),
        Plot("Residence in the relay, p99 (of five seconds)", "s", "ms", (curve("p99", "residence_p99_ms"),)),
        Plot("Calls in conversation", "s", "calls", (curve("calls", "calls"),)),
        Plot("CPU of the relay's processes", "s", "cores", (curve("relay", "server_cpu_share"),)),
        Plot("Memory of the relay's processes", "s", "MB", (curve("resident", "server_memory_mb"),)),
    ]
    plots = [replace(plot, marks=marks) for plot in plots]
    if watch.first is not None and watch.last is not None:
        latency = watch.last.latency - watch.first.latency
        quantiles = [
            (latency.quantile_ms(share), label) for share, label in ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))
        ]
        lines = tuple((value, f"{label} {value:.3g} ms") for value, label in quantiles if value is not None)
        curves = (Curve("packets", tuple(latency.cdf())),)
        plots.insert(1, Plot("Latency of all packets", "ms", "share up to", curves, "log", marks=lines))
    return tuple(plot for plot in plots if any(each.points for each in plot.curves))
