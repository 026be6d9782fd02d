"""One end of the socket pair between a node and a worker process: typed messages, bounded both ways."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

import msgspec

from relay.errors import Malformed, Unavailable
from relay.sfu.pool.framing import Frames, frame

MAX_UNSENT_BYTES = 16 * 1024 * 1024
"""Of messages that the other side has not taken; it is as good as dead then."""

Incoming = TypeVar("Incoming")


class Channel(asyncio.Protocol, Generic[Incoming]):
    """Hands each message to `receive` and says once that the other end has gone. All on one event loop.

    given: the type of what comes in, `receive`, `closed`. owned: the transport.
    """

    def __init__(
        self,
        incoming: type[Incoming] | Any,  # a union of structs
        receive: Callable[[Incoming], None],
        closed: Callable[[str], None],
    ) -> None:
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder: msgspec.msgpack.Decoder[Incoming] = msgspec.msgpack.Decoder(incoming)
        self._frames = Frames()
        self._receive = receive
        self._closed = closed
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def over(
        cls,
        end: socket.socket,
        incoming: type[Incoming] | Any,
        receive: Callable[[Incoming], None],
        closed: Callable[[str], None],
    ) -> "Channel[Incoming]":
        """A channel over a connected socket, which is its own from now on."""
        channel = cls(incoming, receive, closed)
        await asyncio.get_running_loop().create_unix_connection(lambda: channel, sock=end)
        return channel

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The loop has taken the socket."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are not derived from it

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        try:
            for message in self._frames.feed(data):
                self._receive(self._decoder.decode(message))
        except (msgspec.DecodeError, Malformed) as error:
            self._end(f"it sent what is no message: {error}")

    def connection_lost(self, exc: Exception | None) -> None:
        """The other end has gone, or we have closed."""
        self._end("" if exc is None else str(exc))

    def send(self, message: msgspec.Struct) -> None:
        """Queue a message. Raises `Unavailable` when the channel is closed, or the other side does not read."""
        if self._transport is None or self._transport.is_closing():
            raise Unavailable("the channel is closed")
        if self.unsent_bytes > MAX_UNSENT_BYTES:
            self._end("it does not read")
            raise Unavailable("the other side does not read")
        self._transport.write(frame(self._encoder.encode(message)))

    @property
    def unsent_bytes(self) -> int:
        """What the other side has not taken yet."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def close(self) -> None:
        """Say no more."""
        if self._transport is not None:
            self._transport.close()

    def _end(self, why: str) -> None:
        if self._transport is not None:
            transport, self._transport = self._transport, None
            transport.abort()
            self._closed(why)
