"""relay's SFU beside another media server: same bots, same media, same cores, in turns; ratios with their spread."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from rich.console import Console

from loadtest.bots.shell.crew import Crew, CrewMedia, raise_file_limit
from loadtest.drive.media_run import Topology, run_media
from loadtest.drive.run import FILES_PER_BOT
from loadtest.drive.show import Screen
from loadtest.measure.ratio import Ratio, ratio_of_medians
from loadtest.measure.shell.processes import machine_facts
from loadtest.measure.tally import bottleneck_warnings
from loadtest.peers.start import PeerChoice, running_peer
from loadtest.report import Curve, Plot, Report, Table
from relay.server.messages import Source

Metrics = dict[str, float]

_SHOWN = (
    ("relay_cpu_us_per_packet", "CPU a packet, µs"),
    ("relay_memory_mb", "memory, MB"),
    ("relay_cpu_share", "CPU, cores"),
    ("latency_p50_ms", "latency p50, ms"),
    ("latency_p99_ms", "latency p99, ms"),
    ("loss_share", "lost, share"),
    ("freeze_time_share", "frozen, share"),
    ("received_pps", "received, packets/s"),
    ("connections_per_s", "connections/s"),
    ("tool_lateness_p99_ms", "tool's lateness p99, ms"),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is compared."""

    peer: PeerChoice
    topology: Topology
    rounds: int = 3
    seconds: float = 8.0
    camera_bps: int = 0
    """0: as its recipe."""
    seed: int = 1
    engines: int = 1
    """Threads that carry the bots' media."""


async def compare(plan: Plan, command: str, console: Console, *, quiet: bool = False) -> Report:
    """relay, peer, relay, peer …; raises `Misuse`, `Unavailable`."""
    started = datetime.now().astimezone().isoformat(timespec="seconds")
    facts = machine_facts()
    peers = (PeerChoice(), plan.peer)
    raise_file_limit(plan.topology.publishers * (plan.topology.receivers + 1) * FILES_PER_BOT)
    found: dict[str, list[Metrics]] = {peer.name: [] for peer in peers}
    latencies: dict[str, Curve] = {}
    for number in range(plan.rounds):
        for peer in peers:
            with Screen(console, f"{peer.name}, round {number + 1} of {plan.rounds}", quiet=quiet) as screen:
                metrics, latencies[peer.name] = await _one(plan, peer, screen)
            found[peer.name].append(metrics)
    return _report(plan, command, started, facts, found, latencies)


async def _one(plan: Plan, peer: PeerChoice, screen: Screen) -> tuple[Metrics, Curve]:
    async with running_peer(peer, isolated=True) as (server, host):
        bitrates: dict[Source, int] = {"camera": plan.camera_bps} if plan.camera_bps else {}
        # Janus does not forward the time of sending in an extension: everybody gets it behind the payload.
        media = CrewMedia(bitrates_bps=bitrates, stamp_behind_payload=True)
        async with Crew(seed=plan.seed, host=host, media=media, engines=plan.engines) as crew:
            watch, metrics = await run_media(server, crew, plan.topology, plan.seconds, screen.show)
    await asyncio.sleep(0.2)
    points = tuple(watch.last.latency.cdf()) if watch.last is not None else ()
    return metrics, Curve(peer.name, points)


def _report(
    plan: Plan,
    command: str,
    started: str,
    facts: dict[str, str],
    found: dict[str, list[Metrics]],
    latencies: dict[str, Curve],
) -> Report:
    ratios = _ratios(found["relay"], found[plan.peer.name])
    topology = plan.topology
    rows = tuple(
        (label, f"{ratio.a:.3g}", f"{ratio.b:.3g}", str(ratio))
        for name, label in _SHOWN
        if (ratio := ratios.get(name)) is not None
    )
    metrics = {f"{side}_{name}": value for name, ratio in ratios.items() for side, value in _sides(ratio)}
    if "relay_cpu_us_per_packet" in ratios:
        metrics["ratio"] = 1 / ratios["relay_cpu_us_per_packet"].ratio
    warnings = {text for runs in found.values() for run in runs for text in bottleneck_warnings(run)}
    return Report(
        title=f"relay beside {plan.peer.name}: {topology.publishers} × 1 → {topology.receivers}",
        command=command,
        started=started,
        metrics=metrics,
        warnings=tuple(sorted(warnings)),
        machine=facts,
        tables=(
            Table(
                "Medians of the rounds, in turns",
                ("figure", "relay", plan.peer.name, f"{plan.peer.name} / relay (spread of the pairs)"),
                rows,
                "CPU is that of the server's processes, over the packets that reached the bots.",
            ),
        ),
        plots=(Plot("Latency of all packets, last round", "ms", "share up to", tuple(latencies.values()), "log"),),
    )


def _sides(ratio: Ratio) -> tuple[tuple[str, float], ...]:
    return (("relay", ratio.a), ("peer", ratio.b), ("ratio", ratio.ratio))


def _ratios(ours: list[Metrics], theirs: list[Metrics]) -> dict[str, Ratio]:
    names = set(ours[0]) & set(theirs[0])
    ratios = {}
    for name in sorted(names):
        a, b = [run.get(name, 0.0) for run in ours], [run.get(name, 0.0) for run in theirs]
        if min(a) > 0:
            ratios[name] = ratio_of_medians(a, b)
    return ratios
