"""What happens, as Server-Sent Events (WHATWG HTML §9.2): one event per line of the scheduler's record."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from relay.errors import RelayError
from relay.server.auth import Role
from relay.server.http import Doorkeeper, problem_response
from relay.server.problem import problem_of
from relay.service.shell.portal import CallEvent, PortalDesk

_ALIVE_S = 15.0
"""A comment is sent after so much silence, for proxies that cut quiet connections."""


class EventStream:
    """The endpoint `GET /api/events`, for portals and supervisors."""

    def __init__(self, desk: PortalDesk, doorkeeper: Doorkeeper) -> None:
        self._desk = desk
        self._doorkeeper = doorkeeper

    async def endpoint(self, request: Request) -> Response:
        """Stream events until the client goes; a refusal, also one in the middle, is a problem.

        A client that comes back sends the `id` of the last event it has, as `Last-Event-ID` or `?after=`.
        """
        try:
            self._doorkeeper.identify_request(request).require(Role.PORTAL, Role.SUPERVISOR)
            after = request.headers.get("last-event-id") or request.query_params.get("after", "")
            if after:
                await self._desk.position(after)
            stream = self._desk.events(after)
        except RelayError as error:
            return problem_response(error)
        return StreamingResponse(_lines(stream), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


async def _lines(stream: AsyncIterator[CallEvent]) -> AsyncIterator[bytes]:
    yield b": connected\n\n"
    following = asyncio.ensure_future(anext(stream))
    try:
        while True:
            if not (await asyncio.wait([following], timeout=_ALIVE_S))[0]:
                yield b": alive\n\n"
                continue
            yield line_of(following.result())
            following = asyncio.ensure_future(anext(stream))
    except StopAsyncIteration:
        return
    except RelayError as error:
        yield b"event: problem\ndata: " + msgspec.json.encode(problem_of(error)) + b"\n\n"
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


def line_of(event: CallEvent) -> bytes:
    """One event as SSE: `id`, `event` (its type) and `data` (its fields as JSON)."""
    kind = type(event.event).__name__
    return f"id: {event.id}\nevent: {kind}\ndata: ".encode() + msgspec.json.encode(event.event) + b"\n\n"
