"""What happens, as Server-Sent Events (WHATWG HTML §9.2): one event per line of the scheduler's record."""

from collections.abc import AsyncIterator

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from relay.errors import RelayError
from relay.server.auth import Role
from relay.server.http import Doorkeeper, problem_response
from relay.server.problem import problem_of
from relay.service.shell.portal import CallEvent, PortalDesk


class EventStream:
    """The endpoint `GET /api/events`, for portals and supervisors."""

    def __init__(self, desk: PortalDesk, doorkeeper: Doorkeeper) -> None:
        self._desk = desk
        self._doorkeeper = doorkeeper

    async def endpoint(self, request: Request) -> Response:
        """Stream events until the client goes; a refusal, also one in the middle (`cut-off`), is a problem."""
        try:
            self._doorkeeper.identify_request(request).require(Role.PORTAL, Role.SUPERVISOR)
            stream = self._desk.events()
        except RelayError as error:
            return problem_response(error)
        return StreamingResponse(_lines(stream), media_type="text/event-stream")


async def _lines(stream: AsyncIterator[CallEvent]) -> AsyncIterator[bytes]:
    yield b": connected\n\n"
    try:
        async for each in stream:
            yield line_of(each)
    except RelayError as error:
        yield b"event: problem\ndata: " + msgspec.json.encode(problem_of(error)) + b"\n\n"


def line_of(event: CallEvent) -> bytes:
    """One event as SSE: `id`, `event` (its type) and `data` (its fields as JSON)."""
    kind = type(event.event).__name__
    return f"id: {event.id}\nevent: {kind}\ndata: ".encode() + msgspec.json.encode(event.event) + b"\n\n"
