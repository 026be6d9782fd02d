"""Setting an association up: INIT, INIT ACK, COOKIE ECHO, COOKIE ACK (RFC 9260 §5), from either side or both at once.

The cookie is a random number that we remember, no sealed state: DTLS has authenticated the peer, and there is one
association in it, so there is no stranger whose INIT could make us hold state.
"""

import hmac
from collections.abc import Callable
from enum import Enum
from typing import Final

from relay.errors import Misuse
from relay.sfu.transport.sctp.limits import SctpLimits
from relay.sfu.wire.sctp.chunks import ChunkKind, Init
from relay.sfu.wire.sctp.packet import Chunk

_COOKIE_BYTES: Final = 16
_FIRST_TIMEOUT_S: Final = 0.5
_LAST_TIMEOUT_S: Final = 4.0
_MAX_ATTEMPTS: Final = 10


class HandshakeState(Enum):
    """RFC 9260 §4; CLOSED also waits for the peer."""

    CLOSED = "closed"
    COOKIE_WAIT = "cookie_wait"
    COOKIE_ECHOED = "cookie_echoed"
    ESTABLISHED = "established"
    FAILED = "failed"


TRANSITIONS: Final[dict[tuple[HandshakeState, str], HandshakeState]] = {
    (HandshakeState.CLOSED, "start"): HandshakeState.COOKIE_WAIT,
    (HandshakeState.CLOSED, "cookie"): HandshakeState.ESTABLISHED,
    (HandshakeState.COOKIE_WAIT, "init ack"): HandshakeState.COOKIE_ECHOED,
    (HandshakeState.COOKIE_WAIT, "cookie"): HandshakeState.ESTABLISHED,
    (HandshakeState.COOKIE_WAIT, "give up"): HandshakeState.FAILED,
    (HandshakeState.COOKIE_ECHOED, "cookie"): HandshakeState.ESTABLISHED,
    (HandshakeState.COOKIE_ECHOED, "cookie ack"): HandshakeState.ESTABLISHED,
    (HandshakeState.COOKIE_ECHOED, "give up"): HandshakeState.FAILED,
}


def transition(state: HandshakeState, event: str) -> HandshakeState:
    """The state after `event`. Misuse if the pair is not in TRANSITIONS."""
    if (state, event) not in TRANSITIONS:
        raise Misuse(f"the association is {state.value}: {event!r} cannot happen")
    return TRANSITIONS[state, event]


class Handshake:
    """given: limits, entropy. owned: our tag, first TSN and cookie, what the peer said of itself, timer T1."""

    def __init__(self, limits: SctpLimits, entropy: Callable[[int], bytes]) -> None:
        self.tag = int.from_bytes(entropy(4), "big") or 1
        self.first_tsn = int.from_bytes(entropy(4), "big")
        self.state = HandshakeState.CLOSED
        self.peer: Init | None = None
        """What the peer's INIT or INIT ACK said."""
        self._limits = limits
        self._cookie = entropy(_COOKIE_BYTES)
        self._waiting: Chunk | None = None
        """What is repeated until it is answered."""
        self._attempts = 0
        self._at: float | None = None

    def start(self, now: float) -> list[Chunk]:
        """Speak first. Misuse once begun."""
        self.state = transition(self.state, "start")
        return self._expect(self._init().chunk(ChunkKind.INIT), now)

    def handle_chunk(self, chunk: Chunk, now: float) -> list[Chunk]:
        """Take one of the four chunks; what answers it. One that does not fit the state is passed over (§5.2). Raises `Malformed`."""
        if chunk.kind == ChunkKind.COOKIE_ECHO:
            return self._handle_cookie(chunk)
        if self.state is HandshakeState.ESTABLISHED:
            return []
        if chunk.kind == ChunkKind.INIT:
            self.peer = Init.parse(chunk)
            return [self._init(self._cookie).chunk(ChunkKind.INIT_ACK)]
        if chunk.kind == ChunkKind.INIT_ACK and self.state is HandshakeState.COOKIE_WAIT:
            peer = Init.parse(chunk)
            if peer.cookie:
                self.peer = peer
                self.state = transition(self.state, "init ack")
                return self._expect(Chunk(ChunkKind.COOKIE_ECHO, 0, peer.cookie), now)
        if chunk.kind == ChunkKind.COOKIE_ACK and self.state is HandshakeState.COOKIE_ECHOED:
            self._establish("cookie ack")
        return []

    def handle_timeout(self, now: float) -> list[Chunk]:
        """Say again what was not answered; after some times give up (FAILED)."""
        if self._at is None or now < self._at or self._waiting is None:
            return []
        if self._attempts >= _MAX_ATTEMPTS:
            self._at = None
            self.state = transition(self.state, "give up")
            return []
        return self._again(self._waiting, now)

    def deadline(self) -> float | None:
        """When `handle_timeout` has something to do."""
        return self._at

    def _handle_cookie(self, chunk: Chunk) -> list[Chunk]:
        if self.peer is None or not hmac.compare_digest(chunk.body, self._cookie):
            return []
        if self.state is not HandshakeState.ESTABLISHED:
            self._establish("cookie")
        return [Chunk(ChunkKind.COOKIE_ACK, 0, b"")]

    def _establish(self, event: str) -> None:
        self.state = transition(self.state, event)
        self._waiting = self._at = None

    def _init(self, cookie: bytes = b"") -> Init:
        limits = self._limits
        return Init(self.tag, limits.receive_bytes, limits.streams, limits.streams, self.first_tsn, cookie)

    def _expect(self, chunk: Chunk, now: float) -> list[Chunk]:
        self._waiting, self._attempts = chunk, 0
        return self._again(chunk, now)

    def _again(self, chunk: Chunk, now: float) -> list[Chunk]:
        self._at = now + min(_FIRST_TIMEOUT_S * 2**self._attempts, _LAST_TIMEOUT_S)
        self._attempts += 1
        return [chunk]
