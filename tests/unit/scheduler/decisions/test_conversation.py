"""Hold, transfer, consult, conference, supervision, loss of a seat."""

import pytest
from msgspec.structs import replace

from relay.scheduler import commands, events
from relay.scheduler.effects import ConnectMedia, DisconnectMedia, effects_of
from relay.scheduler.errors import BadTarget, ConferenceFull, NotInPhase, NotYours, UnknownDisposition, UnknownSeat
from relay.scheduler.model import CallPhase, Presence, Role, Target
from tests.support.desk import QUIET, Desk, profile


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.seat("s1", "tax")
    desk.seat("s2", "hrss")
    return desk


def roles(desk: Desk, call: str) -> dict[str, Role]:
    return {member.who: member.role for member in desk.call(call).participants()}


def consult(desk: Desk, call: str, purpose: str = "consult") -> None:
    desk.send(commands.InviteSeat(call, "s1", Target(seat="s2"), purpose))
    desk.accept(desk.last(events.SeatInvited).invitation)


def test_hold_and_resume(desk: Desk) -> None:
    call = desk.talk()
    desk.send(commands.HoldCall(call, "s1"))
    assert desk.call(call).participants()[0].held
    with pytest.raises(NotInPhase, match="held"):
        desk.send(commands.HoldCall(call, "s1"))
    desk.send(commands.ResumeCall(call, "s1"))
    assert desk.call(call).phase is CallPhase.TALKING
    assert not desk.call(call).participants()[0].held


def test_only_the_responsible_seat_steers(desk: Desk) -> None:
    call = desk.talk()
    with pytest.raises(NotYours):
        desk.send(commands.HoldCall(call, "s2"))


@pytest.mark.parametrize("target", [Target(seat="s2"), Target(item="hrss.pension")])
def test_cold_transfer_rings_the_next_seat_and_lets_the_first_wrap_up(desk: Desk, target: Target) -> None:
    call = desk.talk()
    desk.send(commands.TransferCall(call, "s1", target))
    assert desk.ringing(call) == "s2"
    assert call in desk.at_seat("s1").wraps
    desk.accept(call)
    desk.send(commands.FinishWrapUp(call, "s1"))
    assert desk.call(call).phase is CallPhase.TALKING
    desk.end(call)
    assert desk.state.calls == {}


def test_a_transferred_call_does_not_come_back_to_who_gave_it_away(desk: Desk) -> None:
    call = desk.talk()
    desk.send(commands.TransferCall(call, "s1", Target(item="tax.vat")))
    desk.send(commands.FinishWrapUp(call, "s1"))
    assert desk.ringing(call) == ""


def test_a_call_comes_back_to_who_gave_it_away_rather_than_to_nobody(desk: Desk) -> None:
    """But not at once, and not before the pause is over."""
    call = desk.talk()
    desk.send(commands.TransferCall(call, "s1", Target(item="tax.vat")))
    desk.send(commands.FinishWrapUp(call, "s1"))
    assert desk.ringing(call) == ""
    desk.send(commands.LogIn("s3", profile("tax"), ready=True))
    assert desk.ringing(call) == "s3", "another seat is asked at once"
    desk.decline(call)
    assert desk.at(120).ringing(call) == "s1"


def test_a_pause_without_end_waits_for_another_seat() -> None:
    desk = Desk(replace(QUIET, transfer_backoff_ms=0))
    desk.seat("s1", "tax")
    call = desk.talk()
    desk.send(commands.TransferCall(call, "s1", Target(item="tax.vat")))
    desk.send(commands.FinishWrapUp(call, "s1"))
    assert desk.at(100_000).ringing(call) == ""
    desk.seat("s2", "tax")
    assert desk.ringing(call) == "s2"


@pytest.mark.parametrize("back", [Target(item="tax.vat"), Target(seat="s1")])
def test_a_call_that_is_passed_back_rings_where_it_came_from(desk: Desk, back: Target) -> None:
    call = desk.talk()
    desk.send(commands.TransferCall(call, "s1", Target(item="hrss.pension")))
    desk.send(commands.FinishWrapUp(call, "s1"))
    desk.accept(call)
    desk.send(commands.TransferCall(call, "s2", back))
    assert desk.ringing(call) == "s1"
    assert set(desk.call(call).barred) == {"s2"}


def test_who_declined_one_matter_is_asked_for_the_next(desk: Desk) -> None:
    """A refusal counts for the question that was asked: with a transfer, it is another question."""
    desk.seat("s3", "tax", "hrss")
    call = desk.request("hrss.pension")
    first = desk.ringing(call)
    desk.decline(call)
    desk.accept(call)
    second = desk.call(call).seat
    assert {first, second} == {"s2", "s3"}
    desk.send(commands.TransferCall(call, second, Target(item="hrss.pension")))
    assert desk.ringing(call) == first
    assert all(name in ("s1", second) for name in desk.state.shunned)


@pytest.mark.parametrize(
    ("target", "refusal"),
    [(Target(), BadTarget), (Target(seat="s1"), BadTarget), (Target(seat="nobody"), UnknownSeat)],
)
def test_a_target_must_make_sense(desk: Desk, target: Target, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        desk.send(commands.TransferCall(desk.talk(), "s1", target))


def test_consult_then_conference_then_warm_transfer(desk: Desk) -> None:
    call = desk.talk()
    consult(desk, call)
    assert roles(desk, call)["s2"] is Role.CONSULTANT
    desk.send(commands.MergeCall(call, "s1"))
    assert roles(desk, call)["s2"] is Role.MEMBER
    desk.send(commands.CompleteTransfer(call, "s1"))
    assert roles(desk, call) == {"k1": Role.CITIZEN, "s2": Role.AGENT}
    assert call in desk.at_seat("s1").wraps
    desk.send(commands.HangUp(call))
    assert call in desk.at_seat("s2").wraps


def test_a_declined_invitation_to_one_seat_is_over(desk: Desk) -> None:
    call = desk.talk()
    desk.send(commands.InviteSeat(call, "s1", Target(seat="s2")))
    invitation = desk.last(events.SeatInvited).invitation
    desk.decline(invitation)
    assert desk.last(events.CallAbandoned).call == invitation
    assert desk.call(call).talk.invitations == ()


def test_the_end_of_a_call_ends_its_invitations_and_frees_its_members(desk: Desk) -> None:
    desk.seat("s3", "hrss")
    call = desk.talk()
    consult(desk, call, "conference")
    desk.send(commands.InviteSeat(call, "s1", Target(seat="s3")))
    assert desk.at_seat("s3").offer
    desk.send(commands.HangUp(call))
    assert not desk.at_seat("s3").offer
    assert desk.at_seat("s2").calls == {}
    assert list(desk.state.calls) == [call]


def test_nobody_joins_twice(desk: Desk) -> None:
    call = desk.talk()
    consult(desk, call)
    with pytest.raises(BadTarget):
        desk.send(commands.InviteSeat(call, "s1", Target(seat="s2")))


def test_a_conversation_has_a_bound() -> None:
    desk = Desk(replace(QUIET, max_participants=2))
    desk.seat("s1")
    desk.seat("s2")
    with pytest.raises(ConferenceFull):
        desk.send(commands.InviteSeat(desk.talk(), "s1", Target(seat="s2")))


def test_supervision_changes_mode_and_ends(desk: Desk) -> None:
    call = desk.talk()
    for mode in (Role.MONITOR, Role.WHISPER, Role.BARGE):
        desk.send(commands.Supervise(call, "boss", mode))
        assert roles(desk, call)["boss"] is mode
    assert desk.send(commands.Supervise(call, "boss", Role.BARGE)) == ()
    desk.send(commands.StopSupervising(call, "boss"))
    assert "boss" not in roles(desk, call)


def test_a_lost_seat_returns_the_call_to_its_place(desk: Desk) -> None:
    desk.seat("s3", "tax")
    call = desk.talk()
    lost = desk.call(call).seat
    desk.send(commands.LogOut(lost, force=True))
    assert desk.ringing(call) in {"s1", "s3"} - {lost}


def test_a_lost_seat_leaves_the_call_to_the_conference(desk: Desk) -> None:
    call = desk.talk()
    consult(desk, call, "conference")
    desk.send(commands.LogOut("s1", force=True))
    assert roles(desk, call) == {"k1": Role.CITIZEN, "s2": Role.AGENT}


def test_draining_ends_with_the_last_wrap_up(desk: Desk) -> None:
    call = desk.talk()
    desk.send(commands.Drain("s1"))
    assert desk.at_seat("s1").presence is Presence.DRAINING
    desk.send(commands.HangUp(call))
    assert "s1" in desk.state.seats
    desk.send(commands.FinishWrapUp(call, "s1"))
    assert "s1" not in desk.state.seats


def test_disposition_codes_are_checked_when_there_are_any() -> None:
    desk = Desk(replace(QUIET, dispositions=("solved",)))
    desk.seat("s1")
    call = desk.talk()
    desk.send(commands.HangUp(call))
    with pytest.raises(UnknownDisposition):
        desk.send(commands.FinishWrapUp(call, "s1", "whatever"))
    desk.send(commands.FinishWrapUp(call, "s1", "solved"))


def test_media_follows_every_change_with_rising_revisions(desk: Desk) -> None:
    call = desk.talk()
    consult(desk, call)
    desk.send(commands.CompleteTransfer(call, "s1"))
    desk.send(commands.HangUp(call))
    effects = [effect for event in desk.log for effect in effects_of(event)]
    revisions = [effect.revision for effect in effects if isinstance(effect, ConnectMedia)]
    assert revisions == sorted(set(revisions))
    assert len(revisions) == 3
    assert isinstance(
        next(effect for effect in reversed(effects) if hasattr(effect, "call") and "media" in effect.id),
        DisconnectMedia,
    )
    assert len({effect.id for effect in effects}) == len(effects)
