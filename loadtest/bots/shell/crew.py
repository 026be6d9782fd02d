"""All bots of one process: engines in threads of their own, the bots' transports on the event loop."""

import asyncio
import itertools
import random
import resource
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from loadtest.bots.sdp import VideoCodec
from loadtest.bots.shell.bot import SOURCES, Bot
from loadtest.bots.shell.library import LAYERS, media_of
from loadtest.engine import Arrival, Engine
from loadtest.impair import Profile
from loadtest.measure.histogram import Histogram
from relay.clock import SystemClock
from relay.errors import Misuse
from relay.server.messages import Source
from relay.sfu.transport.dtls import Certificate

_SPARE_FILES: Final = 64


@dataclass(frozen=True, slots=True)
class CrewMedia:
    """What all bots send."""

    codec: VideoCodec = "VP8"
    simulcast: bool = False
    """Of cameras: three layers."""
    bitrates_bps: Mapping[Source, int] = field(default_factory=dict)
    """Instead of those of the recipes."""
    stamp_behind_payload: bool = False
    """For servers that do not forward the header extension with the time of sending."""

    def layers(self, source: Source) -> tuple[str, ...]:
        """RIDs, the smallest first; empty: one stream."""
        return tuple(LAYERS) if self.simulcast and source == "camera" else ()


class Crew:
    """Makes bots; an asynchronous context manager, for one event loop. `seed` makes phases and SSRCs repeatable.

    `engines`: threads that carry media, each without the interpreter's lock; bots are given to them in turn.
    """

    def __init__(
        self, *, seed: int = 1, host: str = "127.0.0.1", media: CrewMedia | None = None, engines: int = 1
    ) -> None:
        self.engines = [Engine(len(SOURCES)) for _ in range(engines)]
        self.host = host
        self.media = media or CrewMedia()
        self.emulator_lateness = Histogram()
        self.clock = SystemClock()
        self.chance = random.Random(seed)
        self.certificate = Certificate.generate(self.clock.wall_ms() / 1000)
        self._programs: dict[tuple[Source, str], int] = {}
        self._bots: dict[tuple[int, int], Bot] = {}
        self._names = itertools.count()
        self._threads: list[threading.Thread] = []
        self._stopping = False

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        for number in range(len(self.engines)):
            name = f"bots' media {number}"
            self._threads.append(threading.Thread(target=self._work, args=(number, loop), name=name, daemon=True))
            self._threads[-1].start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await asyncio.gather(*(bot.close() for bot in list(self._bots.values())))
        self._stopping = True
        for engine in self.engines:
            engine.stop()
        for thread in self._threads:
            await asyncio.to_thread(thread.join)

    async def prepare(self, sources: Iterable[Source]) -> None:
        """Encode (or read) the clips before anything is timed."""
        for source in sorted(set(sources)):
            for layer in self.media.layers(source) or ("",):
                if (source, layer) not in self._programs:
                    await self._add_program(source, layer)

    async def _add_program(self, source: Source, layer: str) -> None:
        bitrate_bps = 0 if layer else self.media.bitrates_bps.get(source, 0)
        media = await asyncio.to_thread(media_of, source, self.media.codec, bitrate_bps, layer)
        # Every engine counts alike, so the number is the same in all.
        for engine in self.engines:
            self._programs[source, layer] = engine.add_media(media)

    def program(self, source: Source, layer: str = "") -> int:
        """The engines' number of a clip; raises `Misuse` before `prepare`."""
        if (source, layer) not in self._programs:
            raise Misuse(f"the clips of {source} have not been prepared")
        return self._programs[source, layer]

    async def bot(self, network: Profile | None = None) -> Bot:
        """A new peer, behind a network of its own unless that is perfect."""
        number = next(self._names)
        engine = number % len(self.engines)
        bot = Bot(self, self.engines[engine], number, network or Profile())
        await bot.open()
        self._bots[engine, bot.number] = bot
        return bot

    def forget(self, bot: Bot) -> None:
        """It was closed."""
        self._bots.pop((self.engines.index(bot.engine), bot.number), None)

    def totals(self) -> dict[str, int]:
        """Running totals of all bots, by name."""
        each = [engine.totals() for engine in self.engines]
        return {name: sum(totals[name] for totals in each) for name in each[0]}

    def latency(self, sources: Iterable[Source] = SOURCES) -> Histogram:
        """One-way latency of packets since the start, from the sender's stamp to the receiver's kernel."""
        total = Histogram()
        for source in sources:
            total += self._histogram(SOURCES.index(source))
        return total

    def lateness(self) -> Histogram:
        """By how much frames left later than they were due: the tool's own."""
        return self._histogram(-2)

    def lag(self) -> Histogram:
        """How long datagrams lay in the kernel before they were read: the tool's own, and not part of the latency."""
        return self._histogram(-1)

    def _histogram(self, index: int) -> Histogram:
        total = Histogram()
        for engine in self.engines:
            total += Histogram(engine.histogram(index))
        return total

    def _work(self, number: int, loop: asyncio.AbstractEventLoop) -> None:
        while not self._stopping:
            arrivals = self.engines[number].poll()
            if arrivals and not loop.is_closed():
                loop.call_soon_threadsafe(self._deliver, number, arrivals)

    def _deliver(self, number: int, arrivals: list[Arrival]) -> None:
        for arrival in arrivals:
            bot = self._bots.get((number, arrival.bot))
            if bot is not None:
                bot.handle_datagram(arrival.data, (arrival.host, arrival.port))


def raise_file_limit(files: int) -> None:
    """Allow this process that many sockets; raises `Misuse` with the command that helps when it may not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = files + _SPARE_FILES
    if soft >= wanted:
        return
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise Misuse(f"{wanted} file descriptors are needed and {hard} allowed: run `ulimit -n {wanted}` first")
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
