"""Requests: what is refused, where they wait, who is preferred."""

import pytest
from msgspec.structs import replace

from relay.scheduler import commands, events, view
from relay.scheduler.errors import (
    CitizenLimit,
    ClockWentBackwards,
    KeyReused,
    KioskLimit,
    OutsideOpeningHours,
    QueueFull,
    ResumeExpired,
    UnknownItem,
    UnknownPriority,
    UnknownRegion,
)
from relay.scheduler.model import Reach, ServiceItem
from relay.scheduler.settings import Calendar, HoursRule, OpenSpan, QueueCap, Ring, SchedulerSettings
from relay.scheduler.snapshot import digest
from tests.support.desk import QUIET, START_MS, Desk

CLOSED = replace(
    QUIET,
    calendars=(Calendar("none", (OpenSpan((1,), "00:00", "00:01"),)),),
    hours=(HoursRule("none", "tax"),),
)


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"item": "tax"}, UnknownItem),
        ({"region": "999999"}, UnknownRegion),
        ({"region": "33020"}, UnknownRegion),
        ({"region": "330003"}, UnknownRegion),
        ({"priority": "vip"}, UnknownPriority),
        ({"resume": "c7"}, ResumeExpired),
    ],
)
def test_a_refused_request_says_why_and_leaves_no_trace(fields: dict[str, str], refusal: type[Exception]) -> None:
    desk = Desk()
    before = digest(desk.state)
    with pytest.raises(refusal, match=r"\w"):
        desk.request(**fields)
    assert digest(desk.state) == before


def test_the_same_key_twice_is_one_call() -> None:
    desk = Desk()
    call = desk.request(key="x", kiosk="k")
    assert desk.send(commands.RequestCall("x", "k", "tax.vat", "330203")) == ()
    assert view.find_call(desk.state, "x") == call
    with pytest.raises(KeyReused):
        desk.send(commands.RequestCall("x", "k", "hrss.pension", "330203"))


def test_limits_of_kiosk_and_citizen() -> None:
    desk = Desk(replace(QUIET, kiosk_calls=1, citizen_calls=1))
    desk.request(kiosk="k", citizen="wang")
    with pytest.raises(KioskLimit):
        desk.request(kiosk="k")
    with pytest.raises(CitizenLimit):
        desk.request(citizen="wang")


def test_a_full_queue_refuses_who_would_have_to_wait_but_not_who_is_served_at_once() -> None:
    desk = Desk(replace(QUIET, queue_caps=(QueueCap(1, "tax"),)))
    desk.request()
    with pytest.raises(QueueFull):
        desk.request()
    desk.request("hrss.pension")
    desk.seat("s1", "tax")
    desk.seat("s2", "tax")
    assert desk.ringing(desk.request()) == "s2"


def test_a_full_queue_may_overflow_to_a_wider_ring() -> None:
    rings = (Ring(0, Reach.COUNTY), Ring(60_000, Reach.CITY))
    desk = Desk(replace(QUIET, rings=rings, queue_caps=(QueueCap(0, "tax", overflow_ring=1),)))
    desk.seat("neighbour", regions=("330204",))
    call = desk.request(region="330203")
    assert desk.ringing(call) == "neighbour"
    assert desk.last(events.CallRequested).overflow


def test_closed_hours_say_when_they_open() -> None:
    with pytest.raises(OutsideOpeningHours, match="opens 20"):
        Desk(CLOSED).request("tax.vat")
    Desk(CLOSED).request("hrss.pension")


def test_a_clock_that_steps_back_a_little_stands_still_and_a_lot_is_refused() -> None:
    desk = Desk()
    desk.at(10).request()
    desk.now_ms = START_MS + 9_000
    desk.request()
    assert desk.last(events.CallRequested).at_ms == START_MS + 10_000
    desk.now_ms = START_MS
    with pytest.raises(ClockWentBackwards):
        desk.request()


def test_an_item_reaches_no_farther_than_it_may() -> None:
    desk = Desk(replace(QUIET, rings=(Ring(0, Reach.COUNTRY),)))
    desk.send(commands.DefineItems((ServiceItem("local.one", reach=Reach.COUNTY),)))
    desk.seat("far", "local", regions=("110101",))
    assert desk.ringing(desk.request("local.one")) == ""


def test_the_seat_that_served_this_citizen_is_preferred() -> None:
    desk = Desk()
    desk.seat("s1")
    desk.seat("s2")
    first = desk.talk(citizen="wang")
    served_by = desk.call(first).seat
    desk.end(first)
    assert desk.ringing(desk.at(60).request(citizen="wang")) == served_by
    assert desk.last(events.CallOffered).rule == "sticky"


def test_a_call_waits_for_its_sticky_seat_only_so_long() -> None:
    desk = Desk(replace(QUIET, sticky_wait_ms=5_000))
    desk.seat("s1")
    desk.end(desk.talk(citizen="wang"))
    desk.talk(citizen="li")
    desk.seat("s2")
    call = desk.request(citizen="wang")
    assert desk.ringing(call) == ""
    desk.at(5)
    assert desk.ringing(call) == "s2"


def test_the_longest_wait_ends_in_deflection() -> None:
    desk = Desk(replace(QUIET, max_wait_ms=30_000))
    call = desk.request()
    desk.at(30)
    deflected = desk.last(events.CallDeflected)
    assert (deflected.call, deflected.reason, deflected.waited_ms) == (call, "max_wait", 30_000)


def test_every_default_lets_a_first_call_through() -> None:
    desk = Desk(SchedulerSettings())
    desk.seat("s1")
    assert desk.ringing(desk.request()) == "s1"


@pytest.mark.parametrize(
    ("strategy", "chosen"),
    [
        (("longest_idle",), "far"),
        (("nearest",), "near"),
        (("most_proficient",), "expert"),
        (("least_flexible",), "near"),
        (("best_path",), "quick"),
        (("nearest", "longest_idle"), "near"),
    ],
)
def test_strategies(strategy: tuple[str, ...], chosen: str) -> None:
    desk = Desk(replace(QUIET, strategy=strategy, rings=(Ring(0, Reach.COUNTRY),)))
    desk.seat("far", "*:3", regions=("110101",))
    desk.seat("expert", "tax:9", "hrss:9", regions=("330000",))
    desk.seat("quick", "*:3", regions=("330000",))
    desk.seat("near", "tax.vat:3", regions=("330203",))
    for seat, rtt_ms in (("far", 160), ("expert", 160), ("quick", 10), ("near", 160)):
        desk.send(commands.ReportPath(seat, rtt_ms=rtt_ms))
    assert desk.ringing(desk.request(region="330203")) == chosen


POLICY_SEATS = {
    "far": ("*:3", "110101"),
    "expert": ("tax:9", "330000"),
    "busy": ("*:3", "330000"),
    "near": ("*:2", "330203"),
}


@pytest.mark.parametrize(
    ("strategy", "chosen"),
    [
        (("least_occupied",), "near"),
        (("most_proficient", "least_occupied"), "expert"),
        (("least_occupied", "most_proficient"), "near"),
        (("nearest", "least_occupied"), "near"),
        (("longest_idle",), "busy"),
    ],
)
def test_the_least_occupied_seat_among_those_the_policies_before_it_left(strategy, chosen) -> None:
    desk = Desk(replace(QUIET, strategy=strategy, rings=(Ring(0, Reach.COUNTRY),)))
    talked_s = {"busy": 90, "expert": 60, "far": 50, "near": 0}
    for seat, (skill, region) in POLICY_SEATS.items():
        desk.seat(seat, skill, regions=(region,), ready=False)
    now_s = 0.0
    for seat, talk_s in talked_s.items():
        desk.send(commands.SetReady(seat))
        call = desk.talk()
        now_s += talk_s
        desk.at(now_s)
        desk.end(call)
        desk.send(commands.TakeBreak(seat))
    desk.at(400)
    for seat in talked_s:
        desk.send(commands.SetReady(seat))
    assert desk.ringing(desk.request(region="330203")) == chosen


def test_a_narrower_skill_overrides_a_wider_one() -> None:
    desk = Desk(items=("tax.vat", "tax.land", "tax.vat.refund"))
    desk.seat("s1", "tax:5", "tax.vat:0")
    assert desk.ringing(desk.request("tax.vat")) == ""
    assert desk.ringing(desk.request("tax.vat.refund")) == ""
    assert desk.ringing(desk.request("tax.land")) == "s1"
