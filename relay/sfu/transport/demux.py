"""Whose is this datagram, and what is it? One port serves every peer of a worker.

`classify` sorts by first byte (RFC 7983 §7, RTCP by RFC 5761 §4). `Router` finds the peer: a STUN request by the
username fragment that it names, anything else by the address it came from, which an authenticated check has bound.
It holds only what its owner puts into it, so a stranger's datagram costs a counter and nothing more.
"""

from collections import Counter
from enum import Enum
from typing import Generic, TypeVar

from relay.errors import Conflict
from relay.sfu.wire import stun
from relay.sfu.wire.address import Address

PeerT = TypeVar("PeerT")


class Kind(Enum):
    """What a datagram is, by its first byte (and second, for RTCP)."""

    STUN = "stun"
    DTLS = "dtls"
    RTP = "rtp"
    RTCP = "rtcp"
    UNKNOWN = "unknown"


class Unrouted(Enum):
    """Why a datagram has no peer. The value is the metrics label."""

    EMPTY = "empty"
    UNKNOWN_KIND = "unknown_kind"
    MALFORMED_STUN = "malformed_stun"
    UNKNOWN_USER = "unknown_user"
    UNKNOWN_ADDRESS = "unknown_address"


def classify(data: bytes | memoryview) -> Kind:
    """The kind of `data`; UNKNOWN for an empty datagram, ZRTP, TURN channels and unassigned ranges."""
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

    given: nothing. owned: both tables and the counts of datagrams nobody was found for.
    """

    def __init__(self) -> None:
        self._by_ufrag: dict[str, PeerT] = {}
        self._by_address: dict[Address, PeerT] = {}
        self.unrouted: Counter[Unrouted] = Counter()

    def add(self, ufrag: str, peer: PeerT) -> None:
        """Route checks for this local fragment to `peer`. Conflict if it is taken by another."""
        if self._by_ufrag.setdefault(ufrag, peer) is not peer:
            raise Conflict(f"the username fragment {ufrag!r} is taken")

    def remove(self, ufrag: str) -> None:
        """Forget a local fragment (an ICE restart replaced it, or the peer left)."""
        self._by_ufrag.pop(ufrag, None)

    def bind(self, address: Address, peer: PeerT) -> None:
        """Route everything from `address` to `peer`; the last authenticated check wins."""
        self._by_address[address] = peer

    def unbind(self, address: Address, peer: PeerT) -> None:
        """Forget `address`, unless it has become another peer's meanwhile."""
        if self._by_address.get(address) is peer:
            del self._by_address[address]

    def forget(self, peer: PeerT) -> None:
        """Remove every trace of `peer`."""
        self._by_ufrag = {ufrag: held for ufrag, held in self._by_ufrag.items() if held is not peer}
        self._by_address = {address: held for address, held in self._by_address.items() if held is not peer}

    def find(self, data: bytes | memoryview, address: Address) -> PeerT | None:
        """The peer this datagram is for, or None: dropped and counted in `unrouted`."""
        raise NotImplementedError
