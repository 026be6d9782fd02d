"""One signalling WebSocket: its bounded queue outwards, its bounded rate inwards, and how it ends."""

import asyncio
import contextlib
import logging
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from relay.clock import Clock
from relay.config import ServerSettings
from relay.server.codec import Codec, Frame
from relay.server.messages import CloseCode, ServerMessage
from relay.server.phrasing import Phrasebook
from relay.server.throttle import TokenBucket
from relay.service.notices import Notice
from relay.service.outputs import Cause

_log = logging.getLogger(__name__)
_FLUSH_S = 1.0
"""For the last messages of a connection that is being closed."""
_CUT_CODES = {Cause.REPLACED: CloseCode.REPLACED, Cause.CLOSING: CloseCode.RESTARTING}


class ClosedError(Exception):
    """The connection is to end, or has ended (`code` None: the client went by itself)."""

    def __init__(self, code: CloseCode | None) -> None:
        super().__init__(code)
        self.code = code


class Connection:
    """A line of the service. Sending never waits: a client too slow to take its messages is cut."""

    def __init__(
        self, socket: WebSocket, codec: Codec, phrasebook: Phrasebook, settings: ServerSettings, clock: Clock
    ) -> None:
        self.socket = socket
        self.codec = codec
        self.phrasebook = phrasebook
        self._settings = settings
        self._clock = clock
        self._outgoing: asyncio.Queue[Frame] = asyncio.Queue(settings.outgoing_messages)
        self._bucket = TokenBucket(settings.messages_per_second, settings.message_burst, clock.now_s())
        self._end: asyncio.Future[CloseCode] = asyncio.get_running_loop().create_future()

    def tell(self, notice: Notice) -> None:
        """Say something the service wants said."""
        self.send(self.phrasebook.message_of(notice))

    def send(self, message: ServerMessage) -> None:
        """Queue a message."""
        self.send_frame(self.codec.serialise(message))

    def send_frame(self, frame: Frame) -> None:
        """Queue a message that is serialised already."""
        try:
            self._outgoing.put_nowait(frame)
        except asyncio.QueueFull:
            self.close(CloseCode.TRY_LATER)

    def cut(self, cause: Cause) -> None:
        """End the connection for a reason of the service's."""
        self.close(_CUT_CODES[cause])

    def close(self, code: CloseCode) -> None:
        """End the connection; the first reason counts."""
        if not self._end.done():
            self._end.set_result(code)

    async def receive(self, timeout_s: float, code: CloseCode) -> Frame:
        """The next frame; raises `ClosedError(code)` when none comes in time. Reads no faster than the rate allows."""
        await asyncio.sleep(self._bucket.wait_s(self._clock.now_s()))
        self._bucket.take(self._clock.now_s())
        try:
            async with asyncio.timeout(timeout_s):
                message = await self.socket.receive()
        except TimeoutError:
            raise ClosedError(code) from None
        if message["type"] != "websocket.receive":
            raise ClosedError(None)
        text: str | None = message.get("text")
        return text if text is not None else bytes(message["bytes"])

    async def run(self, conversation: "asyncio.Task[None]") -> CloseCode | None:
        """Until the conversation ends, the client goes (None), or somebody closes the connection."""
        writer = asyncio.create_task(self._write())
        try:
            waited: set[asyncio.Future[Any]] = {conversation, writer, self._end}
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            code = self._end.result() if self._end.done() else _code_of(conversation)
        finally:
            await _stop(conversation)
        if code is not None:
            await self._say_goodbye(writer, code)
        await _stop(writer)
        return code

    async def _write(self) -> None:
        while True:
            frame = await self._outgoing.get()
            if isinstance(frame, str):
                await self.socket.send_text(frame)
            else:
                await self.socket.send_bytes(frame)
            self._outgoing.task_done()

    async def _say_goodbye(self, writer: "asyncio.Task[None]", code: CloseCode) -> None:
        """Flush and close, as far as the client takes part in it."""
        with contextlib.suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
            async with asyncio.timeout(_FLUSH_S):
                if not writer.done() and not self._outgoing.full():
                    await self._outgoing.join()
                await self.socket.close(code)


def _code_of(conversation: "asyncio.Task[None]") -> CloseCode | None:
    """How a conversation ended; None when the client has gone."""
    if not conversation.done() or conversation.cancelled():
        return None
    error = conversation.exception()
    if error is None or isinstance(error, ClosedError):
        return error.code if error else CloseCode.NORMAL
    _log.error("a signalling conversation failed", exc_info=error)
    return CloseCode.TRY_LATER


async def _stop(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
