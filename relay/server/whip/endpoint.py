"""The HTTP of WHIP (RFC 9725) and WHEP: resources, media types, preconditions, and what a web page of elsewhere may do."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from relay.clock import Clock
from relay.errors import Malformed, RelayError
from relay.server.auth import Identity
from relay.server.http import Doorkeeper, MethodNotAllowed, TimedOut, problem_response, read_body
from relay.server.ice_servers import ice_servers_for, link_values
from relay.server.settings import Settings
from relay.server.whip import fragment, naming
from relay.server.whip.gateway import Created, Gateway
from relay.server.whip.sessions import Protocol
from relay.service.observations import Observations

SDP: Final = "application/sdp"
_RETRY_AFTER_S: Final = 3
_RETRIED: Final = {409, 429, 503}
_EXPOSED: Final = "Location, ETag, Link, Accept-Patch, Retry-After, WWW-Authenticate"
_PREFLIGHT_S: Final = 86_400

_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""Routed here, so that those a resource lacks are refused by it and not by a page of the same path."""

_Handler = Callable[[Request, Identity], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class _Resource:
    """What a path is: its methods, and what a pre-flight is told of it."""

    methods: Mapping[str, _Handler]
    accepts: Mapping[str, str]

    @property
    def allowed(self) -> str:
        """As the `Allow` header says it."""
        return ", ".join([*self.methods, "OPTIONS"])


class WhipEndpoints:
    """Routes of both protocols. given: the door, the sessions behind it, and where refusals are counted."""

    def __init__(
        self, gateway: Gateway, doorkeeper: Doorkeeper, observations: Observations, settings: Settings, clock: Clock
    ) -> None:
        self._gateway = gateway
        self._doorkeeper = doorkeeper
        self._observations = observations
        self._settings = settings
        self._clock = clock

    def routes(self) -> list[Route]:
        """`/whip/STREAM` and `/whep/KIND/NAME` to begin a session, and each session below its endpoint."""
        session = _Resource({"PATCH": self._patch, "DELETE": self._delete}, {"Accept-Patch": fragment.MEDIA_TYPE})
        resources = {
            "/whip/{name}": _Resource({"POST": self._publish}, {"Accept-Post": SDP}),
            "/whep/{kind}/{name}": _Resource({"POST": self._watch}, {"Accept-Post": SDP}),
            "/whip/{name}/{session}": session,
            "/whep/{kind}/{name}/{session}": session,
        }
        return [
            Route(path, self._endpoint(resource), methods=[*_METHODS], name=path)
            for path, resource in resources.items()
        ]

    def _endpoint(self, resource: _Resource) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            if request.method == "OPTIONS":
                response = _preflight(resource)
            else:
                response = await self._answered(request, resource)
                self._observations.whip_requests[_protocol(request), request.method, str(response.status_code)] += 1
            self._allow_origin(request, response)
            return response

        return endpoint

    async def _answered(self, request: Request, resource: _Resource) -> Response:
        handler = resource.methods.get(request.method)
        if handler is None:
            response = problem_response(MethodNotAllowed())
            response.headers["Allow"] = resource.allowed
            return response
        try:
            who = self._doorkeeper.identify_request(request)
            async with asyncio.timeout(self._settings.server.request_timeout_s):
                return await handler(request, who)
        except ClientDisconnect:
            return Response(status_code=400)
        except TimeoutError:
            return _refusal(TimedOut())
        except Exception as error:  # the one place where an error becomes a reply
            return _refusal(error)

    async def _publish(self, request: Request, who: Identity) -> Response:
        """POST: begin to publish."""
        chosen, offer = naming.choices(request.query_params), await self._sdp(request)
        return self._created(request, who, await self._gateway.publish(who, request.path_params["name"], offer, chosen))

    async def _watch(self, request: Request, who: Identity) -> Response:
        """POST: begin to watch."""
        chosen, offer = naming.choices(request.query_params), await self._sdp(request)
        target = f"{request.path_params['kind']}/{request.path_params['name']}"
        return self._created(request, who, await self._gateway.watch(who, target, offer, chosen))

    async def _patch(self, request: Request, who: Identity) -> Response:
        """PATCH: trickle, or restart ICE."""
        body = await read_body(request, fragment.MEDIA_TYPE, self._settings.server.max_body_bytes)
        restarted = await self._gateway.patch(
            who, _path(request), request.path_params["session"], request.headers.get("if-match"), bytes(body)
        )
        if restarted is None:
            return Response(status_code=204)
        return Response(restarted.body, 200, {"ETag": restarted.etag}, fragment.MEDIA_TYPE)

    async def _delete(self, request: Request, who: Identity) -> Response:
        """DELETE: end the session."""
        await self._gateway.leave(who, _path(request), request.path_params["session"])
        return Response(status_code=200)

    async def _sdp(self, request: Request) -> str:
        body = await read_body(request, SDP, self._settings.sfu.max_sdp_bytes)
        try:
            return body.decode()
        except UnicodeDecodeError as error:
            raise Malformed("the offer is not UTF-8", error.start) from error

    def _created(self, request: Request, who: Identity, created: Created) -> Response:
        session = created.session
        path = quote(f"{session.path}/{session.id}", safe="/")
        headers = {
            "Location": f"{request.scope.get('root_path', '')}/{path}",
            "ETag": session.etag,
            "Accept-Patch": fragment.MEDIA_TYPE,
        }
        response = Response(created.answer, 201, headers, SDP)
        servers = ice_servers_for(self._settings.server, who.subject, self._clock.wall_ms() / 1000)
        for value in link_values(servers):
            response.headers.append("Link", value)
        return response

    def _allow_origin(self, request: Request, response: Response) -> None:
        allowed, origin = self._settings.whip.allowed_origins, request.headers.get("origin", "")
        response.headers["Access-Control-Expose-Headers"] = _EXPOSED
        if "*" in allowed:
            response.headers["Access-Control-Allow-Origin"] = "*"
            return
        response.headers["Vary"] = "Origin"
        if origin in allowed:
            response.headers["Access-Control-Allow-Origin"] = origin


def _preflight(resource: _Resource) -> Response:
    cors = {
        "Allow": resource.allowed,
        "Access-Control-Allow-Methods": resource.allowed,
        "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match",
        "Access-Control-Max-Age": str(_PREFLIGHT_S),
    }
    return Response(status_code=204, headers={**cors, **resource.accepts})


def _refusal(error: Exception) -> Response:
    response = problem_response(error)
    if isinstance(error, RelayError) and error.status in _RETRIED:
        response.headers["Retry-After"] = str(_RETRY_AFTER_S)
    return response


def _protocol(request: Request) -> Protocol:
    return Protocol.WHEP if "kind" in request.path_params else Protocol.WHIP


def _path(request: Request) -> str:
    names = [request.path_params[name] for name in ("kind", "name") if name in request.path_params]
    return "/".join([_protocol(request), *names])
