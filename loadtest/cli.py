"""The `loadtest` command: options → scenario and target → run → report, and an exit code that thresholds decide."""

import asyncio
import dataclasses
import shlex
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from loadtest.drive.broadcast import broadcast
from loadtest.drive.capacity import DEFAULT_BUDGET, Search
from loadtest.drive.capacity import capacity as find_capacity
from loadtest.drive.compare import Plan
from loadtest.drive.compare import compare as compare_servers
from loadtest.drive.media_run import Topology
from loadtest.drive.run import execute
from loadtest.impair import profile_of
from loadtest.options import (
    EXIT_ERROR,
    Engines,
    For,
    MediaOptions,
    Network,
    Peer,
    PeerPid,
    PeerToken,
    RelayOptions,
    ReportOptions,
    Seed,
    with_groups,
)
from loadtest.peers.start import PeerChoice
from loadtest.report import Report, from_json
from loadtest.scenario import Arrivals, CallType, Duration, Party, Scenario, parse_scenario
from loadtest.thresholds import parse_threshold
from relay.errors import Misuse, RelayError
from relay.server.messages import Source

app = typer.Typer(
    name="loadtest",
    help="Load for a relay: bots that are real WebRTC peers, bad networks, and reports.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
SCENARIOS = Path(__file__).parent / "scenarios"
console = Console()


@app.command()
@with_groups
def run(
    scenario: Annotated[str, typer.Argument(help="A file, or a shipped one: hall, city-9am, province-appointments …")],
    relay: RelayOptions,
    media: MediaOptions,
    output: ReportOptions,
    scale: Annotated[float, typer.Option(min=0.01, help="Times the participants and the calls.")] = 1.0,
    seconds: For = None,
    seed: Seed = None,
    network: Network = "",
    peer: Peer = "relay",
    peer_token: PeerToken = "",
) -> None:
    """Run a scenario against a whole relay."""
    outputs, target = output.outputs(), relay.target()
    chosen = media.applied_to(_changed(_load(scenario), seconds, seed, network).scaled(scale))
    if chosen.broadcast is not None:
        if target.url:
            raise Misuse("a broadcast runs on an SFU alone: name it by --peer (whip:URL for a running relay)")
        server = PeerChoice(peer, peer_token, relay.relay_pid)
        report = _until_interrupted(broadcast(chosen, _typed(), console, peer=server, quiet=output.quiet))
        outputs.deliver(report, console)
        return
    if peer != "relay":
        raise Misuse("--peer is for broadcasts; booths and seats need a relay's signalling (--relay)")
    outputs.deliver(_until_interrupted(execute(chosen, target, _typed(), console, quiet=output.quiet)), console)


@app.command()
@with_groups
def call(
    relay: RelayOptions,
    media: MediaOptions,
    output: ReportOptions,
    calls: Annotated[int, typer.Option(min=1, help="How many at once, each with a seat of its own.")] = 1,
    seconds: Annotated[float, typer.Option("--for", min=2)] = 15.0,
    network: Annotated[str, typer.Option(help="Of the booths.")] = "perfect",
    sources: Annotated[list[str] | None, typer.Option(help="Of the booths; default: microphone, camera.")] = None,
    seed: int = 1,
) -> None:
    """Calls that are all picked up at the beginning and last to the end."""
    outputs, target = output.outputs(), relay.target()
    booths = Party(calls, _sources(sources or ["microphone", "camera"]), profile_of(network))
    scenario = Scenario(
        title=f"{calls} calls at once, network {network}",
        duration_s=seconds,
        seed=seed,
        kiosks=booths,
        seats=Party(calls, ("microphone", "camera")),
        answer_s=Duration(0.2),
        arrivals=Arrivals("burst", calls=calls),
        calls=(CallType(holding_s=Duration(max(1.0, seconds - 2.0))),),
    )
    chosen = media.applied_to(scenario)
    outputs.deliver(_until_interrupted(execute(chosen, target, _typed(), console, quiet=output.quiet)), console)


@app.command()
@with_groups
def storm(
    relay: RelayOptions,
    media: MediaOptions,
    output: ReportOptions,
    kiosks: Annotated[int, typer.Option(min=1, help="Booths that come back at once.")] = 50,
    seed: Seed = None,
) -> None:
    """A power cut: everybody is gone, and everybody comes back; set-ups a second, and what others notice."""
    outputs, target = output.outputs(), relay.target()
    scenario = _changed(_load("storm"), None, seed, "")
    if scenario.kiosks is None:
        raise Misuse("the scenario `storm` has no booths")
    dark = dataclasses.replace(scenario, kiosks=dataclasses.replace(scenario.kiosks, count=kiosks))
    chosen = media.applied_to(dark)
    outputs.deliver(_until_interrupted(execute(chosen, target, _typed(), console, quiet=output.quiet)), console)


@app.command()
@with_groups
def handover(
    relay: RelayOptions,
    media: MediaOptions,
    output: ReportOptions,
    calls: Annotated[int, typer.Option(min=1)] = 3,
    network: Annotated[str, typer.Option(help="A network with hand-overs.")] = "train",
    seconds: Annotated[float, typer.Option("--for", min=5)] = 45.0,
    seed: Seed = None,
) -> None:
    """Calls from a train: bursts of loss, and a new address with every hand-over; how long media stays away."""
    outputs, target = output.outputs(), relay.target()
    scenario = _changed(_load("handover-train"), seconds, seed, network).scaled(calls / 3)
    holding = (CallType(holding_s=Duration(max(1.0, seconds - 5.0))),)
    chosen = media.applied_to(dataclasses.replace(scenario, calls=holding))
    outputs.deliver(_until_interrupted(execute(chosen, target, _typed(), console, quiet=output.quiet)), console)


@app.command()
@with_groups
def scheduler(
    relay: RelayOptions,
    output: ReportOptions,
    kiosks: Annotated[int, typer.Option(min=1)] = 100,
    seats: Annotated[int, typer.Option(min=1)] = 40,
    per_minute: Annotated[float, typer.Option(min=1, help="Calls.")] = 600.0,
    seconds: Annotated[float, typer.Option("--for", min=2)] = 20.0,
    seed: int = 1,
) -> None:
    """Calls without media, through signalling and scheduler alone; the relay must not require media (an own one does not)."""
    outputs, target = output.outputs(), relay.target(settings="[server]\nmedia_required = false\n")
    scenario = Scenario(
        title=f"Scheduler: {kiosks} booths, {seats} seats, {per_minute:g} calls a minute",
        duration_s=seconds,
        seed=seed,
        kiosks=Party(kiosks, ()),
        seats=Party(seats, ()),
        answer_s=Duration(0.1, "exponential"),
        wrap_up_s=Duration(0.2, "exponential"),
        arrivals=Arrivals(per_minute=per_minute),
        calls=(CallType(holding_s=Duration(1.5, "lognormal")),),
    )
    running = execute(scenario, target, _typed(), console, quiet=output.quiet, media=False)
    outputs.deliver(_until_interrupted(running), console)


@app.command()
@with_groups
def capacity(
    relay: RelayOptions,
    media: MediaOptions,
    output: ReportOptions,
    scenario: Annotated[str, typer.Argument(help="Whose booths, seats, networks and kinds of calls.")] = "pairs",
    budget: Annotated[
        list[str] | None, typer.Option(help=f"A step fails when; default: {' or '.join(DEFAULT_BUDGET)}.")
    ] = None,
    start: Annotated[int, typer.Option(min=1, help="Calls of the first step; then twice as many.")] = 5,
    most: Annotated[int, typer.Option(min=1)] = 1000,
    step_s: Annotated[float, typer.Option("--for", min=3, help="Seconds measured in each step.")] = 8.0,
    within: Annotated[float, typer.Option(min=30, help="Seconds that the whole may take.")] = 300.0,
    cores: Annotated[int, typer.Option(min=0, help="The own relay's; the bots get the others. 0: shared.")] = 0,
    network: Network = "",
    seed: Seed = None,
) -> None:
    """The largest number of calls within a budget, and what a call costs."""
    outputs, target = output.outputs(), relay.target(cores=cores)
    search = Search(
        media.applied_to(_changed(_load(scenario), None, seed, network)),
        tuple(parse_threshold(text) for text in budget or DEFAULT_BUDGET),
        start,
        most,
        step_s,
        within,
    )
    outputs.deliver(_until_interrupted(find_capacity(search, target, _typed(), console, quiet=output.quiet)), console)


@app.command()
@with_groups
def compare(
    output: ReportOptions,
    peer: Annotated[
        str, typer.Option(help="janus, toy (aiortc), whip:RELAY_URL or whip:PUBLISH_URL,RECEIVE_URL.")
    ] = "janus",
    receivers: Annotated[int, typer.Option(min=1, help="Of each publisher.")] = 10,
    publishers: Annotated[int, typer.Option(min=1, help="20 with 1 receiver each is 10 one-to-one calls.")] = 1,
    camera_kbps: Annotated[int, typer.Option(min=0, help="Of the camera; 0: 1,500.")] = 0,
    rounds: Annotated[int, typer.Option(min=1)] = 3,
    seconds: Annotated[float, typer.Option("--for", min=2, help="Measured in each run.")] = 8.0,
    peer_token: PeerToken = "",
    peer_pid: PeerPid = 0,
    engines: Engines = 1,
    seed: int = 1,
) -> None:
    """relay's SFU and another media server in turns: same bots, same media, same cores. Needs root (a namespace)."""
    outputs = output.outputs()
    server = PeerChoice(peer, peer_token, peer_pid)
    chosen = Plan(server, Topology(publishers, receivers), rounds, seconds, camera_kbps * 1000, seed, engines)
    outputs.deliver(_until_interrupted(compare_servers(chosen, _typed(), console, quiet=output.quiet)), console)


@app.command()
@with_groups
def report(
    source: Annotated[Path, typer.Argument(help="A report in JSON.", exists=True, dir_okay=False)],
    output: ReportOptions,
) -> None:
    """Show a report again, judge it, or write it in another form."""
    output.outputs().deliver(from_json(source.read_bytes()), console)


def _load(name: str) -> Scenario:
    path = Path(name) if name.endswith(".toml") else SCENARIOS / f"{name}.toml"
    if not path.is_file():
        shipped = ", ".join(sorted(each.stem for each in SCENARIOS.glob("*.toml")))
        raise Misuse(f"there is no scenario {name!r}; shipped are {shipped}; others by the path of a .toml")
    return parse_scenario(path.read_text("utf-8"))


def _changed(scenario: Scenario, seconds: float | None, seed: int | None, network: str) -> Scenario:
    if seconds is not None:
        scenario = dataclasses.replace(scenario, duration_s=seconds)
    if seed is not None:
        scenario = dataclasses.replace(scenario, seed=seed)
    if network and scenario.kiosks is not None:
        booths = dataclasses.replace(scenario.kiosks, network=profile_of(network))
        scenario = dataclasses.replace(scenario, kiosks=booths)
    return scenario


def _sources(names: list[str]) -> tuple[Source, ...]:
    known: tuple[Source, ...] = ("microphone", "camera", "document", "screen")
    unknown = [name for name in names if name not in known]
    if unknown:
        raise Misuse(f"there is no source {unknown[0]!r}; known are {', '.join(known)}")
    return tuple(each for each in known if each in names)


def _typed() -> str:
    return shlex.join(["loadtest", *sys.argv[1:]])


def _until_interrupted(work: Coroutine[Any, Any, Report]) -> Report:
    """Run it; the first Ctrl-C or SIGTERM ends the run with a report, the second one at once."""

    async def guarded() -> Report:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()

        def interrupt() -> None:
            loop.remove_signal_handler(signal.SIGINT)
            loop.remove_signal_handler(signal.SIGTERM)
            task.cancel()

        for sign in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(sign, interrupt)
        return await task

    return asyncio.run(guarded())


def main() -> None:
    """Run the command line; what makes a run impossible ends it with one line and status 2."""
    try:
        app()
    except RelayError as error:
        hint = f"\n{error.hint}" if error.hint else ""
        typer.secho(f"loadtest: {error}{hint}", err=True, fg=typer.colors.RED)
        sys.exit(EXIT_ERROR)
    except (OSError, UnicodeDecodeError) as error:
        typer.secho(f"loadtest: {error}", err=True, fg=typer.colors.RED)
        sys.exit(EXIT_ERROR)
    except (asyncio.CancelledError, KeyboardInterrupt):
        typer.secho("loadtest: interrupted before anything was measured", err=True, fg=typer.colors.RED)
        sys.exit(EXIT_ERROR)
