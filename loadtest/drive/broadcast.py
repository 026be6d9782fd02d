"""A scenario of one publisher and many receivers, on an SFU alone (relay's, or a peer): no booths, no seats, no scheduler."""

from datetime import datetime

from rich.console import Console

from loadtest.bots.shell.crew import raise_file_limit
from loadtest.drive.media_run import Topology, run_media
from loadtest.drive.run import FILES_PER_BOT, crew_of, latency_table, plots_of
from loadtest.drive.show import Screen
from loadtest.measure.shell.processes import machine_facts
from loadtest.measure.tally import bottleneck_warnings, slowness
from loadtest.peers.start import PeerChoice, running_peer
from loadtest.report import Report
from loadtest.scenario import Scenario
from relay.errors import Misuse

RELAY = PeerChoice()


async def broadcast(
    scenario: Scenario, command: str, console: Console, *, peer: PeerChoice = RELAY, quiet: bool = False
) -> Report:
    """Run it; raises `Misuse`, `Unavailable`. Peers get the time of sending behind the payload: few forward extensions."""
    wanted = scenario.broadcast
    if wanted is None:
        raise Misuse("this scenario has no [broadcast]")
    started = datetime.now().astimezone().isoformat(timespec="seconds")
    facts = machine_facts()
    raise_file_limit((wanted.receivers + 1) * FILES_PER_BOT)
    topology = Topology(1, wanted.receivers, wanted.sources, wanted.network)
    async with (
        running_peer(peer, isolated=False) as (server, host),
        crew_of(scenario, host=host, stamp_behind_payload=peer.name != "relay") as crew,
    ):
        with Screen(console, scenario.title, quiet=quiet) as screen:
            watch, metrics = await run_media(server, crew, topology, scenario.duration_s, screen.show)
        latencies = latency_table(crew)
    return Report(
        title=scenario.title,
        command=command,
        started=started,
        metrics=metrics,
        warnings=bottleneck_warnings(metrics),
        incomplete=(slow := slowness(metrics)),
        ending="slow" if slow else "",
        machine=facts,
        tables=(latencies,),
        plots=plots_of(watch),
        timeline=tuple(watch.rows),
    )
