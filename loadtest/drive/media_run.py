"""Publishers and receivers on a media server alone: one to many, or pairs; what it costs and how media arrives."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from loadtest.bots.shell.bot import Bot
from loadtest.bots.shell.crew import Crew
from loadtest.drive.watch import Watch
from loadtest.impair import Profile
from loadtest.measure.tally import reception_metrics
from loadtest.peers.media_server import MediaServer
from relay.server.messages import Source

_SETTLE_S = 2.0
_AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class Topology:
    """Who sends and who receives: `publishers` streams, each to `receivers`."""

    publishers: int
    receivers: int
    sources: tuple[Source, ...] = ("microphone", "camera")
    network: Profile = field(default_factory=Profile)
    """Of the receivers."""


async def run_media(
    server: MediaServer, crew: Crew, topology: Topology, seconds: float, show: Callable[[dict[str, float]], None]
) -> tuple[Watch, dict[str, float]]:
    """Connect everybody, let it settle, measure for a while. Raises `Unavailable` when somebody cannot connect."""
    await crew.prepare(topology.sources)
    bots: list[Bot] = []
    began_s = crew.clock.now_s()
    for number in range(topology.publishers):
        bots += await _connect_one(server, crew, topology, f"stream-{number}")
    set_up_s = crew.clock.now_s() - began_s
    await asyncio.sleep(_SETTLE_S)
    watch = Watch(crew, server.pid)
    await watch.begin()
    for _ in range(round(seconds)):
        await asyncio.sleep(1.0)
        show(await watch.step())
    receptions = [bot.reception(slot) for bot in bots for slot in bot.slots]
    metrics = watch.metrics() | reception_metrics(receptions)
    metrics["connections_per_s"] = len(bots) / set_up_s
    for bot in bots:
        await bot.close()
    return watch, metrics


async def _connect_one(server: MediaServer, crew: Crew, topology: Topology, name: str) -> list[Bot]:
    """One publisher with its receivers."""
    publisher = await crew.bot()
    await server.publish(name, publisher, topology.sources)
    _play(publisher, topology.sources)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def receive(number: int) -> Bot:
        async with gate:
            bot = await crew.bot(topology.network)
            await server.receive(f"{name}-{number}", bot, name, topology.sources)
            for slot in bot.slots:
                bot.expect(slot)
            return bot

    return [publisher, *await asyncio.gather(*(receive(number) for number in range(topology.receivers)))]


def _play(bot: Bot, sources: Sequence[Source]) -> None:
    for source in sources:
        bot.play(source)
