"""The two encodings of the signalling WebSocket: JSON text frames for browsers, MessagePack frames for programs.

Hostile frames raise `Malformed` and nothing else: size is bounded by the WebSocket, nesting and counts here.
"""

from typing import Protocol

import msgpack
import msgspec

from relay.errors import Malformed
from relay.server.messages import ClientMessage, ServerMessage

MAX_MESSAGE_ENTRIES = 64
"""Entries of one array or map. A nested array header costs its sender five bytes and would cost us its whole length."""

Frame = str | bytes


class Codec(Protocol):
    """One encoding."""

    subprotocol: str

    def parse(self, frame: Frame) -> ClientMessage:
        """The message in a frame; raises `Malformed`."""

    def serialise(self, message: ServerMessage) -> Frame:
        """The frame of a message."""


class JsonCodec:
    """`relay.json`: UTF-8 JSON in text frames."""

    subprotocol = "relay.json"

    def __init__(self) -> None:
        self._decoder = msgspec.json.Decoder(ClientMessage)
        self._encoder = msgspec.json.Encoder()

    def parse(self, frame: Frame) -> ClientMessage:
        """The message in a text frame; raises `Malformed`."""
        if not isinstance(frame, str):
            raise Malformed("relay.json uses text frames")
        try:
            message: ClientMessage = self._decoder.decode(frame)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise Malformed(str(error)) from error
        return message

    def serialise(self, message: ServerMessage) -> Frame:
        """The text frame of a message."""
        return self._encoder.encode(message).decode()


class MsgpackCodec:
    """`relay.msgpack`: MessagePack in binary frames."""

    subprotocol = "relay.msgpack"

    def __init__(self) -> None:
        self._encoder = msgspec.msgpack.Encoder()

    def parse(self, frame: Frame) -> ClientMessage:
        """The message in a binary frame; raises `Malformed`."""
        if not isinstance(frame, bytes):
            raise Malformed("relay.msgpack uses binary frames")
        try:
            fields = msgpack.unpackb(
                frame,
                max_array_len=MAX_MESSAGE_ENTRIES,
                max_map_len=MAX_MESSAGE_ENTRIES,
                max_bin_len=0,
                max_ext_len=0,
            )
            message: ClientMessage = msgspec.convert(fields, ClientMessage)
        except (ValueError, msgpack.UnpackException, msgspec.ValidationError, RecursionError) as error:
            raise Malformed(str(error) or type(error).__name__) from error
        return message

    def serialise(self, message: ServerMessage) -> Frame:
        """The binary frame of a message."""
        return self._encoder.encode(message)


CODECS: dict[str, Codec] = {codec.subprotocol: codec for codec in (JsonCodec(), MsgpackCodec())}
"""By WebSocket subprotocol, in order of preference."""
