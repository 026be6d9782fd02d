"""A signalling server that does what a test says; the real one has its own tests."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from relay.server.messages import ClientMessage, Hello, ServerMessage, Welcome

Script = Callable[["Conversation"], Awaitable[None]]


class Conversation:
    """One connected client, seen from the server."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket
        self._decoder: msgspec.msgpack.Decoder[ClientMessage] = msgspec.msgpack.Decoder(ClientMessage)

    async def receive(self) -> ClientMessage:
        frame = await self.socket.recv()
        assert isinstance(frame, bytes)
        return self._decoder.decode(frame)

    async def send(self, message: ServerMessage) -> None:
        await self.socket.send(msgspec.msgpack.encode(message))

    async def welcome(self, heartbeat_s: float = 60.0) -> Hello:
        hello = await self.receive()
        assert isinstance(hello, Hello)
        await self.send(
            Welcome(re=hello.id, identity="seat-1", role="seat", name="One", session="s", heartbeat_s=heartbeat_s)
        )
        return hello


@asynccontextmanager
async def scripted_relay(script: Script) -> AsyncIterator[str]:
    """Serve `script` to every client; yields the address."""

    async def converse(socket: ServerConnection) -> None:
        await script(Conversation(socket))

    async with serve(converse, "127.0.0.1", 0, subprotocols=[Subprotocol("relay.msgpack")], compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port}/"
