"""The REST interface for portals: what the operations do, and the table of them."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from relay.errors import Conflict, LimitReached, NotFound, Refusal, Unavailable
from relay.scheduler import commands, view
from relay.server.appointments import APPOINTMENT_OPERATIONS
from relay.server.auth import GrantList, Grants, Level, Role
from relay.server.context import Context
from relay.server.history import HISTORY_OPERATIONS
from relay.server.messages import Name, ShortText, Stem
from relay.server.openapi import openapi_document, signalling_schema
from relay.server.operations import ApiReply, ApiRequest, Operation, Parameter
from relay.server.recording.operations import RECORDING_OPERATIONS
from relay.server.workers import WORKER_OPERATIONS
from relay.service.call_quality import CallQuality
from relay.service.shell.portal import NewCall
from relay.service.views import CallView, QueueView, SeatView


class Priority(msgspec.Struct, kw_only=True):
    """A priority class of the settings."""

    priority: Name


class CreateToken(msgspec.Struct, kw_only=True):
    """A token for one identity."""

    sub: Name
    role: Role
    lifetime_s: Annotated[float, Meta(gt=0)] | None = None
    name: ShortText = ""
    region: Name | None = None
    skills: Annotated[dict[Stem, Level], Meta(max_length=200)] | None = None
    """Seats: proficiency by item code or leading part of one."""
    languages: Annotated[list[Name], Meta(max_length=16)] = []
    publish: GrantList = []
    """Streams to be published by WHIP: a name, or with `*` at its end all that begin like it."""
    watch: GrantList = []
    """What is to be watched by WHEP, likewise: `streams/lobby`, `kiosks/k-17`, `calls/*`."""


class TokenIssued(msgspec.Struct, kw_only=True):
    """A signed token."""

    token: str
    expires_in_s: float


class Item(msgspec.Struct, kw_only=True):
    """A service item."""

    code: str
    name_zh: str
    name_en: str
    department_zh: str
    department_en: str
    reach: str


class Division(msgspec.Struct, kw_only=True):
    """A region."""

    code: str
    name_zh: str
    name_en: str


class Health(msgspec.Struct, kw_only=True):
    """Whether the process lives, or is ready to take calls; `reasons` says what is missing."""

    status: str
    reasons: list[str] = []


async def create_call(context: Context, request: ApiRequest) -> CallView:
    """Ask for a caseworker on behalf of a kiosk."""
    return await context.desk.create_call(request.body, request.values["idempotency-key"])


async def get_call(context: Context, request: ApiRequest) -> CallView:
    """A call that is not over."""
    return context.desk.call(request.values["call"])


async def cancel_call(context: Context, request: ApiRequest) -> None:
    """End a call."""
    await context.desk.cancel_call(request.values["call"], request.values["reason"])


async def why_waiting(context: Context, request: ApiRequest) -> view.Eligibility:
    """Why no seat takes a call: how many remain after each condition."""
    return view.why_waiting(context.exchange.scheduler.state, request.values["call"])


async def call_quality(context: Context, request: ApiRequest) -> CallQuality:
    """How a call is for its parties so far, or was; the last thousand that are over are kept."""
    record = context.exchange.observations.calls.find(request.values["call"], context.clock.now_s())
    if record is None:
        raise NotFound(f"The call {request.values['call']!r} has not been connected, or it is long over.")
    return record


async def reprioritise(context: Context, request: ApiRequest) -> CallView:
    """Move a waiting call to another class; its waiting time is kept."""
    body: Priority = request.body
    await context.exchange.submit(commands.Reprioritise(request.values["call"], body.priority))
    return context.desk.call(request.values["call"])


async def list_calls(context: Context, _: ApiRequest) -> list[CallView]:
    """The calls in conversation or wrap-up."""
    return context.desk.calls()


async def list_queue(context: Context, _: ApiRequest) -> list[QueueView]:
    """The queues, by department."""
    return context.desk.queue()


async def list_seats(context: Context, _: ApiRequest) -> list[SeatView]:
    """The seats that are online."""
    return context.desk.seats()


async def list_items(context: Context, _: ApiRequest) -> list[Item]:
    """The service items."""
    return [
        Item(
            code=item.code,
            name_zh=item.name_zh,
            name_en=item.name_en,
            department_zh=context.directory.department(item.department).name_zh,
            department_en=context.directory.department(item.department).name_en,
            reach=item.reach,
        )
        for item in context.directory.catalogue.items
    ]


async def list_regions(context: Context, _: ApiRequest) -> list[Division]:
    """The regions."""
    regions = context.directory.catalogue.regions
    return [Division(code=region.code, name_zh=region.name_zh, name_en=region.name_en) for region in regions]


async def create_token(context: Context, request: ApiRequest) -> TokenIssued:
    """Sign a token for a kiosk, seat, supervisor or media tool."""
    body: CreateToken = request.body
    if body.role is Role.PORTAL:
        raise Conflict("A portal's token comes from the operator (`relay token`), not from another portal.")
    auth = context.settings.auth
    lifetime_s = min(body.lifetime_s or auth.token_lifetime_s, auth.max_token_lifetime_s)
    token = context.issuer.issue(
        body.sub,
        body.role,
        lifetime_s=lifetime_s,
        name=body.name,
        region=body.region or "",
        skills=body.skills,
        languages=tuple(body.languages),
        grants=Grants(tuple(body.publish), tuple(body.watch)),
    )
    return TokenIssued(token=token, expires_in_s=lifetime_s)


async def health(_context: Context, _: ApiRequest) -> Health:
    """The process lives: it answers."""
    return Health(status="ok")


async def readiness(context: Context, _: ApiRequest) -> Any:
    """Whether calls should be sent here."""
    reasons = context.not_ready()
    if reasons:
        return ApiReply(Health(status="not ready", reasons=reasons), 503)
    return Health(status="ready")


async def openapi(_context: Context, _: ApiRequest) -> dict[str, Any]:
    """This interface, described."""
    return openapi_document(OPERATIONS)


async def signalling(_context: Context, _: ApiRequest) -> dict[str, Any]:
    """The signalling messages, described."""
    return signalling_schema()


_CALL = Parameter("call", "path", Name, "The call.")
_KEY = Parameter("idempotency-key", "header", Name, "Chosen by the portal; the same key twice is one call.")
_REASON = Parameter("reason", "query", ShortText, "Kept in the call's record.", required=False, default="")
_WATCHERS = (Role.PORTAL, Role.SUPERVISOR)
_PEOPLE = (Role.KIOSK, Role.SEAT, Role.SUPERVISOR, Role.PORTAL)

OPERATIONS = (
    Operation(
        "POST",
        "/api/calls",
        "Ask for a caseworker on behalf of a kiosk",
        create_call,
        CallView,
        parameters=(_KEY,),
        body=NewCall,
        status=201,
        refusals=(NotFound, Conflict, LimitReached, Unavailable),
    ),
    Operation("GET", "/api/calls", "Calls in conversation or wrap-up", list_calls, list[CallView], _WATCHERS),
    Operation(
        "GET", "/api/calls/{call}", "One call that is not over", get_call, CallView, _WATCHERS, (_CALL,),
        refusals=(NotFound,),
    ),
    Operation(
        "DELETE", "/api/calls/{call}", "End a call", cancel_call, None, parameters=(_CALL, _REASON), status=204,
        refusals=(NotFound,),
    ),
    Operation(
        "GET", "/api/calls/{call}/eligibility", "Why no seat takes a call", why_waiting, view.Eligibility, _WATCHERS,
        (_CALL,), refusals=(NotFound,),
    ),
    Operation(
        "GET", "/api/calls/{call}/quality", "How a call is, or was, for its parties", call_quality, CallQuality,
        _WATCHERS, (_CALL,), refusals=(NotFound,),
    ),
    Operation(
        "PUT", "/api/calls/{call}/priority", "Move a waiting call to another class", reprioritise, CallView, _WATCHERS,
        (_CALL,), Priority, refusals=(NotFound, Conflict),
    ),
    Operation("GET", "/api/queue", "Queues by department", list_queue, list[QueueView], _WATCHERS),
    Operation("GET", "/api/seats", "Seats that are online", list_seats, list[SeatView], _WATCHERS),
    Operation("GET", "/api/items", "Service items", list_items, list[Item], _PEOPLE),
    Operation("GET", "/api/regions", "Regions", list_regions, list[Division], _PEOPLE),
    Operation(
        "POST", "/api/tokens", "Sign a token for a kiosk, seat, supervisor or media tool", create_token, TokenIssued,
        body=CreateToken, status=201, refusals=(Refusal,),
    ),
    *APPOINTMENT_OPERATIONS,
    *WORKER_OPERATIONS,
    *RECORDING_OPERATIONS,
    *HISTORY_OPERATIONS,
    Operation("GET", "/api/schema/signalling.json", "JSON Schema of the signalling", signalling, dict[str, Any], ()),
    Operation("GET", "/openapi.json", "This document", openapi, dict[str, Any], ()),
    Operation("GET", "/healthz", "Whether the process lives", health, Health, ()),
    Operation("GET", "/readyz", "Whether it should get calls", readiness, Health, (), refusals=(Unavailable,)),
)  # fmt: skip
