"""Opening hours: week, holidays and make-up working days in a time zone; which of them holds for an item and region."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from . import catalogue, regions
from .errors import BadSettings
from .settings import Calendar, HoursRule, SchedulerSettings

_HORIZON_DAYS = 400
"""How far ahead the next opening is looked for."""
_MONDAY = 1


def _minutes(text: str) -> int:
    try:
        hour, minute = (int(part) for part in text.split(":"))
    except ValueError:
        raise BadSettings(f"{text!r} is not a time HH:MM") from None
    minutes = hour * 60 + minute
    if not (0 <= minutes <= 1440 and 0 <= minute < 60):
        raise BadSettings(f"{text!r} is not a time of day")
    return minutes


class OpenHours:
    """One calendar, ready to be asked. Raises BadSettings for a zone, time, weekday or date that does not exist."""

    def __init__(self, calendar: Calendar) -> None:
        try:
            self._zone = ZoneInfo(calendar.time_zone)
            self._holidays = frozenset(date.fromisoformat(day) for day in calendar.holidays)
            self._workdays = frozenset(date.fromisoformat(day) for day in calendar.workdays)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise BadSettings(f"calendar {calendar.name!r}: {error}") from None
        self._week: dict[int, list[tuple[int, int]]] = {day: [] for day in range(1, 8)}
        for span in calendar.spans:
            start, end = _minutes(span.start), _minutes(span.end)
            if start >= end or not all(1 <= day <= 7 for day in span.days):
                raise BadSettings(
                    f"calendar {calendar.name!r}: a span ends before it starts, or names no weekday 1 to 7"
                )
            for day in span.days:
                self._week[day].append((start, end))
        for spans in self._week.values():
            spans.sort()

    def is_open(self, now_ms: int) -> bool:
        """Whether the door is open."""
        return self.closes_ms(now_ms) > now_ms

    def closes_ms(self, now_ms: int) -> int:
        """When it closes; `now_ms` when it is closed."""
        for start_ms, end_ms in self._spans(self._day(now_ms)):
            if start_ms <= now_ms < end_ms:
                return end_ms
        return now_ms

    def opens_ms(self, now_ms: int) -> int | None:
        """The next opening after now; None when there is none within a year."""
        day = self._day(now_ms)
        for ahead in range(_HORIZON_DAYS):
            for start_ms, _ in self._spans(day + timedelta(days=ahead)):
                if start_ms > now_ms:
                    return start_ms
        return None

    def local(self, at_ms: int) -> str:
        """The time for people, ISO 8601 to the minute with the zone's offset."""
        return datetime.fromtimestamp(at_ms / 1000, self._zone).isoformat(timespec="minutes")

    def _day(self, now_ms: int) -> date:
        return datetime.fromtimestamp(now_ms / 1000, self._zone).date()

    def _spans(self, day: date) -> list[tuple[int, int]]:
        if day in self._workdays:
            weekday = _MONDAY
        elif day in self._holidays:
            return []
        else:
            weekday = day.isoweekday()
        midnight = datetime(day.year, day.month, day.day)
        return [(self._at_ms(midnight, start), self._at_ms(midnight, end)) for start, end in self._week[weekday]]

    def _at_ms(self, midnight: datetime, minutes: int) -> int:
        """Wall time to the epoch; through the wall clock, so that a day with a clock change has its hours right."""
        wall = (midnight + timedelta(minutes=minutes)).replace(tzinfo=self._zone)
        return round(wall.timestamp() * 1000)


class Timetable:
    """All calendars and rules of the settings."""

    def __init__(self, settings: SchedulerSettings) -> None:
        self._calendars = {calendar.name: OpenHours(calendar) for calendar in settings.calendars}
        self._rules = sorted(settings.hours, key=_specificity, reverse=True)
        self._found: dict[tuple[str, str], OpenHours | None] = {}

    def __bool__(self) -> bool:
        return bool(self._rules)

    def hours(self, item: str, region: str) -> OpenHours | None:
        """What holds for this item in this region; None: always open."""
        key = (item, region)
        if key not in self._found:
            self._found[key] = next(
                (self._calendars[rule.calendar] for rule in self._rules if _applies(rule, item, region)), None
            )
        return self._found[key]


def _specificity(rule: HoursRule) -> tuple[int, int]:
    return len(catalogue.chain(rule.item)), len(regions.chain(rule.region))


def _applies(rule: HoursRule, item: str, region: str) -> bool:
    return catalogue.beneath(rule.item, item) and regions.encloses(rule.region, region)
