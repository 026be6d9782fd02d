"""`relay serve` killed in the midst of its work, and again: no acknowledged ticket is lost, none doubled, no offer made twice.

Portals ask over REST and a kiosk over the WebSocket, each request with a key; a seat takes what rings. After each death every
request is repeated, as its client would, whether it was answered or not.
"""

import asyncio
import itertools
from asyncio.subprocess import Process
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import websockets

from relay.client import Disconnected, SignallingClient
from relay.errors import RelayError
from relay.scheduler import events as ev
from relay.scheduler.shell.sqlite_journal import SqliteJournal
from relay.server import messages
from tests.calls.test_serve import links_of, relay
from tests.support.histories import check_exclusive, history
from tests.support.scenes import ITEM

LIVES = 3
ACKNOWLEDGED = 40
"""So many tickets of one life are acknowledged when it is killed; more are on their way."""
ENVIRONMENT = {"RELAY_SERVER__MEDIA_REQUIRED": "false", "RELAY_SCHEDULER__KIOSK_CALLS": "0"}
LINE_BROKE = (httpx.TransportError, Disconnected, websockets.exceptions.WebSocketException, OSError, RelayError)


@dataclass
class Told:
    """What clients know, over all lives."""

    asked: set[str] = field(default_factory=set)
    calls: dict[str, str] = field(default_factory=dict)
    """Acknowledged: call by key."""
    rings: set[tuple[str, str]] = field(default_factory=set)
    accepted: set[str] = field(default_factory=set)
    bearer: dict[str, str] = field(default_factory=dict)

    def acknowledged(self, key: str, call: str) -> None:
        assert self.calls.setdefault(key, call) == call, "the same request became another ticket"


async def post(http: httpx.AsyncClient, told: Told, key: str) -> None:
    told.asked.add(f"portal/{key}")
    answer = await http.post("/api/calls", json={"kiosk": "kiosk-1", "item": ITEM}, headers={"idempotency-key": key})
    if answer.status_code == 201:
        told.acknowledged(f"portal/{key}", answer.json()["call"])
    else:
        assert answer.json()["type"].endswith("call-over"), answer.text


async def portal(http: httpx.AsyncClient, told: Told, life: int, number: int) -> None:
    for n in itertools.count():
        await post(http, told, f"{life}-{number}-{n}")


async def request(line: SignallingClient, told: Told, key: str) -> None:
    told.asked.add(f"kiosk-1/{key}")
    try:
        state = await line.request(messages.RequestCall(item=ITEM, idempotency_key=key), messages.CallState)
    except RelayError as error:
        if error.problem != "call-over":
            raise
    else:
        told.acknowledged(f"kiosk-1/{key}", state.call)


async def kiosk(line: SignallingClient, told: Told, life: int) -> None:
    for n in itertools.count():
        await request(line, told, f"{life}-{n}")


async def seat(line: SignallingClient, told: Told) -> None:
    await line.request(messages.SetPresence(state="ready"))
    async for message in line:
        if isinstance(message, messages.OfferMade):
            told.rings.add((message.offer, message.call))
            await line.request(messages.AcceptOffer(offer=message.offer))
            told.accepted.add(message.offer)
            await line.request(messages.HangUp(call=message.call))
            await line.request(messages.FinishWrapUp(call=message.call))


async def kill(process: Process, told: Told) -> None:
    until = len(told.calls) + ACKNOWLEDGED
    while len(told.calls) < until:
        await asyncio.sleep(0)
    process.kill()


async def repeat(http: httpx.AsyncClient, booth: SignallingClient, told: Told) -> None:
    """Everything that was ever asked for."""
    asked = [key.partition("/") for key in sorted(told.asked)]
    again = [post(http, told, key) for whose, _, key in asked if whose == "portal"]
    await asyncio.gather(*again, *(request(booth, told, key) for whose, _, key in asked if whose == "kiosk-1"))


async def bearer(data_dir: Path) -> dict[str, str]:
    signing = await relay("token", "portal-1", "--role", "portal", "--data-dir", str(data_dir))
    return {"authorization": f"Bearer {(await signing.communicate())[0].decode().strip()}"}


async def one_life(data_dir: Path, told: Told, life: int) -> None:
    process = await relay(
        "serve", "--port", "0", "--workers", "0", "--data-dir", str(data_dir), "--demo-links", **ENVIRONMENT
    )
    died = False
    try:
        links = await asyncio.wait_for(links_of(process), 60)
        told.bearer = told.bearer or await bearer(data_dir)
        url = links["metrics"].removesuffix("/metrics")
        signal_url = url.replace("http", "ws", 1) + "/signal"
        tokens = {name: link.partition("#token=")[2] for name, link in links.items()}
        async with (
            httpx.AsyncClient(base_url=url, headers=told.bearer, trust_env=False, timeout=30) as http,
            SignallingClient(signal_url, tokens["kiosk"]) as booth,
            SignallingClient(signal_url, tokens["seat"]) as desk,
        ):
            await repeat(http, booth, told)
            portals = (portal(http, told, life, number) for number in range(3))
            work = (*portals, kiosk(booth, told, life), seat(desk, told))
            ends = await asyncio.gather(*work, kill(process, told), return_exceptions=True)
            assert all(isinstance(end, LINE_BROKE) for end in ends[:-1] if end is not None), ends
            died = True
    except LINE_BROKE:
        assert died, "only goodbyes may fail"
    finally:
        if not died:
            process.kill()
        _, errors = await process.communicate()
    assert process.returncode == -9, errors.decode()
    assert b"Traceback" not in errors


async def test_what_was_acknowledged_outlives_any_death(tmp_path):
    told = Told()
    for life in range(LIVES):
        await one_life(tmp_path, told, life)
    with SqliteJournal(tmp_path / "journal.sqlite", read_only=True) as journal:
        events = history(journal)
    requested = Counter((event.key, event.call) for event in events if isinstance(event, ev.CallRequested))
    offered = {(event.offer, event.call) for event in events if isinstance(event, ev.CallOffered)}
    accepted = {event.offer for event in events if isinstance(event, ev.CallAccepted)}
    assert len(told.calls) >= LIVES * ACKNOWLEDGED
    assert told.accepted, "nobody was served"
    assert set(told.calls.items()) <= set(requested), "an acknowledged ticket is lost"
    assert max(Counter(key for key, _ in requested).values()) == 1, "a ticket is doubled"
    assert told.rings <= offered, "a seat rang for an offer that was never durable"
    assert told.accepted <= accepted, "an acknowledged acceptance is lost"
    check_exclusive(events)
