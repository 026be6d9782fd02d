"""A portal that runs a relay inside itself: `python examples/portal_embed.py`, then open the links it prints.

The relay lives in the portal's own event loop, its pages and API under `/relay`; the portal signs its users in with
tokens and asks for calls by method calls, without HTTP in between.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Route

from relay import NewCall, Refusal, Relay, Role, Settings

URL = "http://localhost:8000"


async def enter(request: Request) -> RedirectResponse:
    """Somebody the portal has signed in opens a page; the token travels in the fragment, which servers never see."""
    page, who = request.path_params["page"], request.path_params["who"]
    token = request.app.state.relay.issue_token(who, Role(page), lifetime_s=3600)
    return RedirectResponse(f"/relay/{page}#token={token}")


async def ask(request: Request) -> JSONResponse:
    """The portal asks for a caseworker on behalf of a kiosk."""
    relay: Relay = request.app.state.relay
    try:
        call = await relay.create_call(NewCall(**await request.json()), request.headers["idempotency-key"])
    except Refusal as refusal:
        return JSONResponse({"problem": refusal.problem, "detail": str(refusal)}, refusal.status)
    return JSONResponse({"call": call.call, "state": call.state, "position": call.position}, 201)


@asynccontextmanager
async def lifespan(portal: Starlette) -> AsyncIterator[None]:
    """The relay lives as long as the portal."""
    async with Relay(Settings()) as relay:
        portal.state.relay = relay
        portal.mount("/relay", relay.app)
        logging.getLogger(__name__).info("open %s/enter/kiosk/kiosk-1 and %s/enter/seat/seat-4", URL, URL)
        yield


portal = Starlette(
    routes=[Route("/enter/{page}/{who}", enter), Route("/ask", ask, methods=["POST"])], lifespan=lifespan
)

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    uvicorn.run(portal, port=8000, loop="uvloop", log_config=None)
