"""What the scheduler's events add up to: the running report, the forecast of waits, the queues by department. Pure.

Fed with every durable decision in order. After a restart it begins with the seats and calls that are there, and is told
later what the day and the pace of service were like before.
"""

import heapq
from collections import Counter, defaultdict

from relay.scheduler import events
from relay.scheduler.events import AnyEvent
from relay.scheduler.forecast.expected_wait import WaitForecast
from relay.scheduler.model import Purpose
from relay.scheduler.reports import Report, ReportSettings, opening_events
from relay.scheduler.state import State
from relay.service.record_book import RecordBook

_SIGNS_OF_LIFE = (events.SeatLeaseRenewed, events.SeatPathMeasured, events.BackoffEnded)


def seats_of(event: AnyEvent) -> tuple[str, ...]:
    """The seats whose state an event may have changed."""
    if isinstance(event, _SIGNS_OF_LIFE):
        return ()
    seats = (getattr(event, "seat", ""), getattr(event, "to", ""), *getattr(event, "others", ()))
    return tuple(filter(None, seats))


class Queue:
    """The calls of one department."""

    def __init__(self) -> None:
        self._enqueued_ms: dict[str, int] = {}
        self._oldest: list[tuple[int, str]] = []
        self.talking: set[str] = set()

    def __len__(self) -> int:
        return len(self._enqueued_ms)

    def enter(self, call: str, enqueued_ms: int) -> None:
        """A call waits."""
        if call not in self._enqueued_ms:
            self._enqueued_ms[call] = enqueued_ms
            heapq.heappush(self._oldest, (enqueued_ms, call))

    def leave(self, call: str) -> None:
        """It waits no longer."""
        self._enqueued_ms.pop(call, None)

    def oldest_ms(self) -> int | None:
        """When the one that waits longest began to."""
        while self._oldest and self._oldest[0][1] not in self._enqueued_ms:
            heapq.heappop(self._oldest)
        return self._oldest[0][0] if self._oldest else None


def day_totals(report: Report) -> dict[str, Counter[str]]:
    """Calls by department: offered, answered, within, abandoned."""
    return {
        department: Counter(
            offered=tally.offered,
            answered=tally.answered,
            within=tally.answered_within,
            abandoned=tally.abandoned.total(),
        )
        for department, tally in report.tallies.along("queue").items()
    }


class Recollection:
    """What former runs decided: today, and lately. Fed with events in order, and then told to a ledger.

    `day` is the number of the day that begins at `midnight_ms`.
    """

    def __init__(self, day: int, midnight_ms: int) -> None:
        self.day = day
        self.report = Report()
        self.finished = RecordBook()
        self.forecast = WaitForecast()
        self._midnight_ms = midnight_ms

    def observe(self, event: AnyEvent, seq: int = 0) -> None:
        """Take one event of decision `seq` in."""
        self.forecast.observe(event)
        record = self.report.observe(event) if event.at_ms >= self._midnight_ms else None
        if record is not None:
            self.finished.add(seq, record)


class Ledger:
    """Everything that is folded from events, besides the scheduler's own state."""

    def __init__(self, settings: ReportSettings = ReportSettings()) -> None:  # noqa: B008  frozen
        self.report = Report(settings)
        self.finished = RecordBook()
        self.forecast = WaitForecast()
        self.queues: defaultdict[str, Queue] = defaultdict(Queue)
        self.seat_changed_ms: dict[str, int] = {}
        """When something last happened at a seat that is online."""
        self._queue_of: dict[str, tuple[Queue, int]] = {}
        self._day = -1
        self._before_today: dict[str, Counter[str]] = {}
        self._earlier: dict[str, Counter[str]] = {}
        """Of today, by former runs."""

    def resume(self, state: State, now_ms: int) -> None:
        """Take over the seats and the open calls of a scheduler that was restarted."""
        for event in opening_events(state):
            self.observe(event)
        self.report = self.report.resumed_at(now_ms)
        self.forecast.begin_anew(now_ms)

    def recall(self, past: "Recollection", now_ms: int) -> None:
        """Add what was decided before this process began."""
        self.finished.precede(past.finished)
        if self._day in (-1, past.day):
            self._earlier = day_totals(past.report)
        self.forecast.learn_from(past.forecast, now_ms)

    def observe(self, event: AnyEvent, seq: int = 0) -> None:
        """Take one event of decision `seq` in."""
        record = self.report.observe(event)
        if record is not None:
            self.finished.add(seq, record)
        self.forecast.observe(event)
        self._follow_call(event)
        for seat in seats_of(event):
            self.seat_changed_ms[seat] = event.at_ms
        if isinstance(event, events.SeatLoggedOut):
            self.seat_changed_ms.pop(event.seat, None)

    def today(self, day: int) -> dict[str, Counter[str]]:
        """Calls of this day by department: offered, answered, within, abandoned. `day` is any number that changes daily."""
        totals = day_totals(self.report)
        if day != self._day:
            first, self._day = self._day == -1, day
            self._before_today = {} if first else totals
            self._earlier = self._earlier if first else {}
        nothing: Counter[str] = Counter()
        return {
            department: totals.get(department, nothing)
            - self._before_today.get(department, nothing)
            + self._earlier.get(department, nothing)
            for department in dict.fromkeys((*totals, *self._earlier))
        }

    def _follow_call(self, event: AnyEvent) -> None:
        if isinstance(event, events.CallRequested):
            if event.purpose is Purpose.CALL:
                self._open(event.call, event.item, event.enqueued_ms)
        elif isinstance(event, events.CallAccepted | events.CallbackAnswered):
            self._leave(event.call)
            if event.call in self._queue_of:
                self._queue_of[event.call][0].talking.add(event.call)
        elif isinstance(event, events.CallRequeued | events.CallTransferred | events.CallbackFailed):
            self._requeue(event.call)
        elif isinstance(event, events.CallAbandoned | events.CallDeflected | events.CallEnded):
            self._leave(event.call)
            queue = self._queue_of.pop(event.call, None)
            if queue is not None:
                queue[0].talking.discard(event.call)

    def _open(self, call: str, item: str, enqueued_ms: int) -> None:
        queue = self.queues[item.partition(".")[0]]
        self._queue_of[call] = (queue, enqueued_ms)
        queue.enter(call, enqueued_ms)

    def _leave(self, call: str) -> None:
        if call in self._queue_of:
            self._queue_of[call][0].leave(call)

    def _requeue(self, call: str) -> None:
        if call in self._queue_of:
            queue, enqueued_ms = self._queue_of[call]
            queue.talking.discard(call)
            queue.enter(call, enqueued_ms)
