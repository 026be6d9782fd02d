"""One peer of the worker: the identities that its rooms know it by."""

from dataclasses import dataclass, field
from typing import Protocol

from relay.ids import PeerId
from relay.sfu.media.keyframes import KeyframeRequests
from relay.sfu.negotiation.agreement import Agreement
from relay.sfu.negotiation.answer import SlotSsrcs
from relay.sfu.ports import Address, Payload
from relay.sfu.transport.ice import IceCredentials
from relay.sfu.transport.peer import PeerTransport


@dataclass(slots=True, eq=False)
class Encoding:
    """One stream of a source: its only one, or one of a simulcast."""

    rid: str
    """Empty: the only one."""
    handle: int
    loss_fraction: float = 0.0
    """0 to 1, as last reported to its sender."""
    keyframes: KeyframeRequests | None = None
    """Made when one is first wanted."""


@dataclass(slots=True, eq=False)
class Stream:
    """A source or slot that exists in the packet path."""

    name: str
    handle: int
    mid: str
    ssrc: int
    kind: int
    payloads: tuple[Payload, ...]
    encodings: tuple[Encoding, ...] = ()
    """A source's, smallest picture first; by default itself alone."""

    def __post_init__(self) -> None:
        self.encodings = self.encodings or (Encoding("", self.handle),)


class StreamOwner(Protocol):
    """Whose streams they are: a peer, or the end of a pipe."""

    id: PeerId
    handle: int
    """In the packet path."""
    sources: dict[str, Stream]
    slots: dict[str, Stream]


@dataclass(slots=True, eq=False)
class Peer:
    """Given: id, handle, transport. Owned: what was agreed, and the streams made of it, by name."""

    id: PeerId
    handle: int
    """In the packet path."""
    transport: PeerTransport
    agreement: Agreement
    local: IceCredentials
    session_id: int
    offered_s: float
    """When its first offer came, on the monotonic clock."""
    version: int = 0
    """Of the answer (RFC 8866 §5.2): one more each time."""
    connected: bool = False
    address: Address | None = None
    """Where it is sent to now."""
    sources: dict[str, Stream] = field(default_factory=dict)
    slots: dict[str, Stream] = field(default_factory=dict)
    ssrcs: dict[str, SlotSsrcs] = field(default_factory=dict)
