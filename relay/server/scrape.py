"""`GET /metrics`."""

from starlette.requests import Request
from starlette.responses import Response

from relay.config import ServerSettings
from relay.errors import RelayError
from relay.metrics.shell.exposition import Exposition
from relay.server.auth import Role
from relay.server.http import Doorkeeper, problem_response
from relay.service.shell.observatory import Observatory


class MetricsPage:
    """The endpoint; open to everybody unless the settings say otherwise."""

    def __init__(self, observatory: Observatory, doorkeeper: Doorkeeper, settings: ServerSettings) -> None:
        self._exposition = Exposition(observatory.snapshot)
        self._doorkeeper = doorkeeper
        self._public = settings.public_metrics

    async def endpoint(self, request: Request) -> Response:
        """All metrics, in the format that was asked for."""
        try:
            if not self._public:
                self._doorkeeper.identify_request(request).require(Role.SUPERVISOR, Role.PORTAL)
        except RelayError as error:
            return problem_response(error)
        body, content_type = self._exposition.render(request.headers.get("accept", ""))
        return Response(body, headers={"content-type": content_type})
