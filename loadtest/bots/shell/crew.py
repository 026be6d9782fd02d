"""All bots of one process: the engine in a thread of its own, their transports on the event loop."""

import asyncio
import itertools
import random
import resource
import threading
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Final, Self

from loadtest.bots.shell.bot import SOURCES, Bot
from loadtest.bots.shell.library import media_of
from loadtest.engine import Arrival, Engine
from loadtest.impair import Profile
from loadtest.measure.histogram import Histogram
from relay.clock import SystemClock
from relay.errors import Misuse
from relay.server.messages import Source
from relay.sfu.transport.dtls import Certificate

_SPARE_FILES: Final = 64


class Crew:
    """Makes bots; an asynchronous context manager, for one event loop. `seed` makes phases and SSRCs repeatable.

    `stamp_behind_payload`: for servers that do not forward the header extension with the time of sending.
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        host: str = "127.0.0.1",
        bitrates_bps: Mapping[Source, int] | None = None,
        stamp_behind_payload: bool = False,
    ) -> None:
        self.engine = Engine(len(SOURCES))
        self.host = host
        self.stamp_behind_payload = stamp_behind_payload
        self.emulator_lateness = Histogram()
        self.clock = SystemClock()
        self.chance = random.Random(seed)
        self.certificate = Certificate.generate(self.clock.wall_ms() / 1000)
        self._bitrates = bitrates_bps or {}
        self._media: dict[Source, int] = {}
        self._bots: dict[int, Bot] = {}
        self._names = itertools.count()
        self._thread: threading.Thread | None = None
        self._stopping = False

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._work, args=(loop,), name="bots' media", daemon=True)
        self._thread.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await asyncio.gather(*(bot.close() for bot in list(self._bots.values())))
        self._stopping = True
        self.engine.stop()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    async def prepare(self, sources: Iterable[Source]) -> None:
        """Encode (or read) the clips before anything is timed."""
        for source in sorted(set(sources) - self._media.keys()):
            media = await asyncio.to_thread(media_of, source, self._bitrates.get(source, 0))
            self._media[source] = self.engine.add_media(media)

    def media(self, source: Source) -> int:
        """The engine's number of a source's clip; raises `Misuse` before `prepare`."""
        if source not in self._media:
            raise Misuse(f"the clips of {source} have not been prepared")
        return self._media[source]

    async def bot(self, network: Profile | None = None) -> Bot:
        """A new peer, behind a network of its own unless that is perfect."""
        bot = Bot(self, next(self._names), network or Profile())
        await bot.open()
        self._bots[bot.number] = bot
        return bot

    def forget(self, bot: Bot) -> None:
        """It was closed."""
        self._bots.pop(bot.number, None)

    def latency(self, sources: Iterable[Source] = SOURCES) -> Histogram:
        """One-way latency of packets since the start, from the sender's stamp to the receiver's kernel."""
        total = Histogram()
        for source in sources:
            total += Histogram(self.engine.histogram(SOURCES.index(source)))
        return total

    def lateness(self) -> Histogram:
        """By how much frames left later than they were due: the tool's own."""
        return Histogram(self.engine.histogram(-2))

    def lag(self) -> Histogram:
        """How long datagrams lay in the kernel before they were read: the tool's own, and not part of the latency."""
        return Histogram(self.engine.histogram(-1))

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        while not self._stopping:
            arrivals = self.engine.poll()
            if arrivals and not loop.is_closed():
                loop.call_soon_threadsafe(self._deliver, arrivals)

    def _deliver(self, arrivals: list[Arrival]) -> None:
        for arrival in arrivals:
            bot = self._bots.get(arrival.bot)
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
