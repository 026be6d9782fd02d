"""Booking, check-in, look-ahead, no-shows."""

import pytest
from msgspec.structs import replace

from relay.scheduler import commands, events, view
from relay.scheduler.errors import (
    AppointmentWindowFull,
    BadWindow,
    CitizenLimit,
    NoShowLimit,
    NoSuchSlot,
    SlotInPast,
    TooEarly,
    TooEarlyToBook,
    TooLate,
    UnknownItem,
    UnknownWindow,
)
from relay.scheduler.model import AppointmentPhase, BookingWindow, Punctuality, SeatPhase
from relay.scheduler.settings import AppointmentRules
from tests.support.desk import COUNTY, QUIET, START_MS, Desk

MINUTE_MS = 60_000
RULES = AppointmentRules(lookahead_share=0.5, late_walk_in=True)


def opened(rules: AppointmentRules = RULES, capacity: int = 2) -> Desk:
    desk = Desk(replace(QUIET, appointments=rules))
    desk.send(
        commands.OpenBooking(
            BookingWindow("w", "tax", "330200", START_MS, START_MS + 120 * MINUTE_MS, 15 * MINUTE_MS, capacity)
        )
    )
    return desk


def book(desk: Desk, minute: int, citizen: str = "wang", item: str = "tax.vat", key: str = "") -> str:
    key = key or f"{citizen}{minute}"
    slot_ms = START_MS + minute * MINUTE_MS
    desk.send(commands.BookAppointment(key, "w", slot_ms, item, COUNTY, citizen))
    return desk.last(events.AppointmentBooked).appointment


def test_a_slot_holds_its_capacity_and_a_key_one_appointment() -> None:
    desk = opened()
    book(desk, 15, "a", key="x")
    book(desk, 15, "a", key="x")
    assert len(desk.happened(events.AppointmentBooked)) == 1
    book(desk, 15, "b")
    with pytest.raises(AppointmentWindowFull):
        book(desk, 15, "c")
    assert view.slots(desk.state, "w", desk.now_ms)[0].free == 0
    desk.send(commands.CancelAppointment("a1"))
    book(desk, 15, "c")


@pytest.mark.parametrize(
    ("minute", "item", "refusal"),
    [
        (0, "tax.vat", SlotInPast),
        (10, "tax.vat", NoSuchSlot),
        (120, "tax.vat", NoSuchSlot),
        (15, "hrss.pension", NoSuchSlot),
        (15, "nothing", UnknownItem),
    ],
)
def test_slots_that_cannot_be_booked(minute: int, item: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        book(opened(), minute, item=item)


def test_booking_is_bounded_ahead_and_per_citizen() -> None:
    desk = opened(replace(RULES, max_lead_ms=30 * MINUTE_MS))
    with pytest.raises(TooEarlyToBook):
        book(desk, 45)
    book(desk, 15)
    with pytest.raises(CitizenLimit):
        book(desk, 30)


def test_windows_are_checked() -> None:
    desk = opened()
    with pytest.raises(BadWindow):
        desk.send(commands.OpenBooking(BookingWindow("x", "tax", COUNTY, 10, 10, 1, 1)))
    with pytest.raises(UnknownWindow):
        desk.send(commands.CloseBooking("nowhere"))
    desk.send(commands.CloseBooking("w"))
    with pytest.raises(NoSuchSlot):
        book(desk, 15)


@pytest.mark.parametrize(
    ("minute", "punctuality"),
    [(45, Punctuality.EARLY), (60, Punctuality.ON_TIME), (74, Punctuality.ON_TIME), (80, Punctuality.LATE)],
)
def test_checking_in(minute: int, punctuality: Punctuality) -> None:
    desk = opened()
    name = book(desk, 60)
    desk.at(minute * 60).send(commands.CheckIn(name, "k"))
    assert desk.last(events.AppointmentCheckedIn).punctuality is punctuality
    call = desk.last(events.CallRequested)
    assert call.priority == ("normal" if punctuality is Punctuality.LATE else "appointment")
    assert call.enqueued_ms == max(desk.now_ms, START_MS + 60 * MINUTE_MS)
    assert desk.send(commands.CheckIn(name, "k")) == ()


def test_too_early_and_too_late() -> None:
    desk = opened(replace(RULES, late_walk_in=False))
    name = book(desk, 60)
    with pytest.raises(TooEarly):
        desk.at(29 * 60).send(commands.CheckIn(name, "k"))
    with pytest.raises(TooLate):
        desk.at(76 * 60).send(commands.CheckIn(name, "k"))


def test_a_seat_is_kept_for_a_due_appointment_and_rings_first_on_arrival() -> None:
    desk = opened()
    desk.seat("s1")
    desk.seat("s2")
    name = book(desk, 15)
    desk.at(13 * 60)
    kept = desk.last(events.SeatReserved).seat
    assert view.phase_of(desk.at_seat(kept)) is SeatPhase.RESERVED
    walk_in = desk.request()
    assert desk.ringing(walk_in) == ({"s1", "s2"} - {kept}).pop()
    desk.at(15 * 60).send(commands.CheckIn(name, "k"))
    assert desk.ringing(desk.last(events.CallRequested).call) == kept


def test_no_more_than_the_share_is_kept_idle() -> None:
    desk = opened(replace(RULES, lookahead_share=0.5), capacity=10)
    for seat in ("s1", "s2", "s3", "s4"):
        desk.seat(seat)
    for citizen in "abcd":
        book(desk, 15, citizen)
    desk.at(14 * 60)
    assert len(desk.happened(events.SeatReserved)) == 2
    assert all(event.reserved <= event.allowed == 2 for event in desk.happened(events.SeatReserved))


def test_a_seat_that_falls_idle_is_kept_before_a_later_walk_in() -> None:
    desk = opened()
    desk.seat("s1")
    desk.seat("s2")
    talks = [desk.talk(), desk.talk()]
    book(desk, 15)
    walk_in = desk.at(14 * 60).request()
    desk.end(talks[0])
    assert desk.last(events.SeatReserved)
    assert desk.ringing(walk_in) == ""
    desk.end(talks[1])
    assert desk.ringing(walk_in)


def test_a_no_show_frees_the_seat_and_is_counted() -> None:
    desk = opened(replace(RULES, no_show_limit=1))
    desk.seat("s1")
    desk.seat("s2")
    name = book(desk, 15)
    desk.at(30 * 60)
    assert desk.last(events.AppointmentMissed).appointment == name
    assert desk.last(events.SeatReleased).reason == "missed"
    assert desk.state.appointments[name].phase is AppointmentPhase.MISSED
    with pytest.raises(NoShowLimit):
        book(desk, 60)


def test_a_kept_seat_that_goes_is_replaced() -> None:
    desk = opened()
    desk.seat("s1")
    desk.seat("s2")
    name = book(desk, 15)
    desk.at(14 * 60)
    kept = desk.last(events.SeatReserved).seat
    desk.send(commands.TakeBreak(kept))
    assert desk.state.appointments[name].seat == ""
    desk.seat("s3")
    assert desk.state.appointments[name].seat == "s3"
