"""A whole relay behind a real server on a free port of loopback, in the loop of the test."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn

from relay import Relay, Role, SchedulerSettings, ServerSettings, Settings, SfuSettings
from relay.client import SignallingClient
from relay.server import messages
from relay.server.serve import bind, uvicorn_config

ON_ANY_MACHINE: Mapping[str, Any] = {"max_worker_load": 1e3, "max_residence_ms": 1e6, "placement": "peers"}
"""Settings of media workers whose machine may be as busy as it likes: nobody is refused or placed by what it measures."""


@dataclass(frozen=True)
class RunningRelay:
    """Where it is, and who may come in."""

    relay: Relay
    url: str

    @property
    def signal_url(self) -> str:
        return self.url.replace("http", "ws", 1) + "/signal"

    def token(self, subject: str, role: Role, **claims: object) -> str:
        return self.relay.issue_token(subject, role, **claims)  # type: ignore[arg-type]

    def client(self, subject: str, role: Role, **claims: object) -> SignallingClient:
        return SignallingClient(self.signal_url, self.token(subject, role, **claims))

    def http(self, role: Role | None = Role.PORTAL) -> httpx.AsyncClient:
        headers = {"authorization": f"Bearer {self.token('portal', role)}"} if role else {}
        return httpx.AsyncClient(base_url=self.url, headers=headers, trust_env=False)


def settings_for_tests(*, data_dir: str = "", **server: object) -> Settings:
    """Loopback, free ports, seats that need no media of ours."""
    chosen = {"port": 0, "media_required": False} | server
    return Settings(
        sfu=SfuSettings(host="127.0.0.1"),
        server=ServerSettings(**chosen),  # type: ignore[arg-type]
        scheduler=SchedulerSettings(),
        data_dir=data_dir,
    )


@asynccontextmanager
async def running_relay(
    settings: Settings | None = None, *, send_buffer_bytes: int | None = None
) -> AsyncIterator[RunningRelay]:
    """Run one until the block ends; a small send buffer makes a client's slowness felt sooner."""
    settings = settings or settings_for_tests()
    with bind(settings.server) as listener:
        if send_buffer_bytes is not None:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer_bytes)
        async with Relay(settings) as relay, serving(uvicorn_config(relay), listener):
            yield RunningRelay(relay, f"http://127.0.0.1:{listener.getsockname()[1]}")


@asynccontextmanager
async def serving(config: uvicorn.Config, *sockets: object) -> AsyncIterator[None]:
    """Run uvicorn until the block ends."""
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=list(sockets)))  # type: ignore[arg-type]
    while not server.started and not task.done():
        await asyncio.sleep(0.005)
    try:
        yield
    finally:
        server.should_exit = True
        await task
        while server.server_state.connections:
            await asyncio.sleep(0.005)


async def until(client: SignallingClient, kind: type[messages.Reply], **fields: object) -> messages.Reply:
    """The next message of this type with these fields; what comes before it is passed over."""
    async with asyncio.timeout(5):
        async for message in client:
            if isinstance(message, kind) and all(getattr(message, name) == value for name, value in fields.items()):
                return message
    raise AssertionError(f"{kind.__name__} never came")


__all__ = ["RunningRelay", "running_relay", "serving", "settings_for_tests", "until"]
