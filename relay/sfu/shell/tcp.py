"""The worker's TCP port (ICE-TCP passive, RFC 6544): takes connections and reads them into the packet path."""

import asyncio
import errno
import logging
import socket
from collections.abc import Callable
from typing import NamedTuple

from relay.clock import Clock
from relay.config import SfuSettings
from relay.errors import Misuse, Unavailable
from relay.sfu.dataplane import Forwarder
from relay.sfu.ports import Address, Arrival, ArrivalKind
from relay.sfu.transport.connections import Connections
from relay.sfu.wire.address import text_of

_BACKLOG = 512
_ACCEPTS = 32
"""Of one wake-up: media wants the loop too."""
_PAUSE_S = 1.0
"""Without a descriptor to spare the next attempt would fail as well, at once and for ever."""
_UNSENT_BYTES = 32_768
"""What the kernel may hold beyond what is on its way: more would only grow old there."""
_LOG = logging.getLogger(__name__)


class Owner(NamedTuple):
    """Whom connections serve."""

    arrived: Callable[[list[Arrival]], None]
    """Something came over a connection, or it has ended."""
    belongs: Callable[[Address], bool]
    """Whether a check that came from there has authenticated."""


class TcpPort:
    """A listening socket and the connections that came of it.

    given: settings, clock, packet path, owner. owned: the sockets, their number in `connections`.
    """

    def __init__(self, settings: SfuSettings, clock: Clock, forwarder: Forwarder, owner: Owner) -> None:
        self._settings = settings
        self._clock = clock
        self._forwarder = forwarder
        self._owner = owner
        self._listener: socket.socket | None = None
        self._sockets: dict[Address, socket.socket] = {}
        self.connections = Connections(settings.max_tcp_connections, settings.max_tcp_pending_per_host)

    @property
    def port(self) -> int:
        """Where it listens. Raises `Misuse` before `start`."""
        if self._listener is None:
            raise Misuse("the TCP port is not open")
        return int(self._listener.getsockname()[1])

    def start(self, udp_port: int) -> None:
        """Listen; where the settings name no port, on the number that the UDP port has, or any. Raises `Unavailable`."""
        wishes = [self._settings.tcp_port or udp_port]
        if not self._settings.tcp_port and not self._settings.port:
            wishes.append(0)
        self._listener = _listen(self._settings.host, wishes)
        self._resume()

    def close(self) -> None:
        """End every connection and release the port."""
        for address in list(self._sockets):
            self.end(address)
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener.fileno())
            self._listener.close()
            self._listener = None

    def end(self, address: Address) -> None:
        """Close one connection."""
        ended = self._sockets.pop(address)
        asyncio.get_running_loop().remove_reader(ended.fileno())
        self._forwarder.close_connection(_door(address))
        self.connections.remove(address)
        ended.close()

    def handle_timeout(self, now: float) -> None:
        """Close those that serve nobody."""
        for address in self.connections.handle_timeout(now, self._owner.belongs):
            self._give_up(address)

    def _give_up(self, address: Address) -> None:
        self.end(address)
        self._owner.arrived([Arrival(ArrivalKind.ENDED, -1, address, b"", self._clock.wall_ns())])

    def _resume(self) -> None:
        if self._listener is not None:
            asyncio.get_running_loop().add_reader(self._listener.fileno(), self._accept, self._listener)

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(_ACCEPTS):
            try:
                accepted, name = listener.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                    _LOG.warning("no TCP connection can be taken", extra={"error": error.strerror})
                    loop = asyncio.get_running_loop()
                    loop.remove_reader(listener.fileno())
                    loop.call_later(_PAUSE_S, self._resume)
                    return
                continue  # that one has gone already
            if not self._take(accepted, text_of(name[0])):
                accepted.close()

    def _take(self, accepted: socket.socket, host: str) -> bool:
        if not self.connections.admits(host, self._owner.belongs):
            return False
        try:
            accepted.setblocking(False)
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if hasattr(socket, "TCP_NOTSENT_LOWAT"):
                accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_BYTES)
            address = self._forwarder.open_connection(accepted.fileno())
        except OSError:
            return False
        self._sockets[address] = accepted
        self.connections.add(address, self._clock.now_s())
        asyncio.get_running_loop().add_reader(accepted.fileno(), self._readable, address)
        return True

    def _readable(self, address: Address) -> None:
        try:
            arrivals = self._forwarder.pump_connection(_door(address))
        except EOFError:
            self._give_up(address)
            return
        self._owner.arrived(arrivals)


def _door(address: Address) -> int:
    if len(address) != 3:
        raise Misuse(f"{address} is not the address of a connection")
    return address[2]


def _listen(host: str, ports: list[int]) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    numeric = socket.AI_NUMERICHOST | socket.AI_PASSIVE
    failed: OSError | None = None
    for port in ports:
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            sock.bind(socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, flags=numeric)[0][4])
            sock.listen(_BACKLOG)
        except OSError as error:
            sock.close()
            failed = error
        else:
            return sock
    raise Unavailable(f"cannot take TCP {host}:{ports[0]} for media: {failed.strerror if failed else ''}") from failed
