"""Operations about what is over: call detail records, and what was decided about a call and why."""

from typing import Annotated

from msgspec import Meta

from relay.errors import NotFound
from relay.server.auth import Role
from relay.server.context import Context
from relay.server.messages import Name
from relay.server.operations import ApiRequest, Operation, Parameter
from relay.service.record_book import FinishedCall
from relay.service.shell.portal import CallDecision, PositionGone

MAX_PAGE = 1_000


async def list_records(context: Context, request: ApiRequest) -> list[FinishedCall]:
    """Call detail records, oldest first."""
    return context.desk.records(request.values["after"], request.values["limit"])


async def get_record(context: Context, request: ApiRequest) -> FinishedCall:
    """One call detail record."""
    return context.desk.record(request.values["call"])


async def list_decisions(context: Context, request: ApiRequest) -> list[CallDecision]:
    """Everything decided about one call."""
    return await context.desk.decisions(request.values["call"])


_CALL = Parameter("call", "path", Name, "The call.")
_AFTER = Parameter(
    "after",
    "query",
    Annotated[int, Meta(ge=0)],
    "The `seq` of the last record that is known; 0, or left out: from the oldest that is kept.",
    required=False,
    default=0,
)
_LIMIT = Parameter(
    "limit", "query", Annotated[int, Meta(ge=1, le=MAX_PAGE)], "At most so many.", required=False, default=100
)
_READERS = (Role.PORTAL, Role.SUPERVISOR)

HISTORY_OPERATIONS = (
    Operation(
        "GET", "/api/records", "Call detail records of calls that are over", list_records, list[FinishedCall], _READERS,
        (_AFTER, _LIMIT), refusals=(PositionGone,),
    ),
    Operation(
        "GET", "/api/records/{call}", "The record of one call that is over", get_record, FinishedCall, _READERS,
        (_CALL,), refusals=(NotFound,),
    ),
    Operation(
        "GET", "/api/calls/{call}/decisions", "What was decided about a call, and why", list_decisions,
        list[CallDecision], _READERS, (_CALL,), refusals=(NotFound,),
    ),
)  # fmt: skip
