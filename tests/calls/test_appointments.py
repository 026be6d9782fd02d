"""Booking over REST, and checking in at a kiosk with the token of the booking."""

import httpx
import pytest

from relay import Role
from relay.clock import SystemClock
from relay.errors import Forbidden, NotFound
from relay.server import messages
from tests.support.running_relay import running_relay
from tests.support.scenes import ITEM

MINUTE_MS = 60_000


def soon_ms() -> int:
    """A slot that begins in ten minutes, for which one may check in already."""
    return SystemClock().wall_ms() // MINUTE_MS * MINUTE_MS + 10 * MINUTE_MS


async def open_window(http: httpx.AsyncClient, start_ms: int, capacity: int = 1) -> None:
    window = {
        "item": "housing",
        "region": "330200",
        "start_ms": start_ms,
        "end_ms": start_ms + 60 * MINUTE_MS,
        "slot_ms": 15 * MINUTE_MS,
        "capacity": capacity,
    }
    assert (await http.put("/api/booking-windows/w1", json=window)).status_code == 204


async def book(http: httpx.AsyncClient, slot_ms: int, *, citizen: str = "c-1", key: str = "b1") -> httpx.Response:
    wanted = {"window": "w1", "slot_ms": slot_ms, "item": ITEM, "region": "330203", "citizen": citizen}
    return await http.post("/api/appointments", json=wanted, headers={"idempotency-key": key})


async def test_a_booked_citizen_checks_in_and_is_called_in_the_class_of_appointments():
    async with running_relay() as running, running.http() as http, running.client("kiosk-1", Role.KIOSK) as kiosk:
        start_ms = soon_ms()
        await open_window(http, start_ms)
        slots = (await http.get("/api/booking-windows/w1/slots")).json()
        assert slots[0] == {"start_ms": start_ms, "capacity": 1, "free": 1}
        booked = await book(http, start_ms)
        assert booked.status_code == 201
        token = booked.json()["token"]
        assert (await book(http, start_ms)).json() == booked.json(), "the same key is the same booking"
        assert [each["state"] for each in (await http.get("/api/appointments?citizen=c-1")).json()] == ["booked"]

        request = messages.RequestCall(item=ITEM, idempotency_key="x", appointment=token)
        state = await kiosk.request(request, messages.CallState)
        assert state.state == "queued"
        assert running.relay.call(state.call).priority == "appointment"
        assert (await kiosk.request(request, messages.CallState)).call == state.call


async def test_what_cannot_be_booked_is_refused_with_its_reason():
    async with running_relay() as running, running.http() as http:
        start_ms = soon_ms()
        await open_window(http, start_ms)
        assert (await book(http, start_ms)).status_code == 201
        refusals = {
            "urn:relay:problem:appointment-window-full": await book(http, start_ms, citizen="c-2", key="b2"),
            "urn:relay:problem:no-such-slot": await book(http, start_ms + 1, citizen="c-3", key="b3"),
            "urn:relay:problem:citizen-limit": await book(http, start_ms + 15 * MINUTE_MS, key="b4"),
            "urn:relay:problem:key-reused": await book(http, start_ms, citizen="c-4", key="b1"),
        }
        assert {kind: response.json()["type"] for kind, response in refusals.items()} == {
            kind: kind for kind in refusals
        }
        assert (await http.delete("/api/booking-windows/w1")).status_code == 204
        assert (await book(http, start_ms + 15 * MINUTE_MS, citizen="c-5", key="b5")).status_code in (404, 409)


async def test_a_cancelled_place_is_free_again():
    async with running_relay() as running, running.http() as http:
        start_ms = soon_ms()
        await open_window(http, start_ms)
        appointment = (await book(http, start_ms)).json()["appointment"]
        assert (await http.delete(f"/api/appointments/{appointment}")).status_code == 204
        assert (await http.get("/api/appointments?citizen=c-1")).json() == []
        assert (await book(http, start_ms, citizen="c-2", key="b2")).status_code == 201
        assert (await http.delete("/api/appointments/a99")).status_code == 404


@pytest.mark.parametrize("token", ["v1.a1.0.x", "nonsense", "v1.a1.0." + "A" * 22])
async def test_a_token_that_was_not_signed_here_checks_nobody_in(token):
    async with running_relay() as running, running.client("kiosk-1", Role.KIOSK) as kiosk:
        with pytest.raises((Forbidden, NotFound), match="genuine"):
            await kiosk.request(
                messages.RequestCall(item=ITEM, idempotency_key="x", appointment=token), messages.CallState
            )


async def test_a_portal_sees_why_a_call_waits_and_moves_it():
    async with running_relay() as running, running.http() as http, running.client("kiosk-1", Role.KIOSK):
        asked = await http.post("/api/calls", json={"kiosk": "kiosk-1", "item": ITEM}, headers={"idempotency-key": "1"})
        call = asked.json()["call"]
        why = (await http.get(f"/api/calls/{call}/eligibility")).json()
        assert (why["online"], why["free"]) == (0, 0)
        moved = await http.put(f"/api/calls/{call}/priority", json={"priority": "urgent"})
        assert moved.json()["priority"] == "urgent"
        assert (await http.put(f"/api/calls/{call}/priority", json={"priority": "none"})).status_code == 404
