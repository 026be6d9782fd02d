"""The WHIP and WHEP sessions that exist: bounded in number, each with an end. Pure."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from relay.config import WhipSettings
from relay.errors import LimitReached, NotFound
from relay.ids import PeerId
from relay.server.whip.naming import Choices
from relay.sfu.session.events import PeerOffer


class Protocol(StrEnum):
    """Which way media flows."""

    WHIP = "whip"
    """In: the client publishes."""
    WHEP = "whep"
    """Out: the client watches."""


@dataclass(slots=True, eq=False)
class Session:
    """One client that publishes or watches."""

    # given
    id: str = field(repr=False)
    """Secret enough to be part of a URL; the owner's token is asked for besides."""
    protocol: Protocol
    target: str
    """As in the path: `lobby` of WHIP, `streams/lobby` or `calls/c7` of WHEP."""
    owner: str
    """Subject of the token that made it."""
    peer: PeerId
    offer: PeerOffer = field(repr=False)
    choices: Choices
    expires_at_s: float
    """Of its token: wall clock, seconds since 1970."""
    connect_by_s: float
    """On the monotonic clock."""
    # owned
    etag: str = ""
    connected: bool = False
    absent_since_s: float | None = None
    """Of a watcher: since when nothing of what it watches is there."""

    @property
    def path(self) -> str:
        """Of its endpoint, without a slash in front."""
        return f"{self.protocol}/{self.target}"

    def overdue(self, now_s: float, wall_s: float, absent_source_s: float) -> str | None:
        """Why it is to end now, if it is."""
        if wall_s >= self.expires_at_s:
            return "token-expired"
        if not self.connected and now_s >= self.connect_by_s:
            return "never-connected"
        if self.absent_since_s is not None and now_s >= self.absent_since_s + absent_source_s:
            return "source-gone"
        return None


class Sessions:
    """All of them. owned: the sessions, by id and by peer, and who publishes each stream."""

    def __init__(self, settings: WhipSettings) -> None:
        self._limits = {Protocol.WHIP: settings.max_publishers, Protocol.WHEP: settings.max_watchers}
        self._by_id: dict[str, Session] = {}
        self._by_peer: dict[PeerId, Session] = {}
        self._publishers: dict[str, Session] = {}
        self._watchers: dict[str, dict[str, Session]] = {}
        """By target, then by id."""
        self._count: Counter[Protocol] = Counter()

    def __iter__(self) -> Iterator[Session]:
        return iter(tuple(self._by_id.values()))

    def add(self, session: Session) -> None:
        """Take one in. Raises `LimitReached` when there are as many as may be."""
        if self._count[session.protocol] >= self._limits[session.protocol]:
            raise LimitReached(f"At most {self._limits[session.protocol]} {session.protocol} sessions at once.")
        self._count[session.protocol] += 1
        self._by_id[session.id] = self._by_peer[session.peer] = session
        if session.protocol is Protocol.WHEP:
            self._watchers.setdefault(session.target, {})[session.id] = session

    def find(self, path: str, session_id: str) -> Session:
        """The session of a URL. Raises `NotFound`."""
        session = self._by_id.get(session_id)
        if session is None or session.path != path:
            raise NotFound("There is no such session, or it is over.")
        return session

    def of_peer(self, peer: PeerId) -> Session | None:
        """Whose media this is."""
        return self._by_peer.get(peer)

    def publisher(self, stream: str) -> Session | None:
        """Who publishes the stream now."""
        return self._publishers.get(stream)

    def publish(self, session: Session) -> Session | None:
        """Make it the publisher of its stream; the one whose place it takes, if any."""
        before = self._publishers.get(session.target)
        self._publishers[session.target] = session
        return before

    def remove(self, session: Session) -> bool:
        """Forget it; False when it was forgotten before."""
        if self._by_id.pop(session.id, None) is None:
            return False
        del self._by_peer[session.peer]
        self._count[session.protocol] -= 1
        if self._publishers.get(session.target) is session:
            del self._publishers[session.target]
        if session.protocol is Protocol.WHEP:
            del self._watchers[session.target][session.id]
            if not self._watchers[session.target]:
                del self._watchers[session.target]
        return True

    def watched(self) -> list[str]:
        """The targets that have watchers."""
        return list(self._watchers)

    def watchers(self, target: str) -> list[Session]:
        """Who watches the target."""
        return list(self._watchers.get(target, {}).values())

    def publishers(self) -> list[Session]:
        """Who publishes, by stream."""
        return list(self._publishers.values())

    def count(self, protocol: Protocol) -> int:
        """How many there are."""
        return self._count[protocol]
