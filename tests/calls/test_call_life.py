"""A call from request to wrap-up over real WebSockets and HTTP; media is another test's business."""

import asyncio

import pytest

from relay import Role
from relay.client import Disconnected, SignallingClient
from relay.errors import Conflict, Forbidden, NotFound
from relay.server import messages
from tests.support.running_relay import RunningRelay, running_relay, settings_for_tests, until

ITEM = "housing.title.transfer"


async def ready_seat(seat: SignallingClient) -> None:
    await seat.request(messages.SetPresence(state="ready"))
    await until(seat, messages.SeatState, state="ready")


async def request_call(kiosk: SignallingClient, key: str = "k1", **fields: object) -> messages.CallState:
    request = messages.RequestCall(item=ITEM, idempotency_key=key, **fields)  # type: ignore[arg-type]
    return await kiosk.request(request, messages.CallState)


async def connected(kiosk: SignallingClient, seat: SignallingClient) -> str:
    """Bring a call into conversation; its id."""
    await ready_seat(seat)
    call = (await request_call(kiosk)).call
    offer = await until(seat, messages.OfferMade)
    await seat.request(messages.AcceptOffer(offer=offer.offer))
    await until(kiosk, messages.CallState, state="connected")
    return call


async def test_a_call_lives_from_request_to_wrap_up():
    async with (
        running_relay() as running,
        running.client("kiosk-1", Role.KIOSK) as kiosk,
        running.client("seat-4", Role.SEAT) as seat,
    ):
        assert kiosk.welcome.region == "330203"
        assert {item.code for item in kiosk.welcome.items} >= {ITEM}
        await ready_seat(seat)
        state = await request_call(kiosk)
        assert state.state in ("queued", "offered")
        offer = await until(seat, messages.OfferMade, call=state.call)
        assert offer.item_en == "Transfer a property title"
        assert offer.party == "海曙区古林镇便民服务中心 1 号屋"
        assert 0 < offer.expires_in_ms <= 20_000
        await until(kiosk, messages.CallState, state="offered")
        await seat.request(messages.AcceptOffer(offer=offer.offer))
        talking = await until(kiosk, messages.CallState, state="connected")
        assert talking.party == "赵敏"
        await until(seat, messages.SeatState, state="in-call", call=state.call)
        await kiosk.request(messages.HangUp(call=state.call))
        await until(seat, messages.CallState, call=state.call, state="ended")
        wrapping = await until(seat, messages.SeatState, state="wrap-up")
        assert 0 < wrapping.until_ms <= 60_000
        await seat.request(messages.FinishWrapUp(call=state.call))
        await until(seat, messages.SeatState, state="ready")
        ended = await until(kiosk, messages.CallState, call=state.call, state="ended")
        assert ended.reason == "hangup"
