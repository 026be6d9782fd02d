"""Weeks, holidays, make-up working days, time zones."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from relay.scheduler.errors import BadSettings
from relay.scheduler.hours import OpenHours, Timetable
from relay.scheduler.settings import Calendar, HoursRule, OpenSpan, SchedulerSettings

OFFICE = Calendar(
    "office",
    (OpenSpan((1, 2, 3, 4, 5), "09:00", "12:00"), OpenSpan((1, 2, 3, 4, 5), "13:30", "17:00")),
    holidays=("2026-10-01",),
    workdays=("2026-10-10",),
)


def at_ms(text: str, zone: str = "Asia/Shanghai") -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


@pytest.mark.parametrize(
    ("time", "is_open"),
    [
        ("2026-09-28 09:00", True),
        ("2026-09-28 08:59", False),
        ("2026-09-28 12:00", False),
        ("2026-09-28 13:30", True),
        ("2026-10-01 10:00", False),
        ("2026-10-03 10:00", False),
        ("2026-10-10 10:00", True),
    ],
)
def test_office_hours(time: str, is_open: bool) -> None:
    assert OpenHours(OFFICE).is_open(at_ms(time)) is is_open


def test_when_it_closes_and_opens() -> None:
    hours = OpenHours(OFFICE)
    assert hours.closes_ms(at_ms("2026-09-28 10:00")) == at_ms("2026-09-28 12:00")
    assert hours.opens_ms(at_ms("2026-09-28 12:30")) == at_ms("2026-09-28 13:30")
    assert hours.opens_ms(at_ms("2026-09-30 18:00")) == at_ms("2026-10-02 09:00")
    assert hours.local(at_ms("2026-09-28 09:00")) == "2026-09-28T09:00+08:00"
    assert OpenHours(Calendar("never", ())).opens_ms(0) is None


def test_a_day_with_a_clock_change_has_its_hours_right() -> None:
    hours = OpenHours(Calendar("berlin", (OpenSpan((7,), "00:00", "24:00"),), "Europe/Berlin"))
    start, end = at_ms("2026-10-25 00:00", "Europe/Berlin"), at_ms("2026-10-26 00:00", "Europe/Berlin")
    assert end - start == 25 * 3_600_000
    assert hours.closes_ms(start) == end


def test_the_most_specific_rule_holds() -> None:
    settings = SchedulerSettings(
        calendars=(OFFICE, Calendar("always", (OpenSpan((1, 2, 3, 4, 5, 6, 7), "00:00", "24:00"),))),
        hours=(HoursRule("office"), HoursRule("always", "tax"), HoursRule("office", "tax", "330200")),
    )
    timetable = Timetable(settings)
    night_ms = at_ms("2026-09-28 03:00")
    assert timetable.hours("tax.vat", "110101").is_open(night_ms)
    assert not timetable.hours("tax.vat", "330203").is_open(night_ms)
    assert not timetable.hours("hrss", "110101").is_open(night_ms)
    assert Timetable(SchedulerSettings()).hours("tax", "110101") is None


@pytest.mark.parametrize(
    "calendar",
    [
        Calendar("x", (), "Mars/Olympus"),
        Calendar("x", (OpenSpan((1,), "9", "10:00"),)),
        Calendar("x", (OpenSpan((1,), "10:00", "09:00"),)),
        Calendar("x", (OpenSpan((8,), "09:00", "10:00"),)),
        Calendar("x", (OpenSpan((1,), "25:00", "26:00"),)),
        Calendar("x", (), holidays=("tomorrow",)),
    ],
)
def test_calendars_that_make_no_sense(calendar: Calendar) -> None:
    with pytest.raises(BadSettings):
        OpenHours(calendar)
