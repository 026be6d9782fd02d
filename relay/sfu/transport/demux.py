"""Whose is this datagram, and what is it? One port serves every peer of a worker.

`classify` sorts by first byte (RFC 7983 §7; RTCP by RFC 5761 §4). `Router` finds the peer: a STUN request by the username
fragment that it names, anything else by the address it came from, which an authenticated check has bound. It holds only
what its owner puts into it, so a stranger's datagram costs a counter and nothing more.
"""

from collections import Counter
from enum import Enum
from typing import Generic, TypeVar

from relay.errors import Conflict
from relay.sfu.wire import stun
from relay.sfu.wire.address import Address

PeerT = TypeVar("PeerT")


class Kind(Enum):
    """What a datagram is, by its first byte (and its second, for RTCP)."""

    STUN = "stun"
    DTLS = "dtls"
    RTP = "rtp"
    RTCP = "rtcp"
    UNKNOWN = "unknown"


class Unrouted(Enum):
    """Why a datagram has no peer. The value is the metrics label."""

    UNKNOWN_KIND = "unknown_kind"
    """No protocol that we speak; also an empty datagram, ZRTP and TURN channels."""
    NO_USER = "no_user"
    """A STUN message that is malformed, not a Binding request, or names no user."""
    UNKNOWN_USER = "unknown_user"
    """A STUN request for a username fragment that no peer here has."""
    UNKNOWN_ADDRESS = "unknown_address"
    """Something other than STUN from an address that no check has bound."""


def classify(data: bytes | memoryview) -> Kind:
    """The kind of `data`, which may be anything."""
    if len(data) == 0:
        return Kind.UNKNOWN
    first = data[0]
    if first < 4:
        return Kind.STUN
    if 20 <= first < 64:
        return Kind.DTLS
    if 128 <= first < 192:
        return Kind.RTCP if len(data) > 1 and 192 <= data[1] < 224 else Kind.RTP
    return Kind.UNKNOWN


class Router(Generic[PeerT]):
    """The peers of one port, by local username fragment and by address.

    owned: both tables, and in `unrouted` the number of datagrams that nobody was found for. Peers are told apart by
    identity and must be hashable.
    """

    def __init__(self) -> None:
        self._by_ufrag: dict[str, PeerT] = {}
        self._by_address: dict[Address, PeerT] = {}
        self._ufrags: dict[PeerT, set[str]] = {}
        self._addresses: dict[PeerT, set[Address]] = {}
        self.unrouted: Counter[Unrouted] = Counter()

    def add(self, ufrag: str, peer: PeerT) -> None:
        """Route checks for this local fragment to `peer`. Conflict if it is another's."""
        if self._by_ufrag.setdefault(ufrag, peer) is not peer:
            raise Conflict("the username fragment is taken")
        self._ufrags.setdefault(peer, set()).add(ufrag)

    def remove(self, ufrag: str) -> None:
        """Forget a local fragment, if it is known."""
        peer = self._by_ufrag.pop(ufrag, None)
        if peer is not None:
            self._ufrags[peer].discard(ufrag)

    def bind(self, address: Address, peer: PeerT) -> None:
        """Route everything from `address` to `peer`, whosever it was: the latest authenticated check is right."""
        previous = self._by_address.get(address)
        if previous is not None:
            self._addresses[previous].discard(address)
        self._by_address[address] = peer
        self._addresses.setdefault(peer, set()).add(address)

    def unbind(self, address: Address, peer: PeerT) -> None:
        """Forget `address`, unless it has become another peer's meanwhile."""
        if self._by_address.get(address) is peer:
            del self._by_address[address]
            self._addresses[peer].discard(address)

    def owner(self, address: Address) -> PeerT | None:
        """Whose `address` is."""
        return self._by_address.get(address)

    def forget(self, peer: PeerT) -> None:
        """Remove every trace of `peer`."""
        for ufrag in self._ufrags.pop(peer, ()):
            del self._by_ufrag[ufrag]
        for address in self._addresses.pop(peer, ()):
            del self._by_address[address]

    def find(self, data: bytes | memoryview, address: Address) -> PeerT | None:
        """The peer that a datagram from `address` is for, or None: drop it, it is counted in `unrouted`."""
        kind = classify(data)
        if kind is Kind.STUN and not stun.is_response(data):
            return self._find_by_username(data)
        peer = self._by_address.get(address) if kind is not Kind.UNKNOWN else None
        if peer is None:
            self.unrouted[Unrouted.UNKNOWN_KIND if kind is Kind.UNKNOWN else Unrouted.UNKNOWN_ADDRESS] += 1
        return peer

    def _find_by_username(self, data: bytes | memoryview) -> PeerT | None:
        username = stun.peek_username(data)
        peer = self._by_ufrag.get(username.partition(":")[0]) if username is not None else None
        if peer is None:
            self.unrouted[Unrouted.NO_USER if username is None else Unrouted.UNKNOWN_USER] += 1
        return peer
