"""A TCP connection for a client that has none (aiortc): its datagrams go to the relay in frames (RFC 4571), and back."""

import asyncio
from types import TracebackType
from typing import Self

Address = tuple[str, int]


class TcpProxy(asyncio.DatagramProtocol):
    """Stands at `address` for the relay at `upstream`; one client. Use it as an asynchronous context manager."""

    def __init__(self, upstream: Address) -> None:
        self._upstream = upstream
        self._client: Address | None = None
        self._down: asyncio.DatagramTransport | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._down, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.disconnect()
        assert self._down is not None
        self._down.close()

    @property
    def address(self) -> Address:
        assert self._down is not None
        host, port = self._down.get_extra_info("sockname")[:2]
        return host, port

    async def connect(self) -> None:
        """A new connection to the relay."""
        reader, self._writer = await asyncio.open_connection(*self._upstream)
        self._reading = asyncio.create_task(self._read(reader))

    async def disconnect(self) -> None:
        """End the connection; what the client sends meanwhile is lost."""
        assert self._writer is not None
        assert self._reading is not None
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        self._writer.close()
        await self._writer.wait_closed()
        self._writer = None

    def datagram_received(self, data: bytes, address: Address) -> None:
        """From the client."""
        self._client = address
        if self._writer is not None:
            self._writer.write(len(data).to_bytes(2, "big") + data)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        assert self._down is not None
        try:
            while True:
                frame = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
                if self._client is not None:
                    self._down.sendto(frame, self._client)
        except asyncio.IncompleteReadError:
            return

    def redirect(self, answer: str) -> str:
        """The relay's answer with this proxy in the place of its TCP candidates, and no others."""
        lines = []
        for line in answer.splitlines():
            fields = line.split(" ")
            if not line.startswith("a=candidate:"):
                lines.append(line)
            elif fields[2] == "tcp":
                fields[2:6] = ["udp", fields[3], self.address[0], str(self.address[1])]
                lines.append(" ".join(fields).partition(" tcptype")[0])
        return "\r\n".join([*lines, ""])
