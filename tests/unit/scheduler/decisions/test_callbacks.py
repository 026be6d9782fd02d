"""A citizen who leaves the booth and keeps the place: the booth is free, the place is not."""

import pytest
from msgspec.structs import replace

from relay.scheduler import commands, events
from relay.scheduler.effects import Notify, effects_of
from relay.scheduler.errors import CitizenLimit, KioskLimit
from relay.scheduler.model import CallPhase, Party
from tests.support.desk import QUIET, Desk

ONE_EACH = replace(QUIET, kiosk_calls=1, citizen_calls=1)
LEASED = replace(ONE_EACH, kiosk_lease_ms=45_000)


def called_back(desk: Desk, contact: str = "k1") -> str:
    """A callback of kiosk k1 that a seat has taken, and that rings."""
    call = desk.request(kiosk="k1")
    desk.send(commands.RequestCallback(call, contact))
    if "s1" not in desk.state.seats:
        desk.seat("s1")
    desk.accept(call)
    return call


def test_a_booth_that_was_left_serves_the_next_citizen() -> None:
    desk = Desk(ONE_EACH)
    first = desk.request(kiosk="k1")
    with pytest.raises(KioskLimit):
        desk.request(kiosk="k1")
    desk.send(commands.RequestCallback(first, "k1"))
    second = desk.request(kiosk="k1")
    with pytest.raises(KioskLimit, match="1 open calls"):
        desk.request(kiosk="k1")
    desk.send(commands.HangUp(second))
    assert desk.state.kiosks["k1"].calls == (first,)
    desk.send(commands.HangUp(first))
    assert desk.state.kiosks == {}


def test_a_citizen_who_left_the_booth_still_has_a_call() -> None:
    desk = Desk(ONE_EACH)
    desk.send(commands.RequestCallback(desk.request(kiosk="k1", citizen="li"), "k1"))
    with pytest.raises(CitizenLimit):
        desk.request(kiosk="k2", citizen="li")


def test_callbacks_of_one_booth_are_bounded() -> None:
    desk = Desk(replace(QUIET, kiosk_callbacks=2))
    for _ in range(2):
        desk.send(commands.RequestCallback(desk.request(kiosk="k1"), "k1"))
    third = desk.request(kiosk="k1")
    with pytest.raises(KioskLimit, match="2 open callbacks"):
        desk.send(commands.RequestCallback(third, "k1"))
    assert desk.call(third).contact == ""


@pytest.mark.parametrize("contact", ["k1", "k2"])
def test_a_callback_that_is_answered_is_a_call_of_the_booth_where_the_citizen_is(contact: str) -> None:
    desk = Desk(LEASED)
    call = called_back(desk, contact)
    desk.send(commands.AnswerCallback(call))
    assert desk.call(call).participants()[0].who == contact
    with pytest.raises(KioskLimit):
        desk.request(kiosk=contact)
    told = [effect for effect in effects_of(desk.last(events.CallbackAnswered)) if isinstance(effect, Notify)]
    assert [(effect.to, effect.topic) for effect in told] == ([] if contact == "k1" else [("k1", "moved")])
    if contact != "k1":
        assert "k1" not in desk.state.kiosks
        desk.request(kiosk="k1")
    desk.send(commands.HangUp(call))
    assert desk.last(events.CallEnded).kiosk == contact
    assert contact not in desk.state.kiosks


def test_a_conversation_of_a_callback_that_is_lost_waits_at_the_booth() -> None:
    """Nobody is rung who sits there already."""
    desk = Desk()
    call = called_back(desk)
    desk.send(commands.AnswerCallback(call))
    desk.seat("s2")
    desk.send(commands.LogOut("s1", force=True))
    assert desk.ringing(call) == "s2"
    desk.accept(call)
    assert desk.call(call).phase is CallPhase.TALKING


def test_the_lease_of_a_booth_protects_who_answered_there_and_nobody_who_is_rung_elsewhere() -> None:
    desk = Desk(LEASED)
    call = called_back(desk, "k2")
    desk.send(commands.AnswerCallback(call))
    assert desk.at(100).call(call).phase is CallPhase.TALKING, "a telephone sends no heartbeats"
    desk.send(commands.KioskSeen("k2"))
    desk.at(200)
    assert desk.last(events.CallEnded).reason == "kiosk_lost"

    waiting = desk.request(kiosk="k3")
    desk.send(commands.RequestCallback(waiting, "k3"))
    assert desk.at(400).call(waiting).phase in (CallPhase.WAITING, CallPhase.OFFERED), "nobody needs to be there"


def test_a_busy_booth_is_not_the_citizens_fault() -> None:
    desk = Desk(replace(QUIET, callback_attempts=1, callback_retry_ms=10_000))
    call = called_back(desk)
    for seconds in (10, 20, 30):
        desk.send(commands.FailCallback(call, "busy"))
        desk.at(seconds)
        desk.accept(call)
    desk.send(commands.FailCallback(call, "nobody"))
    over = desk.last(events.CallAbandoned)
    assert (over.by, over.reason) == (Party.KIOSK, "callback_unanswered")
