"""Which seat a running relay rings, by the strategy its operator has set; the same seats, another choice each time."""

import asyncio
from dataclasses import replace

import pytest

from relay import Role, SchedulerSettings
from relay.client import SignallingClient
from relay.client.clip import ClipTrack
from relay.client.webrtc import Participant
from relay.scheduler.model import Reach
from relay.scheduler.settings import Ring
from relay.server import messages
from tests.support.clips import sound
from tests.support.running_relay import RunningRelay, running_relay, settings_for_tests, until
from tests.support.scenes import request_call

SEATS = {
    "far": {"region": "330226", "skills": {"*": 3}},
    "expert": {"region": "330000", "skills": {"housing": 9, "market": 9, "civil-affairs": 9}},
    "near": {"region": "330203", "skills": {"housing.title.transfer": 3}},
    "quick": {"region": "330000", "skills": {"*": 3}},
}
"""In the order in which they become ready; `quick` has the best path, and all but `near` were busy before."""


async def serve_once(running: RunningRelay, seat: SignallingClient, number: int) -> None:
    """The seat takes a call of its own, so that it has been occupied."""
    async with running.client("kiosk-2", Role.KIOSK) as kiosk:
        call = (await request_call(kiosk, f"warm-{number}")).call
        offer = await until(seat, messages.OfferMade)
        await seat.request(messages.AcceptOffer(offer=offer.offer))
        await until(kiosk, messages.CallState, state="connected")
        await kiosk.request(messages.HangUp(call=call))
        await until(seat, messages.SeatState, state="wrap-up")
        await seat.request(messages.FinishWrapUp(call=call))


@pytest.mark.parametrize(
    ("strategy", "chosen"),
    [
        (("longest_idle",), "far"),
        (("nearest",), "near"),
        (("most_proficient",), "expert"),
        (("least_flexible",), "near"),
        (("best_path",), "quick"),
        (("least_occupied",), "near"),
        (("most_proficient", "best_path"), "expert"),
        (("best_path", "nearest"), "quick"),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, tuple) else value,
)
async def test_the_operators_strategy_chooses_the_seat(strategy, chosen):
    scheduler = SchedulerSettings(strategy=strategy, rings=(Ring(0, Reach.COUNTRY),), sticky_window_ms=0)
    async with running_relay(replace(settings_for_tests(), scheduler=scheduler)) as running:
        lines: dict[str, SignallingClient] = {}
        try:
            for number, (seat, claims) in enumerate(SEATS.items()):
                line = lines[seat] = await running.client(seat, Role.SEAT, **claims).__aenter__()
                participant = next(each for each in running.relay._exchange.participants if each.who.name == seat)
                await running.relay._exchange.measured(participant, 10.0 if seat == "quick" else 160.0)
                await line.request(messages.SetPresence(state="ready"))
                if seat != "near":
                    await serve_once(running, line, number)
                await line.request(messages.SetPresence(state="break"))
            for line in lines.values():
                await line.request(messages.SetPresence(state="ready"))
            async with running.client("kiosk-1", Role.KIOSK) as kiosk:
                call = (await request_call(kiosk)).call
                (rings,) = [seat.seat for seat in running.relay.seats() if seat.state == "offered"]
                assert rings == chosen
                async with running.http() as http:
                    decisions = (await http.get(f"/api/calls/{call}/decisions")).json()
                offered = [e for d in decisions for e in d["events"] if e["type"] == "CallOffered"][-1]
                assert offered["eligible"] == 4
                assert offered["rule"] in {*strategy, "longest_idle"}
        finally:
            for line in lines.values():
                await line.__aexit__(None, None, None)


async def test_the_scheduler_learns_the_round_trip_that_the_media_plane_measures_and_keeps_it_over_a_login():
    async with (
        running_relay(settings_for_tests(media_required=True)) as running,
        running.client("kiosk-1", Role.KIOSK) as citizen,
        running.client("seat-4", Role.SEAT) as line,
        Participant({"microphone": ClipTrack(sound())}, []) as kiosk,
        Participant({"microphone": ClipTrack(sound())}, ["microphone"]) as seat,
    ):
        await kiosk.join(citizen)
        await seat.join(line)
        await line.request(messages.SetPresence(state="ready"))
        known = running.relay._exchange.scheduler.state.seats
        assert known["seat-4"].rtt_ms == -1
        call = (await request_call(citizen)).call
        offer = await until(line, messages.OfferMade)
        await line.request(messages.AcceptOffer(offer=offer.offer))
        async with asyncio.timeout(30):
            while known["seat-4"].rtt_ms < 0:
                await asyncio.sleep(0.05)
        measured_ms = known["seat-4"].rtt_ms
        await citizen.request(messages.HangUp(call=call))
        await line.request(messages.SetPresence(state="offline"))
        await until(line, messages.SeatState, state="offline")
        await line.request(messages.SetPresence(state="break"))
        assert known["seat-4"].rtt_ms >= 0, "not unknown again"
        assert abs(known["seat-4"].rtt_ms - measured_ms) < 100
