"""One WebSocket to a relay: requests with their replies, and what the relay says by itself.

Reconnecting is the caller's: after `Disconnected`, open another client and negotiate again. The relay keeps a call for a
moment while a participant comes back (`ServerSettings.reconnect_grace_s`).
"""

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from types import TracebackType
from typing import Self, TypeVar

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from relay.client.errors import Disconnected, refusal_of
from relay.errors import Malformed, Misuse, Unavailable
from relay.server.messages import ClientMessage, Failed, Heartbeat, Hello, Ok, Reply, ServerMessage, Welcome

SUBPROTOCOL = Subprotocol("relay.msgpack")
MAX_MESSAGE_BYTES = 1_048_576
"""A wallboard of a large house; an SDP answer is at most 64 KiB."""
MAX_UNREAD = 1024
"""Messages the caller has not read yet. It must read what it subscribed to; the connection ends when it does not."""

Expected = TypeVar("Expected", bound=Reply)


class SignallingClient:
    """A participant, or a supervisor, of a relay; use it as an asynchronous context manager, from one event loop.

    `url` is the WebSocket address, e.g. `wss://relay.example/api/signalling`; `token` the JWT that says who speaks.
    Entering connects and says hello; it raises `Unauthorised` for a token that is refused, and `Unavailable` when nobody
    answers. While it is open it sends the heartbeats that keep a seat's or kiosk's lease. `session` is that of the last
    `welcome`, when the PeerConnection negotiated in it still stands.
    """

    def __init__(self, url: str, token: str, *, session: str = "", request_timeout_s: float = 10.0) -> None:
        self._url = url
        self._hello = Hello(token=token, session=session)
        self._request_timeout_s = request_timeout_s
        self._ids = count(1)
        self._pending: dict[int, asyncio.Future[ServerMessage | None]] = {}
        self._unread: asyncio.Queue[ServerMessage | None] = asyncio.Queue(MAX_UNREAD + 1)
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder: msgspec.msgpack.Decoder[ServerMessage] = msgspec.msgpack.Decoder(ServerMessage)
        self._socket: ClientConnection | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._welcome: Welcome | None = None
        self._end: Disconnected | None = None

    @property
    def welcome(self) -> Welcome:
        """What the relay said about this identity."""
        if self._welcome is None:
            raise Misuse("the client is not open; use `async with`")
        return self._welcome

    async def __aenter__(self) -> Self:
        try:
            async with asyncio.timeout(self._request_timeout_s):
                self._socket = await connect(
                    self._url, subprotocols=[SUBPROTOCOL], max_size=MAX_MESSAGE_BYTES, compression=None, proxy=None
                )
        except (OSError, TimeoutError, InvalidHandshake) as error:
            raise Unavailable(f"no relay answers at {self._url}: {error or 'timeout'}") from error
        self._tasks.append(asyncio.create_task(self._read(self._socket), name="signalling reader"))
        try:
            self._welcome = await self.request(self._hello, Welcome)
        except BaseException:
            await self.close()
            raise
        self._tasks.append(
            asyncio.create_task(self._keep_alive(self._welcome.heartbeat_s), name="signalling heartbeat")
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def request(self, message: ClientMessage, expect: type[Expected] = Ok) -> Expected:  # type: ignore[assignment]
        """Send a request (its `id` is set here) and return the reply to it.

        Raises the `Refusal` the relay answered with, `Malformed` for a reply that is not of the type `expect`,
        `Unavailable` when there is none in time, and `Disconnected`.
        """
        request_id = next(self._ids)
        reply: asyncio.Future[ServerMessage | None] = asyncio.get_running_loop().create_future()
        self._pending[request_id] = reply
        try:
            await self._send(msgspec.structs.replace(message, id=request_id))
            async with asyncio.timeout(self._request_timeout_s):
                answer = await reply
        except TimeoutError as error:
            raise Unavailable(f"no reply to {type(message).__name__} in {self._request_timeout_s} s") from error
        finally:
            del self._pending[request_id]
        if answer is None:
            raise self._end or Disconnected()
        if isinstance(answer, Failed):
            raise refusal_of(answer)
        if not isinstance(answer, expect):
            raise Malformed(f"{type(answer).__name__} is no reply to {type(message).__name__}")
        return answer

    async def next_message(self) -> ServerMessage:
        """What the relay says next by itself; raises `Disconnected` when it will say nothing more."""
        message = await self._unread.get()
        if message is None:
            self._unread.put_nowait(None)
            raise self._end or Disconnected()
        return message

    async def __aiter__(self) -> AsyncIterator[ServerMessage]:
        while True:
            yield await self.next_message()

    async def close(self) -> None:
        """Leave. Requests under way and readers get `Disconnected`; more calls do nothing."""
        self._finish(Disconnected("the client was closed"))
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._socket is not None:
            await self._socket.close()

    async def _send(self, message: ClientMessage) -> None:
        if self._end is not None:
            raise self._end
        if self._socket is None:
            raise Misuse("the client is not open; use `async with`")
        try:
            await self._socket.send(self._encoder.encode(message))
        except ConnectionClosed as error:
            raise self._finish(_disconnected(error)) from error

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for frame in socket:
                self._deliver(self._decoder.decode(frame if isinstance(frame, bytes) else frame.encode()))
            end = Disconnected("the relay closed the connection")
        except ConnectionClosed as error:
            end = _disconnected(error)
        except msgspec.DecodeError as error:
            end = Disconnected(f"the relay sent what is no message: {error}")
        except asyncio.QueueFull:
            end = Disconnected(f"{MAX_UNREAD} messages were left unread")
        self._finish(end)
        await socket.close()

    def _deliver(self, message: ServerMessage) -> None:
        reply = self._pending.get(message.re)
        if reply is not None and not reply.done():
            reply.set_result(message)
        elif message.re == 0:
            if self._unread.qsize() >= MAX_UNREAD:
                raise asyncio.QueueFull
            self._unread.put_nowait(message)

    def _finish(self, end: Disconnected) -> Disconnected:
        """The first reason counts."""
        if self._end is None:
            self._end = end
            self._unread.put_nowait(None)
            for reply in self._pending.values():
                if not reply.done():
                    reply.set_result(None)
        return self._end

    async def _keep_alive(self, interval_s: float) -> None:
        try:
            while True:
                await asyncio.sleep(interval_s)
                await self.request(Heartbeat())
        except Disconnected:
            return
        except Exception as error:
            self._finish(Disconnected(f"heartbeat failed: {error}"))
            if self._socket is not None:
                await self._socket.close()


def _disconnected(error: ConnectionClosed) -> Disconnected:
    frame = error.rcvd or error.sent
    return Disconnected(f"{frame.code} {frame.reason}".strip() if frame else "the connection was lost")
