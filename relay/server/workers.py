"""What an operator can do about a node: look at its media workers, replace one, and empty the whole node."""

from typing import Annotated

from msgspec import Meta

from relay.errors import Conflict, NotFound
from relay.server.auth import Role
from relay.server.context import Context
from relay.server.operations import ApiRequest, Operation, Parameter
from relay.sfu import WorkerStats
from relay.sfu.shell.pool import SfuPool


class NoWorkers(Conflict):
    """Media runs inside the node's own process."""

    problem = "no-workers"
    hint = "Start the relay with `--workers`."


async def list_workers(context: Context, _: ApiRequest) -> list[WorkerStats]:
    """The media workers, as they reported last."""
    return list(context.exchange.media.stats().workers)


async def replace_worker(context: Context, request: ApiRequest) -> None:
    """Drain one media worker, then start another process in its place."""
    media = context.exchange.media
    if not isinstance(media, SfuPool):
        raise NoWorkers
    media.replace_worker(request.values["worker"])


async def drain(context: Context, _: ApiRequest) -> None:
    """Take no new participants and no new calls; those there are go on."""
    context.exchange.draining = True


async def end_drain(context: Context, _: ApiRequest) -> None:
    """Take them again."""
    context.exchange.draining = False


_WORKER = Parameter("worker", "path", Annotated[int, Meta(ge=0)], "Its index.")
_WATCHERS = (Role.PORTAL, Role.SUPERVISOR)

WORKER_OPERATIONS = (
    Operation("GET", "/api/workers", "Media workers", list_workers, list[WorkerStats], _WATCHERS),
    Operation(
        "POST", "/api/workers/{worker}/replacement", "Drain a media worker and start another in its place",
        replace_worker, None, parameters=(_WORKER,), status=202, refusals=(NotFound, NoWorkers),
    ),
    Operation("PUT", "/api/drain", "Take no new participants and calls", drain, None, status=204),
    Operation("DELETE", "/api/drain", "Take them again", end_drain, None, status=204),
)  # fmt: skip
