"""A scenario of one publisher and many receivers, on relay's SFU alone: no booths, no seats, no scheduler."""

import sys
from contextlib import suppress
from datetime import datetime

from rich.console import Console

from loadtest.bots.shell.crew import Crew, raise_file_limit
from loadtest.drive.media_run import Topology, run_media
from loadtest.drive.run import FILES_PER_BOT, latency_table, plots_of
from loadtest.drive.show import Screen
from loadtest.measure.shell.processes import machine_facts
from loadtest.measure.tally import bottleneck_warnings
from loadtest.peers.media_server import Hosted
from loadtest.report import Report
from loadtest.scenario import Scenario
from relay.errors import Misuse, Unavailable

HOST = "127.0.0.1"


async def broadcast(scenario: Scenario, command: str, console: Console, *, quiet: bool = False) -> Report:
    """Run it; raises `Misuse`, `Unavailable`."""
    wanted = scenario.broadcast
    if wanted is None:
        raise Misuse("this scenario has no [broadcast]")
    started = datetime.now().astimezone().isoformat(timespec="seconds")
    facts = machine_facts()
    raise_file_limit((wanted.receivers + 1) * FILES_PER_BOT)
    topology = Topology(1, wanted.receivers, wanted.sources, wanted.network)
    server = await Hosted.start([sys.executable, "-m", "loadtest.peers.hosts.sfu", HOST])
    try:
        async with Crew(seed=scenario.seed, host=HOST) as crew:
            with Screen(console, scenario.title, quiet=quiet) as screen:
                watch, metrics = await run_media(server, crew, topology, scenario.duration_s, screen.show)
            latencies = latency_table(crew)
    finally:
        with suppress(Unavailable):
            await server.close()
    return Report(
        title=scenario.title,
        command=command,
        started=started,
        metrics=metrics,
        warnings=bottleneck_warnings(metrics),
        machine=facts,
        tables=(latencies,),
        plots=plots_of(watch),
        timeline=tuple(watch.rows),
    )
