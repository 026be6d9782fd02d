"""What can be watched: a stream published by WHIP, a participant, a call. Found anew each time, for they come and go."""

from collections.abc import Callable, Mapping

from relay.catalogue import CODE
from relay.errors import Conflict, NotFound
from relay.server.whip.sessions import Sessions
from relay.service.conversations import Conversations, sources_of_call
from relay.service.participants import Desk, Participants, Who
from relay.service.wiring import SOURCES
from relay.sfu.session.events import SourceRef


class NothingToWatch(Conflict):
    """Nobody is publishing this now."""

    problem = "nothing-to-watch"
    hint = "Retry in a few seconds."


class Targets:
    """Finds the sources behind a name. given: everybody who can be watched."""

    def __init__(self, sessions: Sessions, participants: Participants, conversations: Conversations) -> None:
        self._sessions = sessions
        self._participants = participants
        self._conversations = conversations
        self._find: Mapping[str, Callable[[str], dict[str, SourceRef]]] = {
            "streams": self._stream,
            "kiosks": lambda name: self._participant(Who(Desk.KIOSK, name)),
            "seats": lambda name: self._participant(Who(Desk.SEAT, name)),
            "calls": self._call,
        }

    def check(self, target: str) -> None:
        """Raise `NotFound` for a path that can never name anything, `NothingToWatch` for what is not there now."""
        kind, _, name = target.partition("/")
        if kind not in self._find or not CODE.fullmatch(name):
            raise NotFound(f"There is no {kind!r} to watch; there are {', '.join(self._find)}.")
        if not self.offered(target):
            raise NothingToWatch

    def offered(self, target: str) -> dict[str, SourceRef]:
        """The sources by name; those of a call's second party are `microphone-2`, `camera-2`, … Empty: not there now."""
        kind, _, name = target.partition("/")
        return self._find[kind](name)

    def _stream(self, name: str) -> dict[str, SourceRef]:
        publisher = self._sessions.publisher(name)
        if publisher is None:
            return {}
        return {source: SourceRef(publisher.peer, source) for source in publisher.offer.sources.values()}

    def _participant(self, who: Who) -> dict[str, SourceRef]:
        participant = self._participants.find(who)
        if participant is None or participant.peer is None:
            return {}
        return {source: SourceRef(participant.peer, source) for source in SOURCES}

    def _call(self, call: str) -> dict[str, SourceRef]:
        return sources_of_call(self._conversations, call)
