"""A relay that stops and starts again on the same data: calls keep their places, conversations are taken up."""

import asyncio

import pytest

from relay import Role
from relay.client import SignallingClient
from relay.clock import SystemClock
from relay.errors import Unavailable
from relay.server import messages
from relay.service.house import day_of
from tests.support.running_relay import running_relay, settings_for_tests, until
from tests.support.scenes import connected, ready_seat, request_call


async def test_a_waiting_call_keeps_its_place_over_a_restart(tmp_path):
    settings = settings_for_tests(data_dir=str(tmp_path))
    async with running_relay(settings) as running, running.client("kiosk-1", Role.KIOSK) as kiosk:
        token = running.token("kiosk-1", Role.KIOSK)
        call = (await request_call(kiosk)).call
    async with running_relay(settings) as running, running.client("seat-4", Role.SEAT) as seat:
        assert running.relay.call(call).position == 1
        async with SignallingClient(running.signal_url, token) as kiosk:
            state = await until(kiosk, messages.CallState)
            assert (state.call, state.state, state.position) == (call, "queued", 1)
            await seat.request(messages.SetPresence(state="ready"))
            assert (await until(seat, messages.OfferMade)).call == call


async def test_a_conversation_is_taken_up_when_both_come_back(tmp_path):
    settings = settings_for_tests(data_dir=str(tmp_path))
    async with (
        running_relay(settings) as running,
        running.client("kiosk-1", Role.KIOSK) as kiosk,
        running.client("seat-4", Role.SEAT) as seat,
    ):
        call = await connected(kiosk, seat)
    async with (
        running_relay(settings) as running,
        running.client("kiosk-1", Role.KIOSK) as kiosk,
        running.client("seat-4", Role.SEAT) as seat,
    ):
        assert (await until(kiosk, messages.CallState)).state == "connected"
        told = await until(seat, messages.CallState)
        assert (told.call, told.party) == (call, "海曙区古林镇便民服务中心 1 号屋")
        await kiosk.request(messages.HangUp(call=call))
        await until(seat, messages.SeatState, state="wrap-up")


async def test_the_day_goes_on_over_a_restart(tmp_path):
    settings = settings_for_tests(data_dir=str(tmp_path))
    async with (
        running_relay(settings) as running,
        running.client("kiosk-1", Role.KIOSK) as kiosk,
        running.client("kiosk-2", Role.KIOSK) as other,
        running.client("seat-4", Role.SEAT) as seat,
    ):
        call = await connected(kiosk, seat)
        await kiosk.request(messages.HangUp(call=call))
        await until(seat, messages.SeatState, state="wrap-up")
        waiting = (await request_call(other)).call
    async with running_relay(settings) as running, running.client("seat-4", Role.SEAT) as seat:
        (row,) = [queue for queue in running.relay.queue() if queue.group == "housing"]
        assert (row.waiting, row.in_call, row.oldest_wait_s > 0) == (1, 0, True)
        async with asyncio.timeout(5):
            while running.relay._exchange.house.totals(day_of(SystemClock().wall_ms())).answered_today < 1:
                await asyncio.sleep(0.01)
        await seat.request(messages.FinishWrapUp(call=call))
        offer = await until(seat, messages.OfferMade)
        assert offer.call == waiting
        await seat.request(messages.AcceptOffer(offer=offer.offer))
        totals = running.relay._exchange.house.totals(day_of(SystemClock().wall_ms()))
        assert (totals.answered_today, totals.waiting, totals.in_call) == (2, 0, 1)
        assert totals.service_level == 1.0
        async with running.http(None) as http:
            metrics = (await http.get("/metrics")).text.splitlines()
        assert next(line for line in metrics if line.startswith("relay_calls_answered_total{")).endswith(" 1.0"), (
            "a counter of this process begins at nothing, as Prometheus expects"
        )
        assert 'relay_service_level_ratio{definition="of_offered"} 1.0' in metrics


async def test_two_relays_do_not_share_one_journal(tmp_path):
    settings = settings_for_tests(data_dir=str(tmp_path))
    async with running_relay(settings):
        with pytest.raises(Unavailable, match="journal"):
            await running_relay(settings).__aenter__()


async def test_a_ready_seat_is_known_by_its_token_alone():
    claims = {"name": "新人", "region": "330226", "skills": {"housing": 2}}
    async with running_relay() as running, running.client("seat-77", Role.SEAT, **claims) as seat:
        await ready_seat(seat)
        (row,) = running.relay.seats()
        assert (row.name, row.region) == ("新人", "330226")
