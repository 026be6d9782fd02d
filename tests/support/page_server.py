"""Serves the web pages and plays the relay's side of their signalling by script; the real daemon has its own tests.

Every message of a page is decoded with the real schema, so a page that breaks the contract fails its test.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from relay.server.messages import (
    Answer,
    ClientMessage,
    ColleagueInfo,
    Directory,
    Failed,
    GetDirectory,
    Heartbeat,
    Hello,
    Invite,
    Invited,
    ItemInfo,
    Offer,
    Ok,
    RegionInfo,
    ServerMessage,
    Welcome,
)
from relay.server.messages import Request as ClientRequest
from relay.server.pages import SecurityHeaders, page_routes
from tests.support.lite_answer import lite_answer
from tests.support.running_relay import serving

PATIENCE_S = 8.0
ITEMS = [
    ItemInfo(
        code="social-security.pension.certify",
        name_zh="养老待遇资格认证",
        name_en="Pension eligibility certification",
        group_zh="社会保障",
        group_en="Social security",
    ),
    ItemInfo(
        code="social-security.card.replace",
        name_zh="社保卡补办",
        name_en="Replace a social security card",
        group_zh="社会保障",
        group_en="Social security",
    ),
    ItemInfo(
        code="medical-insurance.reimburse.remote",
        name_zh="异地就医报销",
        name_en="Reimbursement of treatment elsewhere",
        group_zh="医疗保障",
        group_en="Medical insurance",
    ),
    ItemInfo(
        code="medical-insurance.register",
        name_zh="城乡居民医保参保登记",
        name_en="Join resident medical insurance",
        group_zh="医疗保障",
        group_en="Medical insurance",
        open=False,
    ),
]
DIRECTORY = Directory(
    items=ITEMS,
    regions=[
        RegionInfo(code="330203", name_zh="海曙区", name_en="Haishu"),
        RegionInfo(code="330226", name_zh="宁海县", name_en="Ninghai"),
    ],
    seats=[
        ColleagueInfo(seat="somebody", name="王静", region="330203", state="in-call"),
        ColleagueInfo(seat="seat-3", name="陈洁", region="330226", state="ready"),
        ColleagueInfo(seat="seat-5", name="周伟", region="330203", state="break"),
    ],
)
Wanted = TypeVar("Wanted", bound=ClientRequest)


class PageServer:
    """One page's counterpart. `sent` holds what the page said, heartbeats left out."""

    def __init__(self, role: str, name: str, items: list[ItemInfo], heartbeat_s: float) -> None:
        self.url = ""
        self.sent: list[ClientMessage] = []
        self.is_open = True
        self.welcomes = 0
        self.missing: set[str] = set()
        """Files that are not found."""
        self.refuse: dict[type[ClientRequest], Failed] = {}
        """Requests to answer with a refusal, by type."""
        self.dispositions: list[str] = []
        self._role, self._name, self._items, self._heartbeat_s = role, name, items, heartbeat_s
        self._sockets: set[WebSocket] = set()
        self._news = asyncio.Condition()
        self._decoder: msgspec.json.Decoder[ClientMessage] = msgspec.json.Decoder(ClientMessage)

    async def expect(self, kind: type[Wanted]) -> Wanted:
        """The next message of this kind that was not expected before; fails when it does not come."""
        async with asyncio.timeout(PATIENCE_S), self._news:
            await self._news.wait_for(lambda: any(isinstance(message, kind) for message in self.sent))
            found = next(message for message in self.sent if isinstance(message, kind))
            self.sent.remove(found)
            assert isinstance(found, kind)
            return found

    async def greeted(self, times: int = 1) -> None:
        """Wait until the page has been welcomed so often and has negotiated its media, if it has any."""
        async with asyncio.timeout(PATIENCE_S), self._news:
            await self._news.wait_for(lambda: self.welcomes >= times)

    async def say(self, message: ServerMessage) -> None:
        """Tell the page something."""
        for line in self._sockets:
            await line.send_text(msgspec.json.encode(message).decode())

    async def cut(self, code: int = 1001) -> None:
        """Close the signalling from the server's side."""
        for line in [*self._sockets]:
            self._sockets.discard(line)
            await line.close(code)

    async def converse(self, line: WebSocket) -> None:
        """Serve one WebSocket until it closes."""
        await line.accept("relay.json")
        self._sockets.add(line)
        try:
            while line.application_state is WebSocketState.CONNECTED:
                message = self._decoder.decode(await line.receive_text())
                await line.send_text(msgspec.json.encode(self._reply(message)).decode())
                await self._note(message)
        except WebSocketDisconnect:
            pass
        finally:
            self._sockets.discard(line)

    async def _note(self, message: ClientMessage) -> None:
        async with self._news:
            if isinstance(message, Hello) and Hello not in self.refuse:
                self.welcomes += 1
            if not isinstance(message, Heartbeat):
                self.sent.append(message)
            self._news.notify_all()

    def _reply(self, message: ClientMessage) -> ServerMessage:
        refusal = self.refuse.get(type(message))
        if refusal is not None:
            return msgspec.structs.replace(refusal, re=message.id)
        if isinstance(message, Hello):
            return Welcome(
                re=message.id,
                identity="somebody",
                role=self._role,
                name=self._name,
                region="330203",
                session="session-1",
                resumed=message.session == "session-1",
                heartbeat_s=self._heartbeat_s,
                items=self._items,
                dispositions=self.dispositions,
            )
        if isinstance(message, GetDirectory):
            return msgspec.structs.replace(DIRECTORY, re=message.id)
        if isinstance(message, Invite):
            return Invited(re=message.id, invitation="i1")
        if isinstance(message, Offer):
            return Answer(re=message.id, sdp=lite_answer(message.sdp))
        return Ok(re=message.id)


class Without:
    """ASGI middleware: these files cannot be had."""

    def __init__(self, app: ASGIApp, names: set[str]) -> None:
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].lstrip("/") in self._names:
            scope = scope | {"path": "/nothing"}
        await self._app(scope, receive, send)


@asynccontextmanager
async def page_server(
    role: str, name: str = "", items: list[ItemInfo] | None = None, heartbeat_s: float = 20.0
) -> AsyncIterator[PageServer]:
    """Pages at `server.url` as the daemon serves them, and the scripted signalling beside them."""
    server = PageServer(role, name, ITEMS if items is None else items, heartbeat_s)
    app = Starlette(
        routes=[WebSocketRoute("/signal", server.converse), *page_routes()],
        middleware=[Middleware(Without, names=server.missing), Middleware(SecurityHeaders)],
    )
    config = uvicorn.Config(
        app, loop="none", lifespan="off", log_config=None, ws="websockets-sansio", timeout_graceful_shutdown=1
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with serving(config, listener):
            server.url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
            try:
                yield server
            finally:
                server.is_open = False
                await server.cut()
