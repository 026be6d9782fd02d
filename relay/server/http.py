"""HTTP: operations behind one door that checks token, size, shape and time, and answers errors as problem details."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import Route

from relay.clock import Clock
from relay.config import ServerSettings
from relay.errors import Malformed, NotFound, Refusal, RelayError, Unauthorised, Unavailable
from relay.server.auth import Identity, TokenVerifier
from relay.server.operations import ApiReply, ApiRequest, Operation, Place, convert_parameters
from relay.server.problem import MEDIA_TYPE, Problem, problem_of, problem_type
from relay.server.throttle import FailureLimiter


class TooLarge(Refusal):
    """The body is larger than this relay accepts."""

    problem = "too-large"
    status = 413


class UnsupportedMedia(Refusal):
    """The body has another type than this takes."""

    problem = "unsupported-media"
    status = 415


class MethodNotAllowed(Refusal):
    """This path does not have this method."""

    problem = "method-not-allowed"
    status = 405


class TimedOut(Unavailable):
    """The request was not finished in time."""

    problem = "timed-out"


class Doorkeeper:
    """Turns bearer tokens into identities, and slows down those who guess."""

    def __init__(self, verifier: TokenVerifier, limiter: FailureLimiter, clock: Clock) -> None:
        self._verifier = verifier
        self._limiter = limiter
        self._clock = clock

    def identify(self, token: str, address: str) -> Identity:
        """The identity of a token presented from `address`; raises `Unauthorised` or `LimitReached`."""
        now_s = self._clock.now_s()
        self._limiter.admit(address, now_s)
        try:
            return self._verifier.verify(token)
        except Unauthorised:
            self._limiter.note_failure(address, now_s)
            raise

    def identify_request(self, connection: HTTPConnection) -> Identity:
        """The identity of a request's `Authorization` header."""
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthorised("This needs a bearer token.")
        return self.identify(token.strip(), address_of(connection))


def address_of(connection: HTTPConnection) -> str:
    """The client's host, for limits and logs."""
    return connection.client.host if connection.client else ""


def routes_of(
    operations: Iterable[Operation], context: Any, doorkeeper: Doorkeeper, settings: ServerSettings
) -> list[Route]:
    """Starlette routes for a table of operations; `context` is handed to every handler."""
    return [
        Route(
            operation.path,
            _endpoint(operation, context, doorkeeper, settings),
            methods=[operation.method],
            name=operation.name,
        )
        for operation in operations
    ]


def _endpoint(
    operation: Operation, context: Any, doorkeeper: Doorkeeper, settings: ServerSettings
) -> Callable[[Request], Awaitable[Response]]:
    decoder = msgspec.json.Decoder(operation.body) if operation.body is not None else None

    async def endpoint(request: Request) -> Response:
        try:
            caller = doorkeeper.identify_request(request) if operation.roles else None
            if caller is not None:
                caller.require(*operation.roles)
            async with asyncio.timeout(settings.request_timeout_s):
                body = await _read_json(request, decoder, settings.max_body_bytes) if decoder else None
                content = await operation.handler(context, ApiRequest(caller, _values(operation, request), body))
        except ClientDisconnect:
            return Response(status_code=400)
        except TimeoutError:
            return problem_response(TimedOut())
        except Exception as error:  # the one place where an error becomes a reply
            return problem_response(error)
        return _reply(operation, content)

    return endpoint


def _values(operation: Operation, request: Request) -> dict[str, Any]:
    texts: dict[Place, Mapping[str, str]] = {
        "path": request.path_params,
        "query": request.query_params,
        "header": request.headers,
    }
    return convert_parameters(operation.parameters, texts)


async def _read_json(request: Request, decoder: msgspec.json.Decoder[Any], limit_bytes: int) -> Any:
    try:
        return decoder.decode(await read_body(request, "application/json", limit_bytes))
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Malformed(str(error)) from error


async def read_body(request: Request, media_type: str, limit_bytes: int) -> bytearray:
    """The body of a request; raises `UnsupportedMedia` for another type, `TooLarge` beyond the limit."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != media_type:
        raise UnsupportedMedia(f"The body must be {media_type}.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit_bytes:
            raise TooLarge(f"The body is larger than {limit_bytes} bytes.")
    return body


def _reply(operation: Operation, content: Any) -> Response:
    status = operation.status
    if isinstance(content, ApiReply):
        content, status = content.content, content.status
    if content is None:
        return Response(status_code=status)
    return Response(msgspec.json.encode(content), status, media_type="application/json")


def problem_response(error: Exception) -> Response:
    """An error as `application/problem+json`."""
    problem = problem_of(error)
    headers = {"WWW-Authenticate": "Bearer"} if problem.status == Unauthorised.status else {}
    if problem.retry_after_s:
        headers["Retry-After"] = str(problem.retry_after_s)
    return Response(msgspec.json.encode(problem), problem.status, headers, media_type=MEDIA_TYPE)


_ROUTING_ERRORS: dict[int, type[RelayError]] = {404: NotFound, 405: MethodNotAllowed}


async def answer_routing_error(_request: Request, error: Exception) -> Response:
    """Starlette's own refusals (unknown path, wrong method) as problem details too."""
    if not isinstance(error, HTTPException):
        return problem_response(error)
    kind = _ROUTING_ERRORS.get(error.status_code)
    if kind is not None:
        return problem_response(kind())
    problem = Problem(type=problem_type("refused"), title=error.detail, status=error.status_code)
    return Response(msgspec.json.encode(problem), error.status_code, media_type=MEDIA_TYPE)
