"""Signalling by hand, for what a well-behaved client would not do."""

import asyncio
import json
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.support.running_relay import RunningRelay


async def opened(running: RunningRelay, subprotocol: str = "relay.json") -> ClientConnection:
    """A WebSocket on which nothing was said yet."""
    return await connect(running.signal_url, subprotocols=[Subprotocol(subprotocol)], compression=None, proxy=None)


async def login(running: RunningRelay, token: str, session: str = "") -> tuple[ClientConnection, dict[str, Any]]:
    """A WebSocket that has said hello, and the reply."""
    socket = await opened(running)
    await say(socket, type="hello", id=1, token=token, session=session)
    return socket, await reply(socket)


async def say(socket: ClientConnection, **message: Any) -> None:
    """Send a message."""
    await socket.send(json.dumps(message))


async def reply(socket: ClientConnection) -> dict[str, Any]:
    """The next reply to a request, or refusal of a frame."""
    while True:
        message: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), 5))
        if message.get("re") or message["type"] == "failed":
            return message


async def close_code(socket: ClientConnection) -> int | None:
    """How the server ends the connection; what it still says is passed over."""
    try:
        async with asyncio.timeout(5):
            while True:
                await socket.recv()
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None
