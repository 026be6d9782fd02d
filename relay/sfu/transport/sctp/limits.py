"""What one peer's association may hold."""

from dataclasses import dataclass
from typing import Final

MTU: Final = 1160
"""Bytes of an SCTP packet: with 37 bytes of DTLS record around it, a datagram that every path carries."""


@dataclass(frozen=True, slots=True)
class SctpLimits:
    """Bounds of one association, in both directions."""

    message_bytes: int = 16_384
    """The longest message; a peer is told so in the session description, and one that sends longer ones is cut off. RFC 8831 §6.6
    names this size, as a longer message holds up the other channels."""
    receive_bytes: int = 131_072
    """Held until messages are whole and in order: the window that is advertised."""
    send_bytes: int = 131_072
    """Held until acknowledged. A message that does not fit is refused."""
    send_messages: int = 1024
    """Likewise, in number: a message costs more than its bytes."""
    streams: int = 1024
    """In each direction."""
