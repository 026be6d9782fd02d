"""A kiosk that dies in the middle of a conversation does not keep its seat: killed, or alive with dead media."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from relay import Role
from relay.client import SignallingClient
from relay.client.clip import ClipTrack
from relay.client.webrtc import Participant
from relay.server import messages
from tests.support.clips import sound
from tests.support.running_relay import RunningRelay, running_relay, settings_for_tests, until
from tests.support.scenes import ITEM, request_call

ROOT = Path(__file__).parents[2]
CLIENT = "tests.chaos.kiosk_client"


@asynccontextmanager
async def seat_with_media(running: RunningRelay) -> AsyncIterator[SignallingClient]:
    async with (
        running.client("seat-4", Role.SEAT) as line,
        Participant({"microphone": ClipTrack(sound())}, ["microphone"]) as media,
    ):
        await media.join(line)
        await line.request(messages.SetPresence(state="ready"))
        yield line


async def why_it_ended(running: RunningRelay, call: str) -> str:
    async with running.http() as http:
        decisions = (await http.get(f"/api/calls/{call}/decisions")).json()
    return next(e["reason"] for d in decisions for e in d["events"] if e["type"] == "CallEnded")


async def test_a_kiosk_that_is_killed_is_given_up_after_the_grace_and_its_seat_is_free():
    settings = settings_for_tests(media_required=True, reconnect_grace_s=0.3)
    async with running_relay(settings) as running, seat_with_media(running) as seat:
        token = running.token("kiosk-1", Role.KIOSK)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", CLIENT, running.signal_url, token, ITEM, stdout=PIPE, cwd=ROOT
        )
        try:
            offer = await until(seat, messages.OfferMade)
            await seat.request(messages.AcceptOffer(offer=offer.offer))
            line = await asyncio.wait_for(process.stdout.readline(), 30)
            assert line.decode().split() == ["talking", offer.call]
        finally:
            process.kill()
            await process.wait()
        ended = await until(seat, messages.CallState, state="ended")
        assert (ended.call, ended.reason) == (offer.call, "kiosk-lost")
        await until(seat, messages.SeatState, state="wrap-up")
        assert await why_it_ended(running, offer.call) == "kiosk-lost"


@pytest.mark.parametrize("returns", [False, True])
async def test_a_kiosk_whose_media_is_dead_has_the_grace_to_bring_it_back(returns):
    """Its signalling lives, and says nothing of it."""
    settings = settings_for_tests(media_required=True, media_grace_s=0.5 if not returns else 60.0)
    async with (
        running_relay(settings) as running,
        seat_with_media(running) as seat,
        running.client("kiosk-1", Role.KIOSK) as kiosk,
    ):
        async with Participant({"microphone": ClipTrack(sound())}, ["microphone"]) as media:
            await media.join(kiosk)
            call = (await request_call(kiosk)).call
            offer = await until(seat, messages.OfferMade)
            await seat.request(messages.AcceptOffer(offer=offer.offer))
            await until(kiosk, messages.CallState, state="connected")
        switchboard = running.relay._exchange._switchboard
        if not returns:
            ended = await until(kiosk, messages.CallState, state="ended")
            assert ended.reason == "media-lost"
            assert await why_it_ended(running, call) == "media-lost"
            await until(seat, messages.SeatState, state="wrap-up")
            return
        async with asyncio.timeout(5):
            while switchboard.deadline() is None:
                await asyncio.sleep(0.01)
        async with Participant({"microphone": ClipTrack(sound())}, ["microphone"]) as again:
            await again.join(kiosk)
            async with asyncio.timeout(15):
                while not again.received["microphone"].frames:
                    await asyncio.sleep(0.02)
            assert switchboard.deadline() is None
            assert running.relay.call(call).state == "connected"
