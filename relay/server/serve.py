"""The daemon: one relay behind uvicorn, from the first line of its log to a graceful end."""

import asyncio
import gc
import logging
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from types import FrameType
from typing import Any

import uvicorn

from relay.config import ServerSettings
from relay.errors import Unavailable
from relay.server.auth import Role
from relay.server.facade import Relay
from relay.server.settings import Settings
from relay.service.shell.exchange import MediaPlane

Companion = Callable[[Relay, str], Coroutine[Any, Any, None]]
"""Told the relay and its base URL."""
_log = logging.getLogger(__name__)
DEMO_TOKEN_LIFETIME_S = 2 * 3600.0
_STALLED_MS = 20_000
"""A peer that takes no data for so long is dropped by the kernel, which frees what is kept for it; sockets inherit it."""
_GOODBYE_S = 3
"""For connections to close once the relay has said goodbye to them."""


class _Server(uvicorn.Server):
    """uvicorn, which on the first signal drains instead of stopping; the second one stops it at once."""

    def __init__(self, config: uvicorn.Config, relay: Relay, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._relay = relay
        self._announce = announce
        self._loop = asyncio.get_running_loop()
        self._draining: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen; signals are handled from here on."""
        await super().startup(sockets)
        self._announce()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal came, in the middle of whatever the loop was doing."""
        self._loop.call_soon_threadsafe(self._drain_or_stop)

    def stop(self) -> None:
        """Stop at once."""
        self.should_exit = True

    def _drain_or_stop(self) -> None:
        if self._draining is None:
            self._draining = asyncio.create_task(self._drain())
        else:
            self.stop()

    async def _drain(self) -> None:
        _log.info("draining: no new calls; a second signal stops at once")
        await self._relay.drain()
        self.stop()


async def serve(
    settings: Settings,
    announce: Callable[[Relay, str], None] | None = None,
    *,
    media: MediaPlane | None = None,
    beside: Companion | None = None,
) -> None:
    """Run a relay until a signal ends it; `announce` is told the relay and its base URL once it takes requests.

    `media` is handed to the `Relay`. `beside` runs beside the server: its end ends the server, its error is raised here.
    Raises `Unavailable` when a port cannot be had, `Misuse` for settings that cannot work on this machine.
    """
    with bind(settings.server) as listener:
        async with Relay(settings, media=media) as relay:
            url = base_url(settings.server, listener.getsockname()[1])

            def started() -> None:
                spare_what_stays()
                media_host, media_port = relay.media_address
                _log.info("serving", extra={"url": url, "media": f"udp {media_host}:{media_port}"})
                if announce is not None:
                    announce(relay, url)

            server = _Server(uvicorn_config(relay), relay, started)
            async with _accompanied(server, beside(relay, url) if beside is not None else None):
                await server.serve(sockets=[listener])
            _log.info("stopped")


@asynccontextmanager
async def _accompanied(server: _Server, companion: Coroutine[Any, Any, None] | None) -> AsyncIterator[None]:
    if companion is None:
        yield
        return
    task = asyncio.create_task(companion)
    task.add_done_callback(lambda _: server.stop())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def spare_what_stays() -> None:
    """Take everything alive now, code and catalogue, out of the cyclic garbage collector's sight.

    A full collection that walks it holds the loop, and with it the media, for tens of milliseconds.
    """
    gc.collect()
    gc.freeze()


def base_url(settings: ServerSettings, port: int) -> str:
    """Where a browser on this machine finds the pages."""
    scheme = "https" if settings.tls_certificate else "http"
    host = {"0.0.0.0": "localhost", "::": "localhost", "127.0.0.1": "localhost"}.get(settings.host, settings.host)  # noqa: S104
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def demo_links(relay: Relay, url: str) -> dict[str, str]:
    """Links to try a relay with: their tokens are short-lived, and in the fragment, which no server sees."""
    catalogue = relay.settings.catalogue
    seats = [seat.seat for seat in catalogue.seats]
    kiosks = [kiosk.kiosk for kiosk in catalogue.kiosks]
    identities = {
        "kiosk": (kiosks[0] if kiosks else "kiosk-1", Role.KIOSK),
        "seat": (seats[-1] if seats else "seat-1", Role.SEAT),
        "wallboard": ("wallboard", Role.SUPERVISOR),
    }
    links = {
        page: f"{url}/{page}#token={relay.issue_token(subject, role, lifetime_s=DEMO_TOKEN_LIFETIME_S)}"
        for page, (subject, role) in identities.items()
    }
    return links | {"metrics": f"{url}/metrics"}


def bind(settings: ServerSettings) -> socket.socket:
    """The listening socket; raises `Unavailable` when it cannot be had."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listener = socket.create_server(
            (settings.host, settings.port), family=family, backlog=2048, dualstack_ipv6=settings.host == "::"
        )
    except OSError as error:
        raise Unavailable(f"cannot listen on {settings.host}:{settings.port}: {error.strerror}") from error
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _STALLED_MS)
    return listener


def uvicorn_config(relay: Relay) -> uvicorn.Config:
    """How uvicorn runs a relay: bounds from its settings, logging and life left to us."""
    settings = relay.settings.server
    return uvicorn.Config(
        relay.app,
        loop="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        ws="websockets-sansio",
        ws_max_size=settings.max_message_bytes,
        ws_ping_interval=None,  # the heartbeats of the signalling tell more: that the page is alive
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=_GOODBYE_S,
        ssl_certfile=settings.tls_certificate or None,
        ssl_keyfile=settings.tls_key or None,
    )
