"""What the scheduler's events add up to: the running report, the forecast of waits, the queues by department. Pure.

Fed with every durable decision in order. After a restart it is primed with what waits; totals begin anew.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable

from relay.scheduler import events
from relay.scheduler.entities import Call
from relay.scheduler.events import AnyEvent
from relay.scheduler.forecast.expected_wait import WaitForecast
from relay.scheduler.lifecycle import CONNECTED, QUEUED
from relay.scheduler.model import Purpose
from relay.scheduler.reports import Report, ReportSettings

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


class Ledger:
    """Everything that is folded from events, besides the scheduler's own state."""

    def __init__(self, settings: ReportSettings = ReportSettings()) -> None:  # noqa: B008  frozen
        self.report = Report(settings)
        self.forecast = WaitForecast()
        self.queues: defaultdict[str, Queue] = defaultdict(Queue)
        self.seat_changed_ms: dict[str, int] = {}
        """When something last happened at a seat that is online."""
        self._queue_of: dict[str, tuple[Queue, int]] = {}
        self._day = -1
        self._before_today: dict[str, Counter[str]] = {}

    def prime(self, calls: Iterable[Call]) -> None:
        """Take over the open calls of a scheduler that was restarted."""
        for call in calls:
            if call.purpose is Purpose.CALL:
                self._open(call.id, call.item, call.enqueued_ms)
                if call.phase not in QUEUED:
                    self._leave(call.id)
                if call.phase in CONNECTED:
                    self._queue_of[call.id][0].talking.add(call.id)

    def observe(self, event: AnyEvent) -> None:
        """Take one event in."""
        self.report.observe(event)
        self.forecast.observe(event)
        self._follow_call(event)
        for seat in seats_of(event):
            self.seat_changed_ms[seat] = event.at_ms
        if isinstance(event, events.SeatLoggedOut):
            self.seat_changed_ms.pop(event.seat, None)

    def today(self, day: int) -> dict[str, Counter[str]]:
        """Calls of this day by department: offered, answered, within, abandoned. `day` is any number that changes daily."""
        totals = {
            department: Counter(
                offered=tally.offered,
                answered=tally.answered,
                within=tally.answered_within,
                abandoned=tally.abandoned.total(),
            )
            for department, tally in self.report.tallies.along("queue").items()
        }
        if day != self._day:
            first, self._day = self._day == -1, day
            self._before_today = {} if first else totals
        return {
            department: total - self._before_today.get(department, Counter()) for department, total in totals.items()
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
