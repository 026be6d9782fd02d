"""Set-ups a second: from an opened WebSocket to media that could flow, through the relay's public door.

A set-up is hello, offer and answer over the WebSocket, ICE checks and a DTLS handshake over UDP; the participant then stays.
The relay is a process of its own; its CPU time over all set-ups gives the set-ups a core can do, which does not depend
on how busy this machine is otherwise. Bots and relay share the machine, so the wall-clock rate is a lower bound.

    python benchmarks/signalling.py [--set-ups 200] [--at-once 16] [--rounds 3] [--json FILE] [--plot FILE]
"""

import argparse
import asyncio
import statistics
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.compare import keep
from loadtest.bots.shell.crew import Crew, raise_file_limit
from loadtest.drive.server import RelayServer, own_relay
from loadtest.measure.histogram import Histogram
from loadtest.measure.shell.processes import usage_of
from loadtest.report import Curve, Plot
from loadtest.report.svg import to_svg
from relay.client import SignallingClient
from relay.server.messages import Answer

SOURCES = ("microphone", "camera", "document", "screen")
PHASES = ("hello", "answer", "media")
"""WebSocket and hello; offer to answer; ICE and DTLS."""


@dataclass(frozen=True)
class Round:
    """One round of set-ups."""

    set_ups: int
    wall_s: float
    relay_cpu_s: float
    memory_kb_per_participant: float

    @property
    def per_s(self) -> float:
        return self.set_ups / self.wall_s

    @property
    def per_core_s(self) -> float:
        return self.set_ups / self.relay_cpu_s


async def measure(set_ups: int, at_once: int, times: dict[str, Histogram]) -> Round:
    """A fresh relay, and so many kiosks with four sources and four slots that log in."""
    async with own_relay() as server, Crew() as crew:
        await crew.prepare(SOURCES)
        _, regions = await server.catalogue()
        tokens = [await server.token(f"bench-{number}", "kiosk", regions[0]) for number in range(set_ups)]
        lines: list[SignallingClient] = []
        gate = asyncio.Semaphore(at_once)
        before, began_s = usage_of(server.pid), crew.clock.now_s()
        await asyncio.gather(*(_set_up(server, crew, token, gate, times, lines) for token in tokens))
        wall_s, after = crew.clock.now_s() - began_s, usage_of(server.pid)
        await asyncio.gather(*(line.close() for line in lines))
    growth_kb = (after.resident_bytes - before.resident_bytes) / 1024
    return Round(set_ups, wall_s, after.cpu_s - before.cpu_s, growth_kb / set_ups)


async def _set_up(
    server: RelayServer,
    crew: Crew,
    token: str,
    gate: asyncio.Semaphore,
    times: dict[str, Histogram],
    lines: list[SignallingClient],
) -> None:
    async with gate:
        marks = [crew.clock.now_s()]
        line = await SignallingClient(server.signalling_url, token, request_timeout_s=60.0).__aenter__()
        lines.append(line)
        marks.append(crew.clock.now_s())
        bot = await crew.bot()
        answer = await line.request(bot.offer(SOURCES, SOURCES), Answer)
        marks.append(crew.clock.now_s())
        await bot.accept(answer.sdp)
        await bot.connected(60.0)
        marks.append(crew.clock.now_s())
    for phase, start, end in zip(PHASES, marks, marks[1:], strict=False):
        times[phase].observe_ms((end - start) * 1000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set-ups", type=int, default=200)
    parser.add_argument("--at-once", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="an SVG: times of the phases")
    options = parser.parse_args()
    raise_file_limit(options.set_ups * 3)
    times = {phase: Histogram() for phase in PHASES}
    rounds = [asyncio.run(measure(options.set_ups, options.at_once, times)) for _ in range(options.rounds)]
    figures = {
        "set_ups_per_s": statistics.median(each.per_s for each in rounds),
        "set_ups_per_core_s": statistics.median(each.per_core_s for each in rounds),
        "relay_cpu_ms_per_set_up": 1000 / statistics.median(each.per_core_s for each in rounds),
        "memory_kb_per_participant": statistics.median(each.memory_kb_per_participant for each in rounds),
        **{name: value for phase in PHASES for name, value in times[phase].summary(phase).items()},
    }
    _print(figures)
    given = {"set_ups": options.set_ups, "at_once": options.at_once}
    if options.json:
        keep("signalling", {**given, **figures, "rounds": [asdict(each) for each in rounds]}, options.json)
    if options.plot:
        curves = tuple(Curve(phase, tuple(times[phase].cdf())) for phase in PHASES)
        plot = Plot("Phases of a set-up", "ms", "share up to", curves, "log")
        options.plot.write_text(to_svg(plot).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1), "utf-8")


def _print(figures: dict[str, float]) -> None:
    table = Table(title="Set-ups: WebSocket, offer and answer, ICE, DTLS")
    table.add_column("figure")
    table.add_column("median", justify="right")
    for name in ("set_ups_per_s", "set_ups_per_core_s", "relay_cpu_ms_per_set_up", "memory_kb_per_participant"):
        table.add_row(name, f"{figures[name]:,.1f}")
    for phase in PHASES:
        quantiles = f"{figures[f'{phase}_p50_ms']:.1f} / {figures[f'{phase}_p95_ms']:.1f}"
        table.add_row(f"{phase}, p50 / p95 ms", quantiles)
    Console().print(table)


if __name__ == "__main__":
    main()
