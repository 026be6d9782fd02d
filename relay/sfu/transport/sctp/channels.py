"""Data channels by label (RFC 8831, RFC 8832), opened by the peer; what is sent goes in the way the peer opened them.

Rules: a label names one channel, the one opened last; a peer has at most `MAX_CHANNELS`, others are closed again at once;
a channel that the peer closes is closed from this side too. Channels agreed on without DCEP (`negotiated`) are not known here.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from relay.errors import Malformed
from relay.sfu.transport.sctp.association import PORT, Association
from relay.sfu.transport.sctp.limits import SctpLimits
from relay.sfu.transport.sctp.outbound import OutboundMessage
from relay.sfu.transport.sctp.outputs import (
    AssociationOutput,
    ChannelClosed,
    ChannelMessage,
    ChannelOpened,
    ChannelOutput,
    Ended,
    Message,
    StreamsReset,
)
from relay.sfu.wire import dcep
from relay.sfu.wire.dcep import Open, Protocol

MAX_CHANNELS: Final = 16

_EMPTY: Final = b"\x00"
"""SCTP cannot carry nothing: an empty message is one byte and says so (RFC 8831 §6.6)."""
_TEXT: Final = (Protocol.STRING, Protocol.STRING_EMPTY)
_NOTHING: Final = (Protocol.STRING_EMPTY, Protocol.BINARY_EMPTY)


@dataclass(frozen=True, slots=True)
class _Channel:
    stream: int
    opened: Open


class Channels:
    """given: limits, entropy, the peer's SCTP port. owned: the association, channels by stream and by label."""

    def __init__(self, limits: SctpLimits, entropy: Callable[[int], bytes], remote_port: int = PORT) -> None:
        self._association = Association(limits, entropy, remote_port)
        self._by_stream: dict[int, _Channel] = {}
        self._by_label: dict[str, _Channel] = {}

    @property
    def labels(self) -> tuple[str, ...]:
        """Of the channels that are open."""
        return tuple(self._by_label)

    @property
    def ignored(self) -> int:
        """Packets that are damaged, or not of this association."""
        return self._association.ignored

    def handle_packet(self, data: bytes, now: float) -> list[ChannelOutput]:
        """Take what came inside DTLS."""
        return self._carry_out(self._association.handle_packet(data, now), now)

    def handle_timeout(self, now: float) -> list[ChannelOutput]:
        """Do what is due."""
        return self._carry_out(self._association.handle_timeout(now), now)

    def deadline(self) -> float | None:
        """When `handle_timeout` has something to do; None if never."""
        return self._association.deadline()

    def send(self, label: str, payload: bytes, now: float, *, text: bool) -> list[ChannelOutput] | None:
        """Say something in the peer's channel of this label; None: there is no such channel, or its buffer is full."""
        channel = self._by_label.get(label)
        if channel is None:
            return None
        protocols = (Protocol.STRING, Protocol.STRING_EMPTY) if text else (Protocol.BINARY, Protocol.BINARY_EMPTY)
        opened = channel.opened
        message = OutboundMessage(
            channel.stream,
            protocols[not payload],
            payload or _EMPTY,
            unordered=not opened.ordered,
            max_retransmits=opened.max_retransmits,
            expires_at=None if opened.lifetime_ms is None else now + opened.lifetime_ms / 1000,
        )
        sent = self._association.send(message, now)
        return None if sent is None else self._carry_out(sent, now)

    def _carry_out(self, outputs: Iterable[AssociationOutput], now: float) -> list[ChannelOutput]:
        told: list[ChannelOutput] = []
        for output in outputs:
            match output:
                case bytes() | Ended():
                    told.append(output)
                case Message(stream, Protocol.DCEP, payload):
                    told += self._control(stream, payload, now)
                case Message():
                    told += self._said(output)
                case StreamsReset(streams):
                    told += self._closed(streams or tuple(self._by_stream), now)
        return told

    def _control(self, stream: int, payload: bytes, now: float) -> list[ChannelOutput]:
        if payload == dcep.ACK:
            return []
        try:
            opened = Open.parse(payload)
        except Malformed:
            return self._carry_out(self._association.reset(stream, now), now)
        known = self._by_stream.get(stream)
        if len(self._by_stream) >= MAX_CHANNELS and known is None:
            return self._carry_out(self._association.reset(stream, now), now)
        if known is not None:
            self._forget(known)
        channel = _Channel(stream, opened)
        self._by_stream[stream] = self._by_label[opened.label] = channel
        acknowledged = self._association.send(OutboundMessage(stream, Protocol.DCEP, dcep.ACK), now)
        return [ChannelOpened(opened.label), *self._carry_out(acknowledged or [], now)]

    def _said(self, message: Message) -> list[ChannelOutput]:
        channel = self._by_stream.get(message.stream)
        if channel is None or message.protocol not in (*_TEXT, Protocol.BINARY, Protocol.BINARY_EMPTY):
            return []
        payload = b"" if message.protocol in _NOTHING else message.payload
        return [ChannelMessage(channel.opened.label, payload, message.protocol in _TEXT)]

    def _closed(self, streams: Iterable[int], now: float) -> list[ChannelOutput]:
        outputs: list[ChannelOutput] = []
        for stream in streams:
            channel = self._by_stream.get(stream)
            if channel is None:
                continue
            self._forget(channel)
            outputs.append(ChannelClosed(channel.opened.label))
            outputs += self._carry_out(self._association.reset(stream, now), now)
        return outputs

    def _forget(self, channel: _Channel) -> None:
        del self._by_stream[channel.stream]
        if self._by_label.get(channel.opened.label) is channel:
            del self._by_label[channel.opened.label]
