"""A UDP proxy between a client and the relay: loses datagrams by a seeded die, and can change its address to the relay."""

import asyncio
import random
from types import TracebackType
from typing import Self

from relay.sfu.wire import stun

Address = tuple[str, int]


class _Leg(asyncio.DatagramProtocol):
    def __init__(self, proxy: "UdpProxy", upward: bool) -> None:
        self._proxy = proxy
        self._upward = upward

    def datagram_received(self, data: bytes, address: Address) -> None:
        self._proxy.pass_on(data, address, upward=self._upward)


class UdpProxy:
    """Stands at `address` for the relay at `upstream`; one client. Use it as an asynchronous context manager."""

    def __init__(self, upstream: Address, *, loss_up: float = 0.0, loss_down: float = 0.0, seed: int = 1) -> None:
        self._upstream = upstream
        self._loss = {True: loss_up, False: loss_down}
        self._die = random.Random(seed)
        self._client: Address | None = None
        self._down: asyncio.DatagramTransport | None = None
        self._up: asyncio.DatagramTransport | None = None
        self.lost = {True: 0, False: 0}
        self.checks_pass = True
        """False: the client's own STUN checks are lost from now on."""
        self.passed = {True: 0, False: 0}

    @property
    def address(self) -> Address:
        assert self._down is not None
        host, port = self._down.get_extra_info("sockname")[:2]
        return host, port

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._down, _ = await loop.create_datagram_endpoint(lambda: _Leg(self, True), local_addr=("127.0.0.1", 0))
        await self.change_address()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for leg in (self._down, self._up):
            if leg is not None:
                leg.close()

    async def change_address(self) -> None:
        """From now on the relay sees the client at another port; what it sends to the old one is lost."""
        loop = asyncio.get_running_loop()
        before = self._up
        self._up, _ = await loop.create_datagram_endpoint(lambda: _Leg(self, False), local_addr=("127.0.0.1", 0))
        if before is not None:
            before.close()

    def pass_on(self, data: bytes, address: Address, *, upward: bool) -> None:
        """Forward one datagram, or lose it. Only media is lost: set-up over a lossy path is another test."""
        if upward:
            self._client = address
        if upward and not self.checks_pass and _is_check(data):
            return
        is_media = len(data) > 1 and 128 <= data[0] < 192
        if is_media and self._die.random() < self._loss[upward]:
            self.lost[upward] += 1
            return
        self.passed[upward] += 1
        if upward and self._up is not None:
            self._up.sendto(data, self._upstream)
        elif not upward and self._down is not None and self._client is not None:
            self._down.sendto(data, self._client)

    def redirect(self, answer: str) -> str:
        """The relay's SDP answer with this proxy in the place of its candidates."""
        return "".join(self._line(line) + "\r\n" for line in answer.splitlines())

    def _line(self, line: str) -> str:
        if not line.startswith("a=candidate:"):
            return line
        fields = line.split(" ")
        fields[4:6] = [self.address[0], str(self.address[1])]
        return " ".join(fields)


def _is_check(data: bytes) -> bool:
    return data[:1] < b"\x04" and not stun.is_response(data)
