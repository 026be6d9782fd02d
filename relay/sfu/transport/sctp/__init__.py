"""SCTP for data channels (RFC 8831): one association inside a peer's DTLS, sans-IO.

`Channels` is the face; `Association` the machine below it, with `Handshake`, `Outbound`, `Inbound` and `Resets` as its parts.
"""

from relay.sfu.transport.sctp.association import Association
from relay.sfu.transport.sctp.channels import Channels
from relay.sfu.transport.sctp.limits import SctpLimits
from relay.sfu.transport.sctp.outputs import (
    ChannelClosed,
    ChannelMessage,
    ChannelOpened,
    Ended,
    Established,
    Message,
    StreamsReset,
)

__all__ = [
    "Association",
    "ChannelClosed",
    "ChannelMessage",
    "ChannelOpened",
    "Channels",
    "Ended",
    "Established",
    "Message",
    "SctpLimits",
    "StreamsReset",
]
