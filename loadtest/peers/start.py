"""Media servers by name: `relay`, `janus`, `toy`, or `whip:…`; started where bots can reach them, and stopped."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from loadtest.peers.janus import Janus
from loadtest.peers.media_server import Hosted, MediaServer, Namespace
from loadtest.peers.whip import Whip, endpoints_of
from relay.errors import Misuse

LOOPBACK: Final = "127.0.0.1"
_WHIP: Final = "whip:"


@dataclass(frozen=True, slots=True)
class PeerChoice:
    """Which server; raises `Misuse` for one nobody knows."""

    name: str = "relay"
    """`relay` (its SFU alone), `janus`, `toy`, or `whip:` with URLs (`loadtest.peers.whip.endpoints_of`)."""
    token: str = field(default="", repr=False)
    """For WHIP and WHEP."""
    pid: int = 0
    """Of a WHIP server on this machine, for its costs."""

    def __post_init__(self) -> None:
        if self.name.startswith(_WHIP):
            endpoints_of(self.name.removeprefix(_WHIP))
        elif self.name not in _STARTERS:
            raise Misuse(f"there is no peer {self.name!r}; known are {', '.join(_STARTERS)} and whip:URL")


@asynccontextmanager
async def running_peer(choice: PeerChoice, *, isolated: bool) -> AsyncIterator[tuple[MediaServer, str]]:
    """The server, and the address that bots are to have. `isolated`: in a network namespace, which needs root.

    A WHIP server runs already, wherever it is; Janus and the toy do not serve the loopback, so they are always isolated.
    """
    if choice.name.startswith(_WHIP):
        publish, receive = endpoints_of(choice.name.removeprefix(_WHIP))
        server = Whip(publish, receive, choice.token, choice.pid)
        host = await server.local_address()
        try:
            yield server, host
        finally:
            await server.close()
    elif choice.name == "relay" and not isolated:
        hosted = await Hosted.start([sys.executable, "-m", "loadtest.peers.hosts.sfu", LOOPBACK])
        try:
            yield hosted, LOOPBACK
        finally:
            await hosted.close()
    else:
        with Namespace() as namespace:
            started = await _STARTERS[choice.name](namespace)
            try:
                yield started, namespace.outside
            finally:
                await started.close()


def _host(module: str) -> Callable[[Namespace], Awaitable[MediaServer]]:
    async def start(namespace: Namespace) -> MediaServer:
        return await Hosted.start(namespace.command(sys.executable, "-m", module, namespace.inside))

    return start


_STARTERS: Final[Mapping[str, Callable[[Namespace], Awaitable[MediaServer]]]] = {
    "relay": _host("loadtest.peers.hosts.sfu"),
    "toy": _host("loadtest.peers.hosts.toy"),
    "janus": Janus.start,
}
