"""What an association, and the channels in it, tell whoever runs them."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Established:
    """Messages can be sent."""


@dataclass(frozen=True, slots=True)
class Message:
    """A whole message, in its order if it has one."""

    stream: int
    protocol: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class StreamsReset:
    """The peer closes these streams (RFC 6525)."""

    streams: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """The association is over, and gives no more outputs."""

    reason: str
    """`aborted` or `shut-down` by the peer, `unreachable`, `violation` of the protocol or of our limits."""


@dataclass(frozen=True, slots=True)
class ChannelOpened:
    """The peer opened a channel."""

    label: str


@dataclass(frozen=True, slots=True)
class ChannelMessage:
    """The peer said something in a channel."""

    label: str
    payload: bytes
    text: bool


@dataclass(frozen=True, slots=True)
class ChannelClosed:
    """The peer closed a channel."""

    label: str


AssociationOutput: TypeAlias = bytes | Established | Message | StreamsReset | Ended
"""What `Association` returns; bytes are a packet for the peer."""

ChannelOutput: TypeAlias = bytes | ChannelOpened | ChannelMessage | ChannelClosed | Ended
"""What `Channels` returns; bytes likewise."""
