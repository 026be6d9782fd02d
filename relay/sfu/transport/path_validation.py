"""Proof that a peer is at a new address, asked for when its media comes from there before its checks do.

A phone changes its cell or a NAT gives it a new port: the next packet comes from elsewhere, while the peer's own next
consent check may be seconds away (2.5 s in browsers, 5 s in aioice). An SRTP packet that authenticates says whose it is,
but it may be a copy sent by somebody on the path; so nothing is sent to the new address until a STUN check of ours, keyed
with the peer's password, has been answered from there (the check is what RFC 7675 §5.1 uses for consent; the idea that a
packet from elsewhere starts it is QUIC's, RFC 9000 §9). An ICE-lite agent sends no checks of its own accord (RFC 8445 §2.5),
and this one sends none before a path has worked. A lost check needs no timer: the next packet asks again.
"""

from typing import Final

from relay.sfu.transport.ice import IceCredentials
from relay.sfu.transport.outputs import PathRetired, Transmit
from relay.sfu.wire import stun
from relay.sfu.wire.address import Address

INTERVAL_S: Final = 0.1
"""Between two checks to one address: several fit into the second in which a call is to recover."""
MAX_PENDING: Final = 4
"""Addresses under validation at once; more is somebody playing."""
_PRIORITY: Final = 1_862_270_975
"""Of a peer-reflexive candidate (RFC 8445 §5.1.2.1)."""


class PathValidation:
    """The checks under way to addresses of one peer.

    given: both sides' credentials. owned: what was asked, and when.
    """

    def __init__(self, local: IceCredentials, remote: IceCredentials) -> None:
        self._username = f"{remote.ufrag}:{local.ufrag}"
        self._key = remote.password.encode("ascii")
        self._asked: dict[Address, tuple[bytes, float]] = {}

    def ask(self, address: Address, transaction_id: bytes, now: float) -> list[Transmit | PathRetired]:
        """A check to `address`, identified by 12 unpredictable bytes; nothing if one was sent just now.

        Of too many addresses the oldest is given up.
        """
        before = self._asked.get(address)
        if before is not None and now < before[1] + INTERVAL_S:
            return []
        retired = [] if before is not None or len(self._asked) < MAX_PENDING else [self._drop_oldest()]
        self._asked[address] = (transaction_id, now)
        request = stun.Message(
            stun.BINDING,
            stun.MessageClass.REQUEST,
            transaction_id,
            username=self._username,
            priority=_PRIORITY,
            ice_controlled=int.from_bytes(transaction_id[:8], "big"),
        )
        return [*retired, Transmit(request.serialise(self._key), address)]

    def confirms(self, response: stun.Message, address: Address) -> bool:
        """Whether `response`, which came from `address`, proves that the peer is there. Then that check is over."""
        asked = self._asked.get(address)
        if asked is None or response.transaction_id != asked[0]:
            return False
        if response.cls is not stun.MessageClass.SUCCESS or not response.verify_integrity(self._key):
            return False
        del self._asked[address]
        return True

    def _drop_oldest(self) -> PathRetired:
        oldest = min(self._asked, key=lambda address: self._asked[address][1])
        del self._asked[oldest]
        return PathRetired(oldest)
