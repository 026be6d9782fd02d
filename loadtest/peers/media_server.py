"""What a comparison asks of a media server, and the place it runs in."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, Protocol

from loadtest.bots.shell.bot import Bot
from relay.errors import Misuse, Unavailable
from relay.server.messages import Offer, Source

_STOP_S: Final = 3.0


class MediaServer(Protocol):
    """One server that runs. A bot publishes its sources under a name; others receive what a name publishes."""

    @property
    def pid(self) -> int:
        """Of its process; 0 when that is elsewhere."""

    async def publish(self, name: str, bot: Bot, sources: Sequence[Source]) -> None:
        """Negotiate; raises `Unavailable`, `Malformed`."""

    async def receive(self, name: str, bot: Bot, feed: str, sources: Sequence[Source]) -> None:
        """Negotiate to get what `feed` publishes."""

    async def close(self) -> None:
        """Stop it."""


class Namespace:
    """A network of its own: a namespace with one veth pair. Servers live at `inside`, bots at `outside`; needs root."""

    def __init__(self) -> None:
        number = os.getpid() % 250 + 1
        self.name = f"relay-loadtest-{os.getpid()}"
        self.outside, self.inside = f"10.213.{number}.1", f"10.213.{number}.2"
        self._near, self._far = f"lt{os.getpid()}a"[:15], f"lt{os.getpid()}b"[:15]

    def __enter__(self) -> "Namespace":
        if os.geteuid() != 0 or shutil.which("ip") is None:
            raise Misuse("a comparison needs a network namespace: run it as root, with iproute2 installed")
        try:
            _ip("netns", "add", self.name)
            _ip("link", "add", self._near, "type", "veth", "peer", "name", self._far)
            _ip("link", "set", self._far, "netns", self.name)
            _ip("addr", "add", f"{self.outside}/24", "dev", self._near)
            _ip("link", "set", self._near, "up")
            _ip("-n", self.name, "addr", "add", f"{self.inside}/24", "dev", self._far)
            _ip("-n", self.name, "link", "set", self._far, "up")
            _ip("-n", self.name, "link", "set", "lo", "up")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        for command in (("link", "del", self._near), ("netns", "del", self.name)):
            with suppress(Unavailable):
                _ip(*command)

    def command(self, *words: str) -> list[str]:
        """The command line that runs `words` inside."""
        return ["ip", "netns", "exec", self.name, *words]


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)  # noqa: S603, S607
    if done.returncode:
        raise Unavailable(f"`ip {' '.join(words)}` failed: {done.stderr.strip()}")


class Hosted:
    """A server of ours (loadtest.peers.hosts) as a child process that is spoken to in lines of JSON."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._turn = asyncio.Lock()

    @classmethod
    async def start(cls, command: Sequence[str]) -> "Hosted":
        """Raises `Unavailable` when it does not come up."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=1 << 20)
        hosted = cls(process)
        await hosted._reply()
        return hosted

    @property
    def pid(self) -> int:
        """Of the child: `ip netns exec` replaces itself by it."""
        return self._process.pid

    async def publish(self, name: str, bot: Bot, sources: Sequence[Source]) -> None:
        """As `MediaServer`."""
        await self._negotiate(name, bot, bot.offer(sources, ()), "")

    async def receive(self, name: str, bot: Bot, feed: str, sources: Sequence[Source]) -> None:
        """As `MediaServer`."""
        await self._negotiate(name, bot, bot.offer((), sources), feed)

    async def close(self) -> None:
        """As `MediaServer`."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        await stopped(self._process)

    async def _negotiate(self, name: str, bot: Bot, offer: Offer, feed: str) -> None:
        request = {"peer": name, "sdp": offer.sdp, "sources": offer.sources, "slots": offer.slots, "feed": feed}
        async with self._turn:
            if self._process.stdin is None:
                raise Unavailable("the server's input is closed")
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            reply = await self._reply()
        await bot.accept(reply["sdp"])
        await bot.connected()

    async def _reply(self) -> Mapping[str, Any]:
        if self._process.stdout is None:
            raise Unavailable("the server's output is closed")
        async with asyncio.timeout(30):
            line = await self._process.stdout.readline()
        reply: Mapping[str, Any] = json.loads(line) if line else {"error": "it ended"}
        if "error" in reply:
            raise Unavailable(f"the server answers: {reply['error']}")
        return reply


async def stopped(process: asyncio.subprocess.Process) -> None:
    """Asked politely first."""
    for sign in (None, signal.SIGTERM, signal.SIGKILL):
        if process.returncode is not None:
            return
        if sign is not None:
            process.send_signal(sign)
        with suppress(TimeoutError):
            async with asyncio.timeout(_STOP_S):
                await process.wait()
