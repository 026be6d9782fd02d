"""What users of other engines complain about (shared/scheduling.md §2, by number), shown not to happen here."""

import pytest
from msgspec.structs import replace

from relay.scheduler import commands, events, view
from relay.scheduler.errors import NotYours, OfferExpired
from relay.scheduler.model import CallPhase, Presence, Reach, Target
from relay.scheduler.settings import Ring, SchedulerSettings
from tests.support.desk import QUIET, Desk


def test_01_a_seat_is_not_stuck_reserved_when_its_peer_says_nothing() -> None:
    desk = Desk()
    desk.seat("s1")
    desk.request()
    assert desk.at_seat("s1").offer
    desk.at(20)
    assert not desk.at_seat("s1").offer


def test_02_03_16_a_call_whose_goodbye_is_lost_ends_with_the_lease() -> None:
    desk = Desk(replace(QUIET, kiosk_lease_ms=45_000, wrap_up=False))
    desk.seat("s1")
    call = desk.talk()
    desk.at(45)
    assert desk.last(events.CallEnded).call == call
    assert desk.at_seat("s1").calls == {}


def test_03_who_hangs_up_wins_over_a_late_accept() -> None:
    desk = Desk()
    desk.seat("s1")
    call = desk.request()
    offer = desk.call(call).offer
    desk.send(commands.HangUp(call))
    with pytest.raises(OfferExpired):
        desk.send(commands.AcceptOffer(offer, "s1"))


def test_04_a_declined_call_does_not_ring_in_a_loop() -> None:
    desk = Desk()
    desk.seat("s1")
    call = desk.request()
    desk.decline(call)
    assert desk.ringing(call) == ""
    desk.at(29.999)
    assert len(desk.happened(events.CallOffered)) == 1
    desk.at(30)
    assert desk.ringing(call) == "s1"


def test_07_a_seat_that_cannot_come_halts_nobody() -> None:
    desk = Desk()
    desk.seat("s1")
    desk.seat("s2")
    desk.send(commands.TakeBreak("s1"))
    assert desk.ringing(desk.request()) == "s2"


def test_08_thirteen_wait_and_the_first_by_key_is_served_first() -> None:
    desk = Desk()
    calls = [desk.at(n).request(priority="urgent" if n == 7 else "normal") for n in range(13)]
    desk.seat("s1")
    served = []
    for _ in calls:
        call = desk.at_seat("s1").ringing
        served.append(call)
        desk.accept(call)
        desk.end(call)
    assert served == [calls[7], *calls[:7], *calls[8:]]


def test_09_nobody_who_came_later_gets_ahead_while_waiting() -> None:
    desk = Desk()
    first, second = desk.request(), desk.at(1).request()
    for seconds in (2, 600, 7_200):
        desk.at(seconds)
        ahead = [view.position(desk.state, call, desk.now_ms).ahead for call in (first, second)]
        assert ahead == [0, 1]


def test_10_a_call_is_answered_by_one_seat() -> None:
    desk = Desk()
    desk.seat("s1")
    desk.seat("s2")
    call = desk.request()
    offer = desk.call(call).offer
    desk.accept(call)
    with pytest.raises((NotYours, OfferExpired)):
        desk.send(commands.AcceptOffer(offer, "s2"))
    assert [seat.id for seat in desk.state.seats.values() if call in seat.calls] == ["s1"]


def test_11_a_first_answer_that_never_connects_does_not_lose_the_call() -> None:
    desk = Desk(replace(QUIET, connect_timeout_ms=8_000))
    desk.seat("s1")
    desk.seat("s2")
    call = desk.talk()
    desk.at(8)
    assert desk.last(events.CallRequeued).reason == "not_connected"
    assert desk.ringing(call) == "s2"


def test_12_nothing_is_counted_twice_when_it_is_said_twice() -> None:
    desk = Desk()
    desk.seat("s1")
    call = desk.request()
    accept = commands.AcceptOffer(desk.call(call).offer, "s1")
    assert desk.send(accept)
    assert desk.send(accept) == ()
    assert desk.send(commands.HangUp(call))
    assert desk.send(commands.HangUp(call)) == ()
    assert len(desk.happened(events.CallAccepted)) == len(desk.happened(events.CallEnded)) == 1


def test_14_wrap_up_belongs_to_the_seat_whatever_it_is_asked_for_next() -> None:
    desk = Desk()
    desk.seat("s1", "tax", "hrss")
    desk.send(commands.HangUp(desk.talk("tax.vat")))
    call = desk.request("hrss.pension")
    assert desk.ringing(call) == ""
    desk.at(60)
    assert desk.ringing(call) == "s1"


def test_17_each_wrap_up_ends_at_its_own_time() -> None:
    desk = Desk()
    desk.seat("s1")
    desk.seat("s2")
    first, second = desk.talk(), desk.talk()
    desk.send(commands.HangUp(first))
    desk.at(50).send(commands.HangUp(second))
    desk.at(200)
    ends_s = [
        (event.at_ms - desk.happened(events.SeatReady)[0].at_ms) // 1000
        for event in desk.happened(events.WrapUpFinished)
    ]
    assert ends_s == [60, 110]


def test_18_a_decline_keeps_the_call_in_its_place() -> None:
    desk = Desk()
    desk.seat("s1")
    first, second = desk.request(), desk.at(1).request()
    desk.decline(first)
    assert desk.ringing(second) == "s1"
    desk.seat("s2")
    assert desk.ringing(first) == "s2"
    assert desk.call(first).enqueued_ms < desk.call(second).enqueued_ms


def test_20_freed_capacity_goes_to_who_waited_longest() -> None:
    desk = Desk()
    desk.seat("s1")
    served = desk.talk()
    waiting = [desk.at(n).request() for n in (1, 2, 3)]
    desk.end(served)
    assert [desk.ringing(call) for call in waiting] == ["s1", "", ""]


def test_22_idle_time_counts_from_the_last_release() -> None:
    desk = Desk()
    desk.seat("s1", capacity=2)
    one, two = desk.talk(), desk.talk()
    desk.seat("s2")
    desk.at(10).end(one)
    desk.at(20).end(two)
    assert desk.ringing(desk.request()) == "s2"


def test_23_a_lost_call_takes_its_place_up_again() -> None:
    desk = Desk()
    lost = desk.request(kiosk="k")
    other = desk.at(5).request()
    desk.send(commands.HangUp(lost))
    again = desk.at(30).request(kiosk="k", resume=lost)
    desk.seat("s1")
    assert (desk.ringing(again), desk.ringing(other)) == ("s1", "")


def test_24_a_closed_browser_is_not_available() -> None:
    desk = Desk(replace(QUIET, seat_lease_ms=15_000))
    desk.seat("s1")
    desk.at(10).send(commands.SeatSeen("s1"))
    desk.at(24.999)
    assert "s1" in desk.state.seats
    desk.at(25)
    assert "s1" not in desk.state.seats
    assert desk.last(events.SeatLoggedOut).reason == "lease_expired"


def test_24_a_seat_that_misses_calls_is_set_to_break() -> None:
    desk = Desk(replace(QUIET, unanswered_limit=2))
    desk.seat("s1")
    desk.request()
    desk.request()
    desk.at(40)
    assert desk.at_seat("s1").presence is Presence.BREAK
    assert desk.at_seat("s1").reason == "unanswered"


def test_25_a_seat_without_media_is_offered_nothing() -> None:
    desk = Desk()
    desk.seat("s1")
    desk.send(commands.ReportPath("s1", media_ready=False))
    call = desk.request()
    assert desk.ringing(call) == ""
    desk.send(commands.ReportPath("s1", media_ready=True))
    assert desk.ringing(call) == "s1"


def test_26_a_callback_keeps_the_place() -> None:
    desk = Desk()
    first, second = desk.request(), desk.at(1).request()
    desk.send(commands.RequestCallback(first, "tel:1"))
    desk.seat("s1")
    assert (desk.ringing(first), desk.ringing(second)) == ("s1", "")
    desk.accept(first)
    assert desk.call(first).phase is CallPhase.CALLING_BACK
    desk.send(commands.AnswerCallback(first))
    assert desk.call(first).phase is CallPhase.TALKING


def test_27_low_priority_is_never_taken_before_high() -> None:
    desk = Desk()
    low, high = desk.request(), desk.at(1).request(priority="urgent")
    desk.seat("s1")
    assert (desk.ringing(low), desk.ringing(high)) == ("", "s1")


def test_transfer_does_not_jump_the_queue_nor_lose_the_age() -> None:
    desk = Desk()
    desk.seat("s1", "tax")
    moved = desk.talk("tax.vat")
    later = desk.at(5).request("hrss.pension")
    desk.at(6).send(commands.TransferCall(moved, "s1", Target(item="hrss.pension")))
    desk.seat("s2", "hrss")
    assert (desk.ringing(moved), desk.ringing(later)) == ("s2", "")


def test_each_ring_opens_at_its_exact_time() -> None:
    rings = (Ring(0, Reach.COUNTY), Ring(5_000, Reach.CITY), Ring(10_000, Reach.PROVINCE))
    desk = Desk(replace(QUIET, rings=rings))
    desk.seat("far", regions=("330102",))
    call = desk.request(region="330203")
    desk.at(100)
    offered = desk.happened(events.CallOffered)[0]
    assert (offered.call, offered.seat, offered.waited_ms) == (call, "far", 10_000)


def test_settings_default_to_leases_for_seats_and_kiosks() -> None:
    assert SchedulerSettings().seat_lease_ms == 15_000
    assert SchedulerSettings().kiosk_lease_ms > 0
