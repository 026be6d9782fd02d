"""What happens, over a WebSocket: the events of `GET /api/events` for clients that would rather have one socket."""

import asyncio
from collections.abc import AsyncIterator, Coroutine

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from relay.errors import Malformed, RelayError, Unauthorised
from relay.server.auth import Role
from relay.server.http import Doorkeeper, address_of
from relay.server.messages import CloseCode
from relay.server.problem import problem_of
from relay.service.shell.portal import CallEvent, PortalDesk

SUBPROTOCOL = "relay.events"
_MAX_OPENING_BYTES = 16_384


class Opening(msgspec.Struct, frozen=True):
    """The client's first message, for browsers, which cannot set headers: who it is, and the last `id` it has."""

    token: str
    after: str = ""


class EventSocket:
    """The WebSocket endpoint `/api/events`, for portals and supervisors; one text frame an event, nothing is lost.

    A client says who it is in the `Authorization` header or in its first message. A refusal, also one in the middle, is
    a frame `{"problem": …}` and the end.
    """

    def __init__(self, desk: PortalDesk, doorkeeper: Doorkeeper, hello_timeout_s: float) -> None:
        self._desk = desk
        self._doorkeeper = doorkeeper
        self._hello_timeout_s = hello_timeout_s

    async def endpoint(self, socket: WebSocket) -> None:
        """Serve one client to its end."""
        if SUBPROTOCOL not in socket.scope["subprotocols"]:
            await socket.close()
            return
        await socket.accept(SUBPROTOCOL)
        code = CloseCode.NORMAL
        try:
            await _while_there(socket, _send(socket, await self._open(socket)))
        except WebSocketDisconnect:
            return
        except TimeoutError:
            code = CloseCode.HELLO_TIMEOUT
        except RelayError as error:
            await socket.send_text(msgspec.json.encode({"problem": problem_of(error)}).decode())
            code = CloseCode.UNAUTHORISED if isinstance(error, Unauthorised) else CloseCode.BAD_MESSAGES
        if socket.application_state is WebSocketState.CONNECTED:
            await socket.close(code)

    async def _open(self, socket: WebSocket) -> AsyncIterator[CallEvent]:
        if "authorization" in socket.headers:
            identity, after = self._doorkeeper.identify_request(socket), socket.query_params.get("after", "")
        else:
            async with asyncio.timeout(self._hello_timeout_s):
                opening = _parse(await socket.receive_text())
            identity, after = self._doorkeeper.identify(opening.token, address_of(socket)), opening.after
        identity.require(Role.PORTAL, Role.SUPERVISOR)
        return self._desk.events(after)


def _parse(text: str) -> Opening:
    if len(text) > _MAX_OPENING_BYTES:
        raise Malformed("the first message is too long")
    try:
        return msgspec.json.decode(text, type=Opening)
    except msgspec.DecodeError as error:
        raise Malformed(str(error)) from None


async def _send(socket: WebSocket, stream: AsyncIterator[CallEvent]) -> None:
    async for event in stream:
        await socket.send_text(frame_of(event))


async def _while_there(socket: WebSocket, sending: Coroutine[None, None, None]) -> None:
    """Run to the end, or until the client goes; what it says meanwhile is not listened to."""
    talking = asyncio.ensure_future(sending)
    listening = asyncio.ensure_future(_gone(socket))
    try:
        await asyncio.wait((talking, listening), return_when=asyncio.FIRST_COMPLETED)
    finally:
        listening.cancel()
        talking.cancel()
        ends = await asyncio.gather(talking, listening, return_exceptions=True)
    if isinstance(ends[0], RelayError):
        raise ends[0]


async def _gone(socket: WebSocket) -> None:
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


def frame_of(event: CallEvent) -> str:
    """One event as JSON: its `id`, and its fields, among them its `type`."""
    return msgspec.json.encode({"id": event.id, "event": event.event}).decode()
