"""One participant's emulated access: datagrams between it and a server pass both links in real time.

The participant sends to `address`; the server sees a port of this path, a new one after each change of address. Timers of
an event loop are late by up to a millisecond or so; by how much is measured.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Final

from loadtest.impair.link import Fate, Link
from loadtest.impair.profiles import Profile
from loadtest.measure.histogram import Histogram
from relay.clock import SystemClock

Address = tuple[str, int]
_CLOCK: Final = SystemClock()
_BUFFER_BYTES: Final = 4_194_304
"""While the event loop is busy, nothing may be lost here: losing is the links' business."""


class _Port(asyncio.DatagramProtocol):
    """A socket that hands over what arrives."""

    def __init__(self, receive: Callable[[bytes, Address], None]) -> None:
        self._receive = receive

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._receive(data, addr[:2])


class ImpairedPath:
    """`address` is where the participant is to send, from `open` on; `lateness` takes how late datagrams were let go."""

    def __init__(self, profile: Profile, seed: int, server: Address, lateness: Histogram) -> None:
        self.up, self.down = profile.links(seed, _CLOCK.now_s())
        self._profile = profile
        self._server = server
        self._lateness = lateness
        self._host = ""
        self._participant: Address | None = None
        self._near: asyncio.DatagramTransport | None = None
        self._far: asyncio.DatagramTransport | None = None
        self._timers: set[asyncio.TimerHandle] = set()

    async def open(self, host: str = "127.0.0.1") -> None:
        """Take the two ports."""
        self._host = host
        self._near = await self._bind(self._from_participant)
        self._far = await self._bind(self._from_server)
        for after_s in self._profile.address_changes_s:
            self._later(after_s, lambda: asyncio.ensure_future(self.change_address()))

    @property
    def address(self) -> Address:
        """Where the participant sends to."""
        host, port = self._near.get_extra_info("sockname")[:2] if self._near else ("", 0)
        return host, port

    async def change_address(self) -> None:
        """From now on the server sees another port; what it sends to the old one is lost."""
        old, self._far = self._far, await self._bind(self._from_server)
        if old is not None:
            old.close()

    def close(self) -> None:
        """Drop what is under way."""
        for timer in self._timers:
            timer.cancel()
        for transport in (self._near, self._far):
            if transport is not None:
                transport.close()
        self._near = self._far = None

    async def _bind(self, receive: Callable[[bytes, Address], None]) -> asyncio.DatagramTransport:
        port = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        port.setblocking(False)
        port.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        port.bind((self._host, 0))
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Port(receive), sock=port)
        return transport

    def _from_participant(self, data: bytes, address: Address) -> None:
        self._participant = address
        self._pass(self.up, data, self._to_server)

    def _from_server(self, data: bytes, _address: Address) -> None:
        self._pass(self.down, data, self._to_participant)

    def _to_server(self, data: bytes) -> None:
        if self._far is not None:
            self._far.sendto(data, self._server)

    def _to_participant(self, data: bytes) -> None:
        if self._near is not None and self._participant is not None:
            self._near.sendto(data, self._participant)

    def _pass(self, link: Link, data: bytes, deliver: Callable[[bytes], None]) -> None:
        now = _CLOCK.now_s()
        fate: Fate = link.handle_datagram(len(data), now)
        for arrives_at in fate.arrivals:
            if arrives_at <= now:
                deliver(data)
            else:
                self._later(arrives_at - now, lambda at=arrives_at: self._arrive(at, data, deliver))  # type: ignore[misc]

    def _arrive(self, at: float, data: bytes, deliver: Callable[[bytes], None]) -> None:
        self._lateness.observe_ms((_CLOCK.now_s() - at) * 1000)
        deliver(data)

    def _later(self, delay_s: float, action: Callable[[], object]) -> None:
        def act() -> None:
            self._timers.discard(handle)
            action()

        handle = asyncio.get_running_loop().call_later(delay_s, act)
        self._timers.add(handle)
