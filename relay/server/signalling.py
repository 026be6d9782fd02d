"""The signalling endpoint: hello, then requests one after the other, each with its reply."""

import asyncio
import logging
import secrets
from dataclasses import dataclass

from starlette.websockets import WebSocket

from relay.clock import Clock
from relay.config import ServerSettings
from relay.errors import Malformed, RelayError, Unauthorised
from relay.metrics.logs import log_context
from relay.server.auth import Identity, Role
from relay.server.caller import Caller
from relay.server.checkin import CheckInTokens
from relay.server.codec import CODECS
from relay.server.connection import ClosedError, Connection
from relay.server.http import Doorkeeper, address_of
from relay.server.ice_servers import ice_servers_for
from relay.server.messages import ClientMessage, CloseCode, Hello, ItemInfo, Welcome
from relay.server.phrasing import Phrasebook, failed
from relay.server.requests import carry_out
from relay.server.wallboard import Wallboards
from relay.service.participants import Desk, Joined, Participant, Who
from relay.service.shell.exchange import Exchange

_log = logging.getLogger(__name__)
_DESKS = {Role.KIOSK: Desk.KIOSK, Role.SEAT: Desk.SEAT, Role.SUPERVISOR: Desk.SUPERVISOR}


@dataclass(frozen=True, slots=True)
class Signalling:
    """What all connections share."""

    exchange: Exchange
    doorkeeper: Doorkeeper
    phrasebook: Phrasebook
    wallboards: Wallboards
    checkin: CheckInTokens
    settings: ServerSettings
    clock: Clock

    async def endpoint(self, socket: WebSocket) -> None:
        """Serve one WebSocket to its end."""
        codec = next((CODECS[name] for name in CODECS if name in socket.scope["subprotocols"]), None)
        if codec is None:
            await socket.close()
            return
        await socket.accept(codec.subprotocol)
        connection = Connection(socket, codec, self.phrasebook, self.settings, self.clock)
        try:
            code = await connection.run(asyncio.create_task(self._converse(connection)))
        finally:
            self.wallboards.drop(connection)
            await self.exchange.lose_line(connection)
        self.exchange.observations.note_end(code.name.lower() if code else "left")

    async def _converse(self, connection: Connection) -> None:
        """Everything between accept and close; ends with `ClosedError`."""
        identity, hello = await self._greeting(connection)
        joined = await self._join(connection, identity, hello)
        participant = joined.participant
        caller = Caller(participant, identity, connection, self.exchange, self.wallboards, self.checkin, self.clock)
        with log_context(**{participant.who.desk: participant.who.name}):
            _log.info("logged in", extra={"resumed": joined.resumed, "address": address_of(connection.socket)})
            connection.send(self._welcome(identity, joined, hello))
            await self.exchange.greet(participant)
            await self._serve(connection, caller)

    async def _greeting(self, connection: Connection) -> tuple[Identity, Hello]:
        frame = await connection.receive(self.settings.hello_timeout_s, CloseCode.HELLO_TIMEOUT)
        try:
            hello = _hello(connection.codec.parse(frame))
        except Malformed as error:
            connection.send(failed(error))
            raise ClosedError(CloseCode.BAD_MESSAGES) from error
        try:
            identity = self.doorkeeper.identify(hello.token, address_of(connection.socket))
            identity.require(*_DESKS)
        except RelayError as error:
            connection.send(failed(error, hello.id))
            refused = isinstance(error, Unauthorised) or error.status == 403
            raise ClosedError(CloseCode.UNAUTHORISED if refused else CloseCode.TRY_LATER) from error
        return identity, hello

    async def _join(self, connection: Connection, identity: Identity, hello: Hello) -> Joined:
        who = Who(_DESKS[identity.role], identity.subject)
        directory = self.exchange.directory
        listed = directory.seat(who.name) if who.desk is Desk.SEAT else directory.kiosk(who.name)
        newcomer = Participant(
            who,
            label=identity.name or (listed.name if listed else who.name),
            region=identity.region or (listed.region if listed else ""),
            session=secrets.token_urlsafe(9),
            line=connection,
        )
        try:
            return await self.exchange.join(newcomer, hello.session)
        except RelayError as error:
            connection.send(failed(error, hello.id))
            raise ClosedError(CloseCode.TRY_LATER) from error

    def _welcome(self, identity: Identity, joined: Joined, hello: Hello) -> Welcome:
        participant = joined.participant
        return Welcome(
            re=hello.id,
            identity=identity.subject,
            role=identity.role,
            name=participant.label,
            region=participant.region,
            session=participant.session,
            resumed=joined.resumed,
            heartbeat_s=self.settings.heartbeat_s,
            items=self._items(identity),
            dispositions=self._dispositions(identity),
            ice_servers=ice_servers_for(self.settings, identity.subject, self.clock.wall_ms() / 1000),
        )

    def _dispositions(self, identity: Identity) -> list[str]:
        return list(self.exchange.scheduler.state.settings.dispositions) if identity.role is Role.SEAT else []

    def _items(self, identity: Identity) -> list[ItemInfo]:
        if identity.role in (Role.KIOSK, Role.SUPERVISOR):
            return self.phrasebook.items()
        listed = self.exchange.directory.seat(identity.subject) if identity.role is Role.SEAT else None
        skills = identity.skills if identity.skills is not None else (listed.skills if listed else {})
        return self.phrasebook.items(list(skills))

    async def _serve(self, connection: Connection, caller: Caller) -> None:
        bad_messages = 0
        while True:
            frame = await self._next_frame(connection, caller.identity)
            try:
                message = connection.codec.parse(frame)
            except Malformed as error:
                connection.send(failed(error))
                bad_messages += 1
                self.exchange.observations.bad_messages += 1
                if bad_messages >= self.settings.bad_messages_limit:
                    raise ClosedError(CloseCode.BAD_MESSAGES) from error
                continue
            try:
                connection.send(await carry_out(caller, message))
            except Exception as error:  # a request that fails is answered; the connection goes on
                connection.send(failed(error, message.id))

    async def _next_frame(self, connection: Connection, identity: Identity) -> str | bytes:
        silence_s = 3 * self.settings.heartbeat_s
        valid_s = identity.expires_at_s - self.clock.wall_ms() / 1000
        if valid_s <= 0:
            raise ClosedError(CloseCode.UNAUTHORISED)
        if valid_s <= silence_s:
            return await connection.receive(valid_s, CloseCode.UNAUTHORISED)
        return await connection.receive(silence_s, CloseCode.SILENT)


def _hello(message: ClientMessage) -> Hello:
    if not isinstance(message, Hello):
        raise Malformed("the first message must be hello")
    return message
