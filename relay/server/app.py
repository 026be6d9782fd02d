"""The ASGI application: every route of a relay, mountable under any path of a portal's own application."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Route, WebSocketRoute

from relay.server.context import Context
from relay.server.event_socket import EventSocket
from relay.server.events import EventStream
from relay.server.http import Doorkeeper, answer_routing_error, routes_of
from relay.server.pages import SecurityHeaders, page_routes
from relay.server.rest import OPERATIONS
from relay.server.scrape import MetricsPage
from relay.server.signalling import Signalling
from relay.server.whip.endpoint import WhipEndpoints


def build_app(context: Context, doorkeeper: Doorkeeper, signalling: Signalling, whip: WhipEndpoints) -> Starlette:
    """The application of one relay. It starts and stops nothing: the relay's life is not its server's."""
    server = context.settings.server
    metrics = MetricsPage(context.observatory, doorkeeper, server)
    event_socket = EventSocket(context.desk, doorkeeper, server.hello_timeout_s)
    return Starlette(
        routes=[
            *routes_of(OPERATIONS, context, doorkeeper, server),
            Route("/api/events", EventStream(context.desk, doorkeeper).endpoint, methods=["GET"]),
            Route("/metrics", metrics.endpoint, methods=["GET"]),
            WebSocketRoute("/api/events", event_socket.endpoint),
            WebSocketRoute("/signal", signalling.endpoint),
            *whip.routes(),
            *page_routes(),
        ],
        middleware=[Middleware(SecurityHeaders)],
        exception_handlers={HTTPException: answer_routing_error, Exception: answer_routing_error},
    )
