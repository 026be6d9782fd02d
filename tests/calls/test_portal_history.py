"""What a portal can learn afterwards: events it missed, records of calls, and why things were decided."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from relay import Role
from relay.server import messages
from tests.support.running_relay import RunningRelay, running_relay, settings_for_tests, until
from tests.support.scenes import connected

Event = tuple[str, str, dict]


@asynccontextmanager
async def stream(http: httpx.AsyncClient, **options: object) -> AsyncIterator[AsyncIterator[Event]]:
    """Events as (id, type, fields)."""

    async def events(lines: AsyncIterator[str]) -> AsyncIterator[Event]:
        fields: dict[str, str] = {}
        async for line in lines:
            name, _, value = line.partition(": ")
            fields[name] = value
            if name == "data":
                yield fields["id"], fields["event"], json.loads(value)

    async with http.stream("GET", "/api/events", timeout=5, **options) as response:
        assert response.status_code == 200
        lines = response.aiter_lines()
        assert await anext(lines) == ": connected"
        yield events(lines)


async def one_call(running: RunningRelay, key: str = "k1") -> str:
    async with running.client("kiosk-1", Role.KIOSK) as kiosk, running.client("seat-4", Role.SEAT) as seat:
        call = await connected(kiosk, seat, key)
        await kiosk.request(messages.HangUp(call=call))
        await until(seat, messages.SeatState, state="wrap-up")
        await seat.request(messages.FinishWrapUp(call=call, disposition="papers-missing"))
        await until(seat, messages.SeatState, state="ready")
    return call


async def take(events: AsyncIterator[Event], last: str) -> list[Event]:
    taken = []
    async with asyncio.timeout(5):
        async for event in events:
            taken.append(event)
            if event[1] == last:
                return taken
    raise AssertionError("the stream ended")


@pytest.mark.parametrize("data_dir", [True, False], ids=["sqlite", "memory"])
async def test_a_stream_goes_on_after_any_event_that_was_read(tmp_path, data_dir):
    settings = settings_for_tests(data_dir=str(tmp_path) if data_dir else "")
    async with running_relay(settings) as running, running.http() as http:
        async with stream(http) as events:
            await one_call(running)
            whole = await take(events, "WrapUpFinished")
        for number in range(len(whole) - 1):
            position = whole[number][0]
            async with stream(http, headers={"Last-Event-ID": position}) as events:
                assert await take(events, "WrapUpFinished") == whole[number + 1 :]
        async with stream(http, params={"after": whole[0][0]}) as events:
            following = asyncio.create_task(take(events, "SeatLoggedOut"))
            await asyncio.sleep(0)
            async with running.client("seat-4", Role.SEAT) as seat:
                await seat.request(messages.SetPresence(state="offline"))
            assert (await following)[: len(whole) - 1] == whole[1:], "then live"


async def test_a_stream_goes_on_over_a_restart(tmp_path):
    settings = settings_for_tests(data_dir=str(tmp_path))
    async with running_relay(settings) as running, running.http() as http, stream(http) as events:
        call = await one_call(running)
        whole = await take(events, "WrapUpFinished")
    async with (
        running_relay(settings) as running,
        running.http() as http,
        stream(http, headers={"Last-Event-ID": whole[0][0]}) as events,
    ):
        again = await take(events, "WrapUpFinished")
        assert again == whole[1:]
        assert call in {fields.get("call") for _, _, fields in again}


async def test_a_position_that_is_gone_is_said_to_be():
    async with running_relay() as running, running.http() as http:
        await one_call(running)
        journal = running.relay._exchange.scheduler._disk.journal
        journal.compact(up_to=4, now_ms=0, limit=100)
        assert journal.first() > 2
        for position, status, problem in (
            ("1.0", 410, "position-gone"),
            ("99999999.0", 410, "position-gone"),
            ("1.x", 400, "malformed"),
            ("9" * 40, 400, "malformed"),
            ("١.٢", 400, "malformed"),
        ):
            answer = await http.get("/api/events", params={"after": position})
            assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (status, problem), position
        assert "hint" in (await http.get("/api/events", headers={"Last-Event-ID": "1.0"})).json()


async def test_records_of_calls_are_read_page_by_page_also_after_a_restart(tmp_path):
    settings = settings_for_tests(data_dir=str(tmp_path))
    async with running_relay(settings) as running, running.http() as http:
        calls = [await one_call(running, f"k{n}") for n in range(3)]
        first = (await http.get("/api/records", params={"limit": 2})).json()
        assert [each["record"]["call"] for each in first] == calls[:2]
        rest = (await http.get("/api/records", params={"after": first[-1]["seq"]})).json()
        assert [each["record"]["call"] for each in rest] == calls[2:]
        record = (await http.get(f"/api/records/{calls[0]}")).json()["record"]
        assert (record["outcome"], record["disposition"], record["seats"]) == ("answered", "papers-missing", ["seat-4"])
        assert (await http.get("/api/records/nothing")).status_code == 404
        assert (await http.get("/api/records", params={"limit": 0})).status_code == 400
        whole = (await http.get("/api/records")).json()
    async with running_relay(settings) as running, running.http() as http:
        calls.append(await one_call(running, "k9"))
        async with asyncio.timeout(5):
            while len(again := (await http.get("/api/records")).json()) < 4:
                await asyncio.sleep(0.01)
        assert again[:3] == whole
        assert again[3]["record"]["call"] == calls[3]


async def test_a_portal_reads_why_a_call_went_where_it_went():
    async with running_relay() as running, running.http() as http, running.client("seat-3", Role.SEAT) as declining:
        await declining.request(messages.SetPresence(state="ready"))
        async with running.client("kiosk-1", Role.KIOSK) as kiosk, running.client("seat-4", Role.SEAT) as seat:
            asked = messages.RequestCall(item="housing.title.transfer", idempotency_key="k")
            call = (await kiosk.request(asked, messages.CallState)).call
            offer = await until(declining, messages.OfferMade)
            await declining.request(messages.DeclineOffer(offer=offer.offer, reason="not my field"))
            await seat.request(messages.SetPresence(state="ready"))
            second = await until(seat, messages.OfferMade)
            await seat.request(messages.AcceptOffer(offer=second.offer))
            decisions = (await http.get(f"/api/calls/{call}/decisions")).json()
            happened = [event for decision in decisions for event in decision["events"]]
            kinds = [event["type"] for event in happened]
            for kind in ("CallRequested", "CallOffered", "OfferDeclined", "CallAccepted"):
                assert kind in kinds
            offers = [event for event in happened if event["type"] == "CallOffered"]
            assert [event["seat"] for event in offers] == ["seat-3", "seat-4"]
            assert all(event["rule"] and event["considered"] for event in offers)
            assert "not my field" in json.dumps(happened)
            await kiosk.request(messages.HangUp(call=call))
            await until(seat, messages.SeatState, state="wrap-up")
            await seat.request(messages.FinishWrapUp(call=call))
            await until(seat, messages.SeatState, state="ready")
        over = (await http.get(f"/api/calls/{call}/decisions")).json()
        assert over[: len(decisions)] == decisions
        assert [event["type"] for event in over[-1]["events"]][-1] == "WrapUpFinished"
        assert (await http.get("/api/calls/nothing/decisions")).status_code == 404
        async with running.http(Role.SEAT) as seat_http:
            assert (await seat_http.get(f"/api/calls/{call}/decisions")).status_code == 403
