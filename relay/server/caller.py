"""Who sent a signalling request, and what that request may touch."""

from dataclasses import dataclass

from relay.clock import Clock
from relay.errors import Forbidden, NotFound
from relay.server.auth import Identity
from relay.server.checkin import CheckInTokens
from relay.server.connection import Connection
from relay.server.wallboard import Wallboards
from relay.service.participants import Participant
from relay.service.shell.exchange import Exchange


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request, and what it may touch."""

    participant: Participant
    identity: Identity
    connection: Connection
    exchange: Exchange
    wallboards: Wallboards
    checkin: CheckInTokens
    clock: Clock

    @property
    def name(self) -> str:
        """The identity's name."""
        return self.participant.who.name

    def own_call(self, call: str) -> None:
        """Raise `Forbidden` unless the caller is a party of the call, `NotFound` when it is over.

        An invitation belongs to the seat that made it.
        """
        view = self.exchange.records.call(call)
        if view is None:
            raise NotFound(f"There is no call {call!r}, or it is over.")
        parent = self.exchange.records.call(view.parent) if view.parent else None
        parties = (parent.seat,) if parent else (view.kiosk, view.seat, *(member.who for member in view.members))
        if self.name not in parties:
            raise Forbidden("This call is somebody else's.")
