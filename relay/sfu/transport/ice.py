"""The ICE-lite agent of one peer (RFC 8445 §2.5, §7.3; consent RFC 7675).

It answers the peer's checks and learns from them; it never sends one, so it cannot measure round-trip time and does not
pretend to. Its rules:

- A check counts if its USERNAME is ours (and names the peer, once the peer's fragment is known) and its integrity holds.
- The first address that authenticates is selected, so that DTLS need not wait for nomination. USE-CANDIDATE moves the
  selection at once, whatever the priorities: the controlling peer decides, and a peer that roams says it this way.
- Some peers nominate once and keep consent without USE-CANDIDATE (aioice, Firefox). When a NAT gives such a peer a new
  port, it does not know: its next check just comes from elsewhere. So a check without USE-CANDIDATE moves the selection too,
  if the selected address has been silent, and longer so if its checks did nominate.
- At most `MAX_PATHS` addresses are remembered; the one not heard for longest makes room.
- Consent: an address not heard for `consent_s` is forgotten, and without any left the peer is gone.
- Restart: checks for the old credentials are good until one for the new ones nominates (RFC 8445 §9).
"""

import base64
import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from relay.errors import Malformed, Misuse
from relay.sfu.transport.outputs import (
    ConsentExpired,
    IceOutput,
    PathRetired,
    PathSelected,
    PathValidated,
    Transmit,
    UfragRetired,
)
from relay.sfu.wire import stun
from relay.sfu.wire.address import Address

MAX_PATHS: Final = 8
CONSENT_S: Final = 30.0
"""RFC 7675 §5.1."""
REBOUND_SILENCE_S: Final = 3.0
"""Shorter than the gap between two consent checks of a peer (4–6 s), longer than its first round of checks lasts."""
ABANDONED_SILENCE_S: Final = 10.0
"""Several missed checks of a peer that nominates with each of them (browsers: one every 2.5 s or faster)."""

ENTROPY_BYTES: Final = 24
_UFRAG_BYTES: Final = 6
_ICE_CHARS: Final = re.compile(r"[0-9A-Za-z+/]+")


@dataclass(frozen=True, slots=True)
class IceCredentials:
    """A username fragment and its password (RFC 8445 §5.3). Raises Malformed if either breaks the grammar of RFC 8839."""

    ufrag: str
    password: str = field(repr=False)

    def __post_init__(self) -> None:
        for name, text, shortest in (("ufrag", self.ufrag, 4), ("pwd", self.password, 22)):
            if not shortest <= len(text) <= 256 or not _ICE_CHARS.fullmatch(text):
                raise Malformed(f"ice-{name} is not {shortest} to 256 ice-chars")

    @classmethod
    def from_entropy(cls, entropy: bytes) -> "IceCredentials":
        """Credentials made of 24 random bytes: 48 bits of fragment, 144 of password (RFC 8445 asks for 24 and 128)."""
        if len(entropy) != ENTROPY_BYTES:
            raise Misuse(f"ICE credentials are made of {ENTROPY_BYTES} random bytes")
        text = base64.b64encode(entropy).decode("ascii")
        ufrag_chars = _UFRAG_BYTES * 4 // 3
        return cls(text[:ufrag_chars], text[ufrag_chars:])


class IceState(Enum):
    """What is known of the path to the peer. The value is for logs and metrics."""

    NEW = "new"
    """No check has authenticated yet."""
    CONNECTED = "connected"
    """A path works; the peer has not nominated one."""
    COMPLETED = "completed"
    """The peer has nominated a path."""
    EXPIRED = "expired"
    """Consent is gone. The end."""


class IceEvent(Enum):
    """What moves the state."""

    CHECKED = "checked"
    NOMINATED = "nominated"
    CONSENT_LOST = "consent_lost"


TRANSITIONS: Final[dict[tuple[IceState, IceEvent], IceState]] = {
    (IceState.NEW, IceEvent.CHECKED): IceState.CONNECTED,
    (IceState.NEW, IceEvent.NOMINATED): IceState.COMPLETED,
    (IceState.NEW, IceEvent.CONSENT_LOST): IceState.EXPIRED,
    (IceState.CONNECTED, IceEvent.CHECKED): IceState.CONNECTED,
    (IceState.CONNECTED, IceEvent.NOMINATED): IceState.COMPLETED,
    (IceState.CONNECTED, IceEvent.CONSENT_LOST): IceState.EXPIRED,
    (IceState.COMPLETED, IceEvent.CHECKED): IceState.COMPLETED,
    (IceState.COMPLETED, IceEvent.NOMINATED): IceState.COMPLETED,
    (IceState.COMPLETED, IceEvent.CONSENT_LOST): IceState.EXPIRED,
}


def transition(state: IceState, event: IceEvent) -> IceState:
    """The state after `event`. Misuse if the pair is not in TRANSITIONS."""
    if (state, event) not in TRANSITIONS:
        raise Misuse(f"ICE is {state.value}: {event.value} cannot happen")
    return TRANSITIONS[state, event]


class IgnoredCheck(Enum):
    """Why a STUN datagram of this peer did not count. The value is the metrics label."""

    MALFORMED = "malformed"
    NOT_A_REQUEST = "not_a_request"
    BAD_REQUEST = "bad_request"
    UNAUTHENTICATED = "unauthenticated"
    UNKNOWN_ATTRIBUTE = "unknown_attribute"
    ROLE_CONFLICT = "role_conflict"


_ERRORS: Final = {
    IgnoredCheck.BAD_REQUEST: stun.ErrorCode(400, "Bad Request"),
    IgnoredCheck.UNAUTHENTICATED: stun.ErrorCode(401, "Unauthenticated"),
    IgnoredCheck.UNKNOWN_ATTRIBUTE: stun.ErrorCode(420, "Unknown Attribute"),
    IgnoredCheck.ROLE_CONFLICT: stun.ErrorCode(487, "Role Conflict"),
}


@dataclass(slots=True)
class _Generation:
    """One pair of credentials between two restarts."""

    number: int
    local: IceCredentials
    remote: IceCredentials | None

    def is_named_by(self, username: str) -> bool:
        """Whether a check's USERNAME, `ours:theirs`, is for these credentials."""
        ours, _, theirs = username.partition(":")
        return ours == self.local.ufrag and (self.remote is None or theirs == self.remote.ufrag)

    @property
    def key(self) -> bytes:
        return self.local.password.encode("ascii")


@dataclass(slots=True)
class _Path:
    """An address from which a check has authenticated."""

    address: Address
    generation: int
    heard_at: float
    nominates: bool = False
    """Whether its latest check carried USE-CANDIDATE."""


class IceLite:
    """The ICE-lite agent of one peer: STUN datagrams in, answers and the path out.

    given: credentials, consent time. owned: paths, selection, consent. `ignored` counts what did not count.
    """

    def __init__(
        self, local: IceCredentials, remote: IceCredentials | None = None, *, consent_s: float = CONSENT_S
    ) -> None:
        self._consent_s = consent_s
        self._generations = [_Generation(0, local, remote)]
        self._paths: dict[Address, _Path] = {}
        self._selected: _Path | None = None
        self._state = IceState.NEW
        self._started_at: float | None = None
        self.ignored: Counter[IgnoredCheck] = Counter()

    @property
    def state(self) -> IceState:
        """What is known of the path."""
        return self._state

    @property
    def selected(self) -> Address | None:
        """Where to send."""
        return self._selected.address if self._selected else None

    def is_valid(self, address: Address) -> bool:
        """Whether a check from `address` has authenticated and its consent is fresh."""
        return address in self._paths

    def start(self, now: float) -> None:
        """Begin to wait for the first check; without one within the consent time the agent expires."""
        self._started_at = now if self._started_at is None else self._started_at

    def set_remote(self, remote: IceCredentials) -> None:
        """Tell the peer's credentials once its answer has come; checks that name another peer stop counting."""
        self._generations[-1].remote = remote

    def restart(self, local: IceCredentials, remote: IceCredentials | None) -> list[IceOutput]:
        """Take new credentials; the path stays as it is until the peer nominates with them (RFC 8445 §9)."""
        newest = self._generations[-1]
        superseded = [newest] if len(self._generations) > 1 else []
        self._generations = [self._generations[0], _Generation(newest.number + 1, local, remote)]
        return [UfragRetired(generation.local.ufrag) for generation in superseded]

    def handle_datagram(self, data: bytes, address: Address, now: float) -> list[IceOutput]:
        """Answer a STUN datagram that came from `address`."""
        if self._state is IceState.EXPIRED:
            return []
        self.start(now)
        try:
            request = stun.parse(data)
        except Malformed:
            return self._ignore(IgnoredCheck.MALFORMED)
        if request.cls is not stun.MessageClass.REQUEST or request.method != stun.BINDING:
            return self._ignore(IgnoredCheck.NOT_A_REQUEST)
        if request.username is None or not request.integrity:
            return self._refuse(IgnoredCheck.BAD_REQUEST, request, address, None)
        generation = self._authenticate(request, request.username)
        if generation is None:
            return self._refuse(IgnoredCheck.UNAUTHENTICATED, request, address, None)
        if request.not_understood:
            return self._refuse(IgnoredCheck.UNKNOWN_ATTRIBUTE, request, address, generation.key)
        if request.ice_controlled is not None:
            return self._refuse(IgnoredCheck.ROLE_CONFLICT, request, address, generation.key)
        return [_success(request, address, generation.key), *self._learn(request, address, generation, now)]

    def adopt(self, address: Address, now: float) -> list[IceOutput]:
        """Select `address`: the peer answered a check of ours from there (`path_validation`)."""
        if self._state in (IceState.NEW, IceState.EXPIRED):
            return []
        path, outputs = self._path(address, self._generations[0].number, now)
        return [*outputs, *self._select(path)]

    def lose(self, address: Address) -> list[IceOutput]:
        """The path to `address` is gone for good: its connection has ended."""
        path = self._paths.pop(address, None)
        return [] if path is None else [*self._replace([path]), PathRetired(address)]

    def handle_timeout(self, now: float) -> list[IceOutput]:
        """Forget the paths whose consent has run out, and expire without any."""
        if self._state is IceState.EXPIRED:
            return []
        self.start(now)
        stale = [path for path in self._paths.values() if path.heard_at + self._consent_s <= now]
        for path in stale:
            del self._paths[path.address]
        outputs: list[IceOutput] = [*self._replace(stale), *(PathRetired(path.address) for path in stale)]
        deadline = self.deadline()
        if not self._paths and deadline is not None and deadline <= now:
            outputs.append(ConsentExpired(heard=self._state is not IceState.NEW))
            self._state = transition(self._state, IceEvent.CONSENT_LOST)
        return outputs

    def deadline(self) -> float | None:
        """When `handle_timeout` has something to do, in the unit of `now`; None if never."""
        if self._state is IceState.EXPIRED:
            return None
        heard_at = min((path.heard_at for path in self._paths.values()), default=self._started_at)
        return None if heard_at is None else heard_at + self._consent_s

    def _authenticate(self, request: stun.Message, username: str) -> _Generation | None:
        for generation in reversed(self._generations):
            if generation.is_named_by(username) and request.verify_integrity(generation.key):
                return generation
        return None

    def _learn(self, request: stun.Message, address: Address, generation: _Generation, now: float) -> list[IceOutput]:
        path, outputs = self._path(address, generation.number, now)
        path.nominates = request.use_candidate
        if self._moves_to(path, now):
            outputs += self._select(path)
        if request.use_candidate:
            outputs += self._complete_restart(generation)
        event = IceEvent.NOMINATED if request.use_candidate else IceEvent.CHECKED
        self._state = transition(self._state, event)
        return outputs

    def _path(self, address: Address, generation: int, now: float) -> tuple[_Path, list[IceOutput]]:
        """The path to `address`, heard now; outputs if it is a new one."""
        outputs: list[IceOutput] = []
        path = self._paths.get(address)
        if path is None:
            outputs += self._make_room()
            path = self._paths[address] = _Path(address, generation, now)
            outputs.append(PathValidated(address))
        path.heard_at = now
        path.generation = max(path.generation, generation)
        return path, outputs

    def _moves_to(self, path: _Path, now: float) -> bool:
        """Whether a check that has just come in on `path` makes it the selected one."""
        selected = self._selected
        if selected is None:
            return True
        if selected is path or path.generation < selected.generation:
            return False
        if path.nominates:
            return True
        silence_s = now - selected.heard_at
        return silence_s > (ABANDONED_SILENCE_S if selected.nominates else REBOUND_SILENCE_S)

    def _select(self, path: _Path) -> list[IceOutput]:
        self._selected = path
        return [PathSelected(path.address)]

    def _replace(self, gone: Collection[_Path]) -> list[IceOutput]:
        """If the selected path is among those that are gone, the one heard last takes its place."""
        if self._selected not in gone:
            return []
        self._selected = None
        freshest = max(self._paths.values(), key=lambda path: (path.generation, path.heard_at), default=None)
        return [] if freshest is None else self._select(freshest)

    def _make_room(self) -> list[IceOutput]:
        if len(self._paths) < MAX_PATHS:
            return []
        idle = (path for path in self._paths.values() if path is not self._selected)
        oldest = min(idle, key=lambda path: path.heard_at)
        del self._paths[oldest.address]
        return [PathRetired(oldest.address)]

    def _complete_restart(self, generation: _Generation) -> list[IceOutput]:
        replaced = [older for older in self._generations if older.number < generation.number]
        self._generations = [kept for kept in self._generations if kept.number >= generation.number]
        return [UfragRetired(older.local.ufrag) for older in replaced]

    def _ignore(self, why: IgnoredCheck) -> list[IceOutput]:
        self.ignored[why] += 1
        return []

    def _refuse(self, why: IgnoredCheck, request: stun.Message, address: Address, key: bytes | None) -> list[IceOutput]:
        self.ignored[why] += 1
        response = stun.Message(
            request.method,
            stun.MessageClass.ERROR,
            request.transaction_id,
            error=_ERRORS[why],
            unknown_attributes=request.not_understood if why is IgnoredCheck.UNKNOWN_ATTRIBUTE else (),
        )
        return [Transmit(response.serialise(key), address)]


def _success(request: stun.Message, address: Address, key: bytes) -> Transmit:
    response = stun.Message(
        request.method, stun.MessageClass.SUCCESS, request.transaction_id, xor_mapped_address=address
    )
    return Transmit(response.serialise(key), address)
