"""The whole house at a glance: queues, seats, conversations. Reads, and changes nothing."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from relay.catalogue import Directory
from relay.scheduler.lifecycle import CONNECTED
from relay.scheduler.model import ALL_ITEMS, CallPhase, SeatProfile
from relay.service.ledger import Ledger
from relay.service.records import Scheduler, SchedulerRecords, round_wait_s
from relay.service.views import CallView, QueueView, SeatView

MAX_ROWS = 500
"""Rows of one list; a wall has no room for more, and a portal asks for the call it means."""
_SHOWN = CONNECTED | {CallPhase.WRAP_UP}


@dataclass(frozen=True, slots=True)
class Totals:
    """The house in a few numbers."""

    waiting: int
    in_call: int
    seats: dict[str, int]
    """By state."""
    longest_wait_s: float
    answered_today: int
    abandoned_today: int
    service_level: float | None


def day_of(wall_ms: int) -> int:
    """The number of a local day, for what is counted by day."""
    return datetime.fromtimestamp(wall_ms / 1000).astimezone().toordinal()


def midnight_ms(wall_ms: int) -> int:
    """When the local day began."""
    now = datetime.fromtimestamp(wall_ms / 1000).astimezone()
    return round(now.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)


class House:
    """Lists and totals over all calls and seats."""

    def __init__(self, scheduler: Scheduler, records: SchedulerRecords, ledger: Ledger, directory: Directory) -> None:
        self._scheduler = scheduler
        self._records = records
        self._ledger = ledger
        self._directory = directory
        self._served: dict[SeatProfile, frozenset[str]] = {}

    def talking(self) -> int:
        """How many calls are in conversation."""
        return sum(len(queue.talking) for queue in self._ledger.queues.values())

    def conversations(self) -> list[CallView]:
        """Calls in conversation or wrap-up, at most `MAX_ROWS`."""
        calls = (call for call in self._scheduler.state.calls.values() if call.phase in _SHOWN)
        return [self._records.view_of(call) for call, _ in zip(calls, range(MAX_ROWS), strict=False)]

    def seats(self) -> list[SeatView]:
        """Seats that are online, at most `MAX_ROWS`."""
        seats = zip(self._scheduler.state.seats.values(), range(MAX_ROWS), strict=False)
        return [self._records.view_of_seat(seat) for seat, _ in seats]

    def seats_by_state(self) -> dict[str, int]:
        """How many are online in each state."""
        return dict(Counter(map(self._records.stage_of, self._scheduler.state.seats.values())))

    def queues(self, day: int) -> list[QueueView]:
        """By department (`day` as in `day_of`): those of the catalogue, and any other that calls have come for."""
        known = [department.code for department in self._directory.catalogue.departments]
        today = self._ledger.today(day)
        ready = self._ready_by_department()
        return [
            self._queue(code, today.get(code, Counter()), ready[code])
            for code in dict.fromkeys([*known, *self._ledger.queues])
        ]

    def totals(self, day: int) -> Totals:
        """Of everything."""
        now_ms = self._scheduler.now_ms()
        queues = self._ledger.queues.values()
        oldest_ms = min((ms for queue in queues if (ms := queue.oldest_ms()) is not None), default=now_ms)
        today: Counter[str] = sum(self._ledger.today(day).values(), Counter())
        return Totals(
            waiting=sum(len(queue) for queue in queues),
            in_call=self.talking(),
            seats=dict(
                Counter(self._records.view_of_seat(seat).state for seat in self._scheduler.state.seats.values())
            ),
            longest_wait_s=max(0, now_ms - oldest_ms) / 1000,
            answered_today=today["answered"],
            abandoned_today=today["abandoned"],
            service_level=today["within"] / today["answered"] if today["answered"] else None,
        )

    def _queue(self, code: str, today: Counter[str], ready: int) -> QueueView:
        queue, now_ms = self._ledger.queues[code], self._scheduler.now_ms()
        department = self._directory.department(code)
        oldest_ms = queue.oldest_ms()
        return QueueView(
            group=code,
            name_zh=department.name_zh,
            name_en=department.name_en,
            waiting=len(queue),
            oldest_wait_s=max(0, now_ms - oldest_ms) / 1000 if oldest_ms is not None else 0.0,
            in_call=len(queue.talking),
            seats_ready=ready,
            expected_wait_s=self._expected_wait_s(code, now_ms),
            service_level=today["within"] / today["answered"] if today["answered"] else None,
        )

    def _expected_wait_s(self, department: str, now_ms: int) -> float | None:
        """Of a call that came now, in the city where it would wait longest."""
        cities = {region.code[:4]: region.code for region in self._directory.catalogue.regions}
        expected = [self._ledger.forecast.expect_new(department, region, now_ms) for region in cities.values()]
        return max((round_wait_s(each.mean_s) for each in expected if each is not None), default=None)

    def _ready_by_department(self) -> Counter[str]:
        ready: Counter[str] = Counter()
        for seat in self._scheduler.state.seats.values():
            if self._records.stage_of(seat) == "ready":
                ready.update(self._departments(seat.profile.value))
        return ready

    def _departments(self, profile: SeatProfile) -> frozenset[str]:
        if profile not in self._served:
            if len(self._served) > MAX_ROWS:
                self._served.clear()
            codes = {skill.item.partition(".")[0] for skill in profile.skills if skill.level}
            everything = {department.code for department in self._directory.catalogue.departments}
            self._served[profile] = frozenset(everything if ALL_ITEMS in codes else codes)
        return self._served[profile]
