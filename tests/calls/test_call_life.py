"""A call from request to wrap-up over real WebSockets and HTTP; media is another test's business."""

import pytest

from relay import Role
from relay.errors import Conflict, Forbidden, NotFound
from relay.server import messages
from tests.support.running_relay import running_relay, until
from tests.support.scenes import ITEM, connected, ready_seat, request_call


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


async def test_a_declined_call_keeps_its_place_and_goes_to_another_seat():
    async with (
        running_relay() as running,
        running.client("kiosk-1", Role.KIOSK) as kiosk,
        running.client("seat-4", Role.SEAT) as first,
        running.client("seat-3", Role.SEAT) as second,
    ):
        await ready_seat(first)
        call = (await request_call(kiosk)).call
        offer = await until(first, messages.OfferMade)
        await ready_seat(second)
        await first.request(messages.DeclineOffer(offer=offer.offer, reason="busy"))
        assert (await until(first, messages.OfferEnded)).outcome == "declined"
        assert (await until(second, messages.OfferMade)).call == call
        assert running.relay.call(call).state == "offered"


async def test_one_request_twice_is_one_call():
    async with running_relay() as running, running.client("kiosk-1", Role.KIOSK) as kiosk:
        first = await request_call(kiosk, key="same")
        assert (await request_call(kiosk, key="same")).call == first.call
        with pytest.raises(Conflict):
            await kiosk.request(messages.RequestCall(item="market.food.licence", idempotency_key="same"))
        await kiosk.request(messages.HangUp(call=first.call))
        with pytest.raises(Conflict, match="over"):
            await request_call(kiosk, key="same")


async def test_unknown_items_and_regions_are_refused_with_their_name():
    async with running_relay() as running, running.client("kiosk-1", Role.KIOSK) as kiosk:
        with pytest.raises(NotFound, match=r"no\.such\.item"):
            await kiosk.request(messages.RequestCall(item="no.such.item", idempotency_key="a"), messages.CallState)
        with pytest.raises(NotFound, match="999999"):
            await request_call(kiosk, key="b", region="999999")


async def test_only_the_seat_that_rings_may_accept_and_only_in_time():
    async with (
        running_relay() as running,
        running.client("kiosk-1", Role.KIOSK) as kiosk,
        running.client("seat-4", Role.SEAT) as seat,
        running.client("seat-3", Role.SEAT) as other,
    ):
        await ready_seat(seat)
        call = (await request_call(kiosk)).call
        offer = (await until(seat, messages.OfferMade)).offer
        with pytest.raises(Forbidden):
            await other.request(messages.AcceptOffer(offer=offer))
        await kiosk.request(messages.HangUp(call=call))
        assert (await until(seat, messages.OfferEnded)).outcome == "withdrawn"
        with pytest.raises(Conflict):
            await seat.request(messages.AcceptOffer(offer=offer))


async def test_a_desk_may_only_do_what_is_its_own():
    async with (
        running_relay() as running,
        running.client("kiosk-1", Role.KIOSK) as kiosk,
        running.client("kiosk-2", Role.KIOSK) as stranger,
        running.client("seat-4", Role.SEAT) as seat,
    ):
        call = await connected(kiosk, seat)
        for client, message in (
            (kiosk, messages.SetPresence(state="ready")),
            (kiosk, messages.AcceptOffer(offer="o1")),
            (kiosk, messages.Watch()),
            (seat, messages.Watch()),
            (seat, messages.RequestCall(item=ITEM, idempotency_key="x")),
            (stranger, messages.HangUp(call=call)),
            (stranger, messages.FirstFrame(call=call, slot="camera", elapsed_ms=1)),
        ):
            with pytest.raises(Forbidden):
                await client.request(message)
        assert running.relay.call(call).state == "connected"


async def test_hold_and_resume_are_told_to_both():
    async with (
        running_relay() as running,
        running.client("kiosk-1", Role.KIOSK) as kiosk,
        running.client("seat-4", Role.SEAT) as seat,
    ):
        call = await connected(kiosk, seat)
        await seat.request(messages.Hold(call=call, held=True))
        await until(kiosk, messages.CallState, state="held")
        await seat.request(messages.Hold(call=call, held=False))
        await until(kiosk, messages.CallState, state="connected")


async def test_sources_are_told_to_the_other_side():
    async with (
        running_relay() as running,
        running.client("kiosk-1", Role.KIOSK) as kiosk,
        running.client("seat-4", Role.SEAT) as seat,
    ):
        await kiosk.request(messages.SetSource(source="camera", active=True))
        await ready_seat(seat)
        await request_call(kiosk)
        offer = await until(seat, messages.OfferMade)
        await seat.request(messages.AcceptOffer(offer=offer.offer))
        assert (await until(seat, messages.CallState, state="connected")).active == ["camera"]
        await kiosk.request(messages.SetSource(source="screen", active=True))
        assert (await until(seat, messages.SourceChanged)).source == "screen"


async def test_a_waiting_kiosk_is_told_its_place():
    async with (
        running_relay() as running,
        running.client("kiosk-1", Role.KIOSK) as first,
        running.client("kiosk-2", Role.KIOSK, region="330203") as second,
    ):
        ahead = (await request_call(first)).call
        state = await request_call(second)
        assert state.position == 2
        await first.request(messages.HangUp(call=ahead))
        assert (await until(second, messages.CallState, position=1)).call == state.call


async def test_a_wallboard_shows_the_house():
    async with (
        running_relay() as running,
        running.client("kiosk-1", Role.KIOSK) as kiosk,
        running.client("kiosk-2", Role.KIOSK) as waiting,
        running.client("seat-4", Role.SEAT) as seat,
        running.client("wall", Role.SUPERVISOR) as wall,
    ):
        call = await connected(kiosk, seat)
        await request_call(waiting)
        await wall.request(messages.Watch())
        board = await until(wall, messages.Wallboard)
        assert (board.in_call, board.waiting, board.answered_today) == (1, 1, 1)
        assert board.seats == {"in-call": 1}
        assert [row.call for row in board.calls] == [call]
        assert board.seat_rows[0].name == "赵敏"
        rows = {row.group: row for row in board.queues}
        assert (rows["housing"].waiting, rows["housing"].in_call) == (1, 1)
        assert rows["market"].waiting == 0
        await until(wall, messages.Wallboard)


async def test_two_relays_in_one_process_do_not_know_each_other():
    async with (
        running_relay() as one,
        running_relay() as other,
        one.client("kiosk-1", Role.KIOSK) as kiosk,
        other.client("seat-4", Role.SEAT) as seat,
    ):
        await ready_seat(seat)
        call = (await request_call(kiosk)).call
        assert one.relay.call(call).state == "queued"
        assert one.relay.seats() == []
        assert [row.state for row in other.relay.seats()] == ["ready"]
        with pytest.raises(NotFound):
            other.relay.call(call)
