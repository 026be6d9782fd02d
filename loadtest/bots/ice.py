"""The controlling side of ICE towards a server that is ICE-lite (RFC 8445 §2.5, §7.2): one host candidate, checks that nominate.

Rules: every candidate of the server is checked at once with USE-CANDIDATE; the first that answers is the path. From then on
consent is renewed (RFC 7675): without an answer for 30 s the path is dead. Our own requests are never many: one server
with a handful of candidates.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from relay.errors import Malformed
from relay.sfu.wire import stun

Address = tuple[str, int]

CHECK_INTERVAL_S: Final = 0.05
"""Between the checks of one candidate at first; it doubles."""
MAX_CHECK_INTERVAL_S: Final = 0.8
GIVE_UP_S: Final = 20.0
CONSENT_INTERVAL_S: Final = 5.0
CONSENT_LIFETIME_S: Final = 30.0
_PRIORITY: Final = (110 << 24) | (65_535 << 8) | 255
"""Of a peer-reflexive candidate (RFC 8445 §5.1.2)."""
_KEPT_TRANSACTIONS: Final = 64


class IceState(Enum):
    """Where the agent stands."""

    NEW = "new"
    CHECKING = "checking"
    CONNECTED = "connected"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Send:
    """Send this datagram there."""

    data: bytes
    address: Address


@dataclass(frozen=True, slots=True)
class Selected:
    """This is the path."""

    address: Address


@dataclass(frozen=True, slots=True)
class Failed:
    """There is no path, or no longer one."""

    reason: str


IceOutput = Send | Selected | Failed


@dataclass(frozen=True, slots=True)
class Credentials:
    """Of one side (RFC 8445 §5.3)."""

    ufrag: str
    password: str = field(repr=False)


class ControllingAgent:
    """given: own credentials, entropy (n → n random bytes). owned: the checks under way and the path."""

    def __init__(self, local: Credentials, entropy: Callable[[int], bytes]) -> None:
        self.state = IceState.NEW
        self.path: Address | None = None
        self._local = local
        self._entropy = entropy
        self._tie_breaker = int.from_bytes(entropy(8), "big")
        self._remote = Credentials("", "")
        self._candidates: Sequence[Address] = ()
        self._transactions: dict[bytes, Address] = {}
        self._next_check = 0.0
        self._interval_s = CHECK_INTERVAL_S
        self._started = 0.0
        self._answered = 0.0

    def start(self, remote: Credentials, candidates: Sequence[Address], now: float) -> list[IceOutput]:
        """Begin to check; again after an ICE restart of the server."""
        self._remote, self._candidates = remote, candidates
        self.state, self.path = IceState.CHECKING, None
        self._transactions.clear()
        self._started = self._next_check = now
        self._interval_s = CHECK_INTERVAL_S
        return self.handle_timeout(now)

    def handle_datagram(self, data: bytes, address: Address, now: float) -> list[IceOutput]:
        """A STUN datagram. What is malformed, unknown or not signed by the server changes nothing."""
        try:
            message = stun.parse(data)
        except Malformed:
            return []
        if message.cls is stun.MessageClass.REQUEST:
            return self._answer(message, address)
        asked = self._transactions.get(message.transaction_id)
        if asked is None or not message.verify_integrity(self._remote.password.encode()):
            return []
        del self._transactions[message.transaction_id]
        if message.cls is not stun.MessageClass.SUCCESS:
            return []
        self._answered = now
        if self.path is not None or self.state is IceState.FAILED:
            return []
        self.state, self.path = IceState.CONNECTED, asked
        self._next_check = now + CONSENT_INTERVAL_S
        return [Selected(asked)]

    def handle_timeout(self, now: float) -> list[IceOutput]:
        """Check again, renew consent, or give up."""
        if self.state in (IceState.NEW, IceState.FAILED) or now < self._next_check:
            return []
        if self.path is None and now - self._started >= GIVE_UP_S:
            return self._fail(f"no candidate answered in {GIVE_UP_S:g} s")
        if self.path is not None and now - self._answered >= CONSENT_LIFETIME_S:
            return self._fail(f"no answer for {CONSENT_LIFETIME_S:g} s")
        if self.path is not None:
            self._next_check = now + CONSENT_INTERVAL_S
            return [self._check(self.path)]
        self._next_check = now + self._interval_s
        self._interval_s = min(2 * self._interval_s, MAX_CHECK_INTERVAL_S)
        return [self._check(candidate) for candidate in self._candidates]

    def check_now(self, now: float) -> list[IceOutput]:
        """Check the path at once: our address has changed, and the server learns it from an authenticated check."""
        self._next_check = now
        return self.handle_timeout(now)

    def deadline(self) -> float | None:
        """When to call `handle_timeout`."""
        return None if self.state in (IceState.NEW, IceState.FAILED) else self._next_check

    def _fail(self, reason: str) -> list[IceOutput]:
        self.state, self.path = IceState.FAILED, None
        return [Failed(reason)]

    def _check(self, address: Address) -> Send:
        transaction = self._entropy(12)
        if len(self._transactions) >= _KEPT_TRANSACTIONS:
            del self._transactions[next(iter(self._transactions))]
        self._transactions[transaction] = address
        request = stun.Message(
            stun.BINDING,
            stun.MessageClass.REQUEST,
            transaction,
            username=f"{self._remote.ufrag}:{self._local.ufrag}",
            priority=_PRIORITY,
            use_candidate=True,
            ice_controlling=self._tie_breaker,
        )
        return Send(request.serialise(self._remote.password.encode()), address)

    def _answer(self, request: stun.Message, address: Address) -> list[IceOutput]:
        """A check of the server: it wants to know whether we are there (path validation, consent)."""
        key = self._local.password.encode()
        expected = f"{self._local.ufrag}:{self._remote.ufrag}"
        if request.username != expected or not request.verify_integrity(key):
            return []
        answer = stun.Message(
            stun.BINDING, stun.MessageClass.SUCCESS, request.transaction_id, xor_mapped_address=address
        )
        return [Send(answer.serialise(key), address)]
