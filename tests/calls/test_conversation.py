"""What becomes of a call once it is answered: transfer, consult, conference, supervision; and calling back."""

import pytest

from relay import Role
from relay.client import SignallingClient
from relay.errors import Forbidden, Refusal
from relay.server import messages
from tests.support.running_relay import running_relay, until
from tests.support.scenes import ITEM, connected, ready_seat, request_call

MARKET = messages.Target(item="market.food.licence")
"""Served by seat-3, and by seat-4, which serves everything."""


async def in_conversation(client: SignallingClient, call: str, *parties: str) -> messages.CallState:
    """The call as it is once exactly these are in it."""
    while True:
        state = await until(client, messages.CallState, call=call)
        assert isinstance(state, messages.CallState)
        if {member.who for member in state.members} == set(parties):
            return state


async def joined(seat: SignallingClient, parent: str) -> str:
    """Accept the invitation that rings here; its own call."""
    offer = await until(seat, messages.OfferMade, parent=parent)
    assert isinstance(offer, messages.OfferMade)
    await seat.request(messages.AcceptOffer(offer=offer.offer))
    return offer.call


async def test_a_cold_transfer_takes_the_age_of_the_call_along():
    async with (
        running_relay() as running,
        running.client("kiosk-1", Role.KIOSK) as kiosk,
        running.client("seat-4", Role.SEAT) as seat,
        running.client("seat-3", Role.SEAT) as other,
    ):
        call = await connected(kiosk, seat)
        await seat.request(messages.Transfer(call=call, target=MARKET, reason="wrong counter"))
        await until(seat, messages.CallState, call=call, state="ended")
        await until(seat, messages.SeatState, state="wrap-up")
        assert (await until(kiosk, messages.CallState, call=call, state="queued")).reason == "transfer"
        await other.request(messages.SetPresence(state="ready"))
        offer = await until(other, messages.OfferMade, call=call)
        assert offer.item == "market.food.licence"
        await other.request(messages.AcceptOffer(offer=offer.offer))
        assert (await until(kiosk, messages.CallState, state="connected")).party == "陈洁"


async def test_a_consult_becomes_a_warm_transfer():
    async with (
        running_relay() as running,
        running.client("kiosk-1", Role.KIOSK) as kiosk,
        running.client("seat-4", Role.SEAT) as seat,
        running.client("seat-3", Role.SEAT) as expert,
    ):
        call = await connected(kiosk, seat)
        await ready_seat(expert)
        await seat.request(messages.Hold(call=call, held=True))
        await until(kiosk, messages.CallState, state="held")
        invitation = await seat.request(
            messages.Invite(call=call, target=messages.Target(seat="seat-3")), messages.Invited
        )
        assert await joined(expert, call) == invitation.invitation
        state = await in_conversation(seat, call, "kiosk-1", "seat-4", "seat-3")
        roles = {member.who: member.role for member in state.members}
        assert roles == {"kiosk-1": "citizen", "seat-4": "agent", "seat-3": "consultant"}
        await seat.request(messages.HandOver(call=call))
        await until(seat, messages.SeatState, state="wrap-up")
        assert (await until(kiosk, messages.CallState, state="connected")).party == "陈洁"
        assert running.relay.call(call).seat == "seat-3"


async def test_a_consult_becomes_a_conference_which_a_seat_leaves():
    async with (
        running_relay() as running,
        running.client("kiosk-1", Role.KIOSK) as kiosk,
        running.client("seat-4", Role.SEAT) as seat,
        running.client("seat-3", Role.SEAT) as expert,
    ):
        call = await connected(kiosk, seat)
        await ready_seat(expert)
        await seat.request(messages.Invite(call=call, target=messages.Target(seat="seat-3")), messages.Invited)
        await joined(expert, call)
        await in_conversation(seat, call, "kiosk-1", "seat-4", "seat-3")
        await seat.request(messages.Merge(call=call))
        while True:
            state = await in_conversation(kiosk, call, "kiosk-1", "seat-4", "seat-3")
            if {member.role for member in state.members} == {"citizen", "agent", "member"}:
                break
        await expert.request(messages.Leave(call=call))
        await until(expert, messages.CallState, call=call, state="ended")
        await in_conversation(kiosk, call, "kiosk-1", "seat-4")


async def test_a_citizen_hears_nothing_of_invitations():
    async with (
        running_relay() as running,
        running.client("kiosk-1", Role.KIOSK) as kiosk,
        running.client("seat-4", Role.SEAT) as seat,
        running.client("seat-3", Role.SEAT) as expert,
    ):
        call = await connected(kiosk, seat)
        await ready_seat(expert)
        target = messages.Target(seat="seat-3")
        invitation = await seat.request(messages.Invite(call=call, target=target), messages.Invited)
        await until(expert, messages.OfferMade)
        await seat.request(messages.HangUp(call=invitation.invitation))
        assert (await until(expert, messages.OfferEnded)).outcome == "withdrawn"
        await seat.request(messages.HangUp(call=call))
        told = await until(kiosk, messages.CallState)
        assert (told.call, told.state) == (call, "ended")


async def test_a_supervisor_listens_whispers_barges_in_and_goes():
    async with (
        running_relay() as running,
        running.client("kiosk-1", Role.KIOSK) as kiosk,
        running.client("seat-4", Role.SEAT) as seat,
        running.client("boss", Role.SUPERVISOR, name="主管") as boss,
    ):
        call = await connected(kiosk, seat)
        for mode in ("monitor", "whisper", "barge"):
            await boss.request(messages.Supervise(call=call, mode=mode))
            state = await in_conversation(boss, call, "kiosk-1", "seat-4", "boss")
            assert {member.role for member in state.members if member.who == "boss"} == {mode}
        assert {member.name for member in state.members} >= {"主管", "赵敏"}
        await boss.request(messages.StopSupervising(call=call))
        await in_conversation(seat, call, "kiosk-1", "seat-4")


async def test_only_parties_steer_a_call():
    async with (
        running_relay() as running,
        running.client("kiosk-1", Role.KIOSK) as kiosk,
        running.client("seat-4", Role.SEAT) as seat,
        running.client("seat-3", Role.SEAT) as stranger,
    ):
        call = await connected(kiosk, seat)
        await ready_seat(stranger)
        for message in (
            messages.Transfer(call=call, target=MARKET),
            messages.Invite(call=call, target=MARKET),
            messages.HandOver(call=call),
            messages.Merge(call=call),
            messages.Leave(call=call),
            messages.Hold(call=call, held=True),
            messages.FinishWrapUp(call=call),
        ):
            with pytest.raises(Refusal):
                await stranger.request(message)
        with pytest.raises(Forbidden):
            await kiosk.request(messages.Transfer(call=call, target=MARKET))
        assert running.relay.call(call).state == "connected"


async def test_a_citizen_is_called_back_in_the_place_that_was_kept():
    async with (
        running_relay() as running,
        running.client("kiosk-1", Role.KIOSK) as kiosk,
        running.client("seat-4", Role.SEAT) as seat,
    ):
        call = (await request_call(kiosk)).call
        await kiosk.request(messages.RequestCallback(call=call))
        await seat.request(messages.SetPresence(state="ready"))
        offer = await until(seat, messages.OfferMade, call=call)
        await seat.request(messages.AcceptOffer(offer=offer.offer))
        rings = await until(kiosk, messages.RingingBack, call=call)
        assert rings.item == ITEM
        assert 0 < rings.expires_in_ms <= 30_000
        await kiosk.request(messages.AnswerCallback(call=call, answered=True))
        await until(kiosk, messages.CallState, call=call, state="connected")


async def test_a_callback_that_nobody_answers_returns_to_its_place():
    async with (
        running_relay() as running,
        running.client("kiosk-1", Role.KIOSK) as kiosk,
        running.client("kiosk-2", Role.KIOSK) as stranger,
        running.client("seat-4", Role.SEAT) as seat,
    ):
        call = (await request_call(kiosk)).call
        await kiosk.request(messages.RequestCallback(call=call))
        await seat.request(messages.SetPresence(state="ready"))
        offer = await until(seat, messages.OfferMade, call=call)
        await seat.request(messages.AcceptOffer(offer=offer.offer))
        await until(kiosk, messages.RingingBack)
        with pytest.raises(Forbidden):
            await stranger.request(messages.AnswerCallback(call=call, answered=True))
        await kiosk.request(messages.AnswerCallback(call=call, answered=False, reason="nobody"))
        await until(seat, messages.SeatState, state="ready")
        assert running.relay.call(call).state == "queued"


async def test_a_booth_that_was_left_serves_others_and_is_not_rung_while_it_does():
    async with (
        running_relay() as running,
        running.client("kiosk-1", Role.KIOSK) as kiosk,
        running.client("seat-4", Role.SEAT) as seat,
    ):
        away = (await request_call(kiosk)).call
        await kiosk.request(messages.RequestCallback(call=away))
        there = (await request_call(kiosk, "another")).call
        await seat.request(messages.SetPresence(state="ready"))
        offer = await until(seat, messages.OfferMade, call=away)
        await seat.request(messages.AcceptOffer(offer=offer.offer))
        offer = await until(seat, messages.OfferMade, call=there)
        await seat.request(messages.AcceptOffer(offer=offer.offer))
        await until(kiosk, messages.CallState, call=there, state="connected")
        assert (running.relay.call(away).state, running.relay.call(away).position) == ("queued", 1)
        await seat.request(messages.HangUp(call=there))
        await until(kiosk, messages.CallState, call=there, state="ended")
        await kiosk.request(messages.HangUp(call=away))
        await until(kiosk, messages.CallState, call=away, state="ended")
