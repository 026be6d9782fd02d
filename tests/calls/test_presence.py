"""Who is there: lines that break, come back, are replaced, and leases that run out."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from relay import CallEvent, Role
from relay.client import Disconnected
from relay.scheduler.events import SeatLoggedOut
from relay.server import messages
from tests.support.raw_signalling import close_code, login, reply
from tests.support.running_relay import running_relay, settings_for_tests, until
from tests.support.scenes import connected, ready_seat, request_call


async def test_a_seat_page_closed_during_an_offer_returns_the_call_at_once():
    async with (
        running_relay() as running,
        running.client("kiosk-1", Role.KIOSK) as kiosk,
        running.client("seat-3", Role.SEAT) as other,
    ):
        async with running.client("seat-4", Role.SEAT) as seat:
            await ready_seat(seat)
            call = (await request_call(kiosk)).call
            await until(seat, messages.OfferMade)
        await until(kiosk, messages.CallState, call=call, state="queued")
        await other.request(messages.SetPresence(state="ready"))
        assert (await until(other, messages.OfferMade)).call == call


async def test_a_seat_that_comes_back_within_the_grace_keeps_its_call():
    async with running_relay() as running, running.client("kiosk-1", Role.KIOSK) as kiosk:
        async with running.client("seat-4", Role.SEAT) as seat:
            call = await connected(kiosk, seat)
            session = seat.welcome.session
        socket, welcome = await login(running, running.token("seat-4", Role.SEAT), session)
        assert welcome["resumed"] is True
        assert welcome["session"] == session
        assert running.relay.call(call).state == "connected"
        await socket.close()


async def test_a_ready_seat_whose_line_breaks_is_ready_again_when_it_is_back():
    async with running_relay() as running, running.client("kiosk-1", Role.KIOSK) as kiosk:
        async with running.client("seat-4", Role.SEAT) as seat:
            await ready_seat(seat)
        call = (await request_call(kiosk)).call
        assert running.relay.call(call).state == "queued", "nobody rings at a seat without a line"
        async with running.client("seat-4", Role.SEAT) as seat:
            assert (await until(seat, messages.OfferMade)).call == call


async def test_a_seat_that_stays_away_is_offline():
    async with running_relay(settings_for_tests(reconnect_grace_s=0.05)) as running:
        events = running.relay.events()
        async with running.client("seat-4", Role.SEAT) as seat:
            await ready_seat(seat)
            following = asyncio.create_task(logged_out(events))
            await asyncio.sleep(0)
        assert await asyncio.wait_for(following, 5) == "seat-lost"
        assert running.relay.seats() == []


async def logged_out(events: AsyncIterator[CallEvent]) -> str:
    """Why the next seat to be logged out was."""
    async for each in events:
        if isinstance(each.event, SeatLoggedOut):
            return each.event.reason
    raise AssertionError("nobody was")


async def test_a_reloaded_page_gets_a_new_session_and_is_told_its_call():
    async with running_relay() as running, running.client("kiosk-1", Role.KIOSK) as kiosk:
        async with running.client("seat-4", Role.SEAT) as seat:
            call = await connected(kiosk, seat)
            session = seat.welcome.session
        async with running.client("seat-4", Role.SEAT) as reloaded:
            assert reloaded.welcome.session != session
            assert (await until(reloaded, messages.SeatState)).state == "in-call"
            assert (await until(reloaded, messages.CallState)).call == call


async def test_a_seat_that_stays_away_gives_its_citizen_back_to_the_queue():
    settings = settings_for_tests(reconnect_grace_s=0.1)
    async with running_relay(settings) as running, running.client("kiosk-1", Role.KIOSK) as kiosk:
        async with running.client("seat-4", Role.SEAT) as seat:
            call = await connected(kiosk, seat)
        back = await until(kiosk, messages.CallState, call=call, state="queued")
        assert back.reason == "seat-lost"
        assert running.relay.seats() == []


async def test_a_kiosk_that_stays_away_gives_up_its_call_and_may_resume_its_place():
    settings = settings_for_tests(reconnect_grace_s=0.1)
    async with running_relay(settings) as running, running.client("wall", Role.SUPERVISOR) as wall:
        events = running.relay.events()
        follow = asyncio.create_task(anext(events))
        await asyncio.sleep(0)
        async with running.client("kiosk-1", Role.KIOSK) as kiosk:
            lost = (await request_call(kiosk)).call
        assert type((await follow).event).__name__ == "CallRequested"
        async with asyncio.timeout(5):
            async for each in events:
                if type(each.event).__name__ == "CallAbandoned":
                    assert each.event.reason == "kiosk-lost"
                    break
        async with running.client("kiosk-1", Role.KIOSK) as kiosk:
            again = await request_call(kiosk, key="again", resume=lost)
            assert again.call != lost
            assert again.waited_s > 0.09, "the wait goes on where it was"
        assert wall.welcome.role == "supervisor"


async def test_the_second_login_replaces_the_first():
    async with running_relay() as running:
        first, _ = await login(running, running.token("seat-4", Role.SEAT))
        second, _ = await login(running, running.token("seat-4", Role.SEAT))
        assert await close_code(first) == messages.CloseCode.REPLACED
        await second.send('{"type": "heartbeat", "id": 5}')
        assert (await reply(second))["re"] == 5
        await second.close()


async def test_a_silent_client_is_cut_and_a_seat_is_offline_then():
    settings = settings_for_tests(heartbeat_s=0.05)
    async with running_relay(settings) as running:
        socket, _ = await login(running, running.token("seat-4", Role.SEAT))
        await socket.send('{"type": "seat.presence", "id": 2, "state": "ready"}')
        await reply(socket)
        assert [row.state for row in running.relay.seats()] == ["ready"]
        assert await close_code(socket) == messages.CloseCode.SILENT


async def test_a_token_that_expires_ends_the_connection():
    async with running_relay() as running:
        socket, welcome = await login(running, running.token("kiosk-1", Role.KIOSK, lifetime_s=1.2))
        assert welcome["type"] == "welcome"
        assert await close_code(socket) == messages.CloseCode.UNAUTHORISED


async def test_a_relay_that_stops_says_goodbye():
    async with running_relay() as running:
        kiosk = running.client("kiosk-1", Role.KIOSK)
        await kiosk.__aenter__()
    with pytest.raises(Disconnected, match="1012"):
        await kiosk.next_message()
    await kiosk.close()
