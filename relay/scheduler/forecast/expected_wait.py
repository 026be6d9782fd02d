"""How long each waiting call will still wait, learnt from what happened: its place in the queue, how fast such calls
have been taken lately, and how often citizens gave up (QL_m of Ibrahim & Whitt 2009 with observed rates).

Calls compete in *pools*: those of one department in one city, unless told otherwise. The pace of a pool is counted only
while somebody waits in it, so it is the share of the seats that the pool really gets, whatever else they serve. Until
enough was seen, the pace is that of the seats that have served the pool, all busy; and with no history at all, the wait
of the call at the head of the queue (HOL) is the only honest answer.
"""

import bisect
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from relay.scheduler import events
from relay.scheduler.events import AnyEvent
from relay.scheduler.forecast.delay import Delay, queue_wait

_MEMORY_MS = 1_800_000
"""Observations lose weight by e in this time: long enough for some dozens of calls, short enough for a lunch break."""
_PRIOR_STARTS = 8.0
"""The pace believed from seats and handling time counts like this many observed calls."""
_DOUBT_CALLS = 10.0
"""The correction by past errors believes so many calls of its own kind that there is nothing to correct."""
_STEP = 0.02
"""How far the margin of `likely_s` moves with each call."""
_LIKELY = 0.9
_SEATS_REMEMBERED = 4_096


@dataclass(frozen=True, slots=True)
class Expectation:
    """A forecast for one waiting call. Seconds from now."""

    position: int
    """1: the next of its pool."""
    mean_s: float
    likely_s: float
    """Nine of ten such calls wait no longer."""


@dataclass(slots=True)
class ForecastError:
    """How wrong the forecasts made at the start of the wait turned out, over calls that had to wait and were served."""

    count: int = 0
    sum_waited_s: float = 0.0
    """The truth, to see the errors beside it."""
    sum_s: float = 0.0
    """Of forecast minus truth: positive means too pessimistic."""
    sum_absolute_s: float = 0.0
    sum_squared_s2: float = 0.0
    beyond_likely: int = 0
    """Calls that waited longer than their `likely_s`; a tenth of them should."""

    def observe(self, expected: Expectation, waited_s: float) -> None:
        """Count one served call."""
        error_s = expected.mean_s - waited_s
        self.count += 1
        self.sum_waited_s += waited_s
        self.sum_s += error_s
        self.sum_absolute_s += abs(error_s)
        self.sum_squared_s2 += error_s * error_s
        self.beyond_likely += waited_s > expected.likely_s


@dataclass(slots=True)
class _Pool:
    """Observed rates of one pool, and its queue by key."""

    at_ms: int
    queue: list[tuple[int, int]] = field(default_factory=list)
    """Keys of those who wait, lowest (next) first."""
    since_ms: dict[tuple[int, int], int] = field(default_factory=dict)
    starts: float = 0.0
    busy_s: float = 0.0
    """Time with somebody waiting."""
    gave_up: float = 0.0
    waited_s: float = 0.0
    """Waiting time of all, for the hazard of giving up."""
    handled: float = 0.0
    handle_s: float = 0.0
    believed_s: float = 0.0
    """Waits as rates and positions alone had them, of calls since served …"""
    true_s: float = 0.0
    """… and as they turned out."""
    seats: dict[str, int] = field(default_factory=dict)
    """When each seat last served it, oldest first."""

    def age(self, now_ms: int) -> None:
        """Let the past fade, and count the time since."""
        elapsed_ms = now_ms - self.at_ms
        if elapsed_ms <= 0:
            return
        self.at_ms = now_ms
        keep = 1.0 - min(1.0, elapsed_ms / _MEMORY_MS)
        self.starts *= keep
        self.gave_up *= keep
        self.handled *= keep
        self.handle_s *= keep
        self.believed_s *= keep
        self.true_s *= keep
        waiting = len(self.queue)
        self.busy_s = self.busy_s * keep + (elapsed_ms / 1000.0 if waiting else 0.0)
        self.waited_s = self.waited_s * keep + waiting * elapsed_ms / 1000.0

    def forget(self, now_ms: int) -> None:
        """Nothing was observed before now."""
        self.at_ms = now_ms
        for name in _RATES:
            setattr(self, name, 0.0)

    def add(self, other: "_Pool", now_ms: int) -> None:
        """What was observed at another time; both aged until now."""
        self.age(now_ms)
        for name in _RATES:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.seats = other.seats | self.seats

    def ahead_of(self, key: tuple[int, int]) -> int:
        """How many of the pool are served before this one."""
        return bisect.bisect_left(self.queue, key)

    def handling(self, duration_ms: int) -> None:
        """A seat is free again after this."""
        self.handled += 1.0
        self.handle_s += duration_ms / 1000.0

    def served_by(self, seat: str) -> None:
        """A seat took a call of this pool."""
        self.seats.pop(seat, None)
        self.seats[seat] = self.at_ms
        oldest = next(iter(self.seats))
        if len(self.seats) > _SEATS_REMEMBERED or self.seats[oldest] < self.at_ms - 2 * _MEMORY_MS:
            del self.seats[oldest]

    def pace_per_s(self) -> float:
        """Calls taken per second while somebody waits; 0 when nothing is known."""
        believed = len(self.seats) * self.handled / self.handle_s if self.handle_s > 0.0 else 0.0
        if believed == 0.0:
            return self.starts / self.busy_s if self.starts and self.busy_s else 0.0
        return (self.starts + _PRIOR_STARTS) / (self.busy_s + _PRIOR_STARTS / believed)

    def believed(self, ahead: int) -> Delay | None:
        """By rates and position alone; None when there is nothing to go by."""
        pace = self.pace_per_s()
        if pace > 0.0:
            return queue_wait(ahead, pace, self.gave_up / self.waited_s if self.waited_s else 0.0)
        if self.queue:
            head_s = (self.at_ms - self.since_ms[self.queue[0]]) / 1000.0
            return Delay(head_s, head_s * head_s)
        return None

    def correction(self, believed_s: float) -> float:
        """How much longer than believed such calls have waited lately: queues that grow, seats shared with others."""
        doubt_s = _DOUBT_CALLS * believed_s
        return (self.true_s + doubt_s) / (self.believed_s + doubt_s) if doubt_s else 1.0


_RATES = ("starts", "busy_s", "gave_up", "waited_s", "handled", "handle_s", "believed_s", "true_s")


@dataclass(slots=True)
class _Call:
    """One call from its request to the end of its handling."""

    pool: _Pool
    virtual_ms: int
    key: tuple[int, int] | None = None
    """Its place in the queue of the pool, while it waits."""
    asked_ms: int = 0
    taken_ms: int = 0
    seat: str = ""
    """The seat responsible for it."""
    expected: Expectation | None = None
    """What was forecast when its wait began …"""
    believed_s: float = 0.0
    """… and what rates and position alone had said."""


class WaitForecast:
    """Feed it every event in order; ask it about any waiting call."""

    def __init__(self, pool_of: Callable[[str, str], str] | None = None) -> None:
        """`pool_of(item, region)` names the pool; default: department (first part of the item) and city."""
        self.error = ForecastError()
        self.overtakes = 0
        """Offers made although calls of the same pool with a lower key waited: other skills, rings, sticky seats."""
        self._pool_of = pool_of or department_and_city
        self._pools: dict[str, _Pool] = {}
        self._calls: dict[str, _Call] = {}
        self._entries = 0
        self._margin = 1.0

    def observe(self, event: AnyEvent) -> None:
        """Learn from one event."""
        learn = _LESSONS.get(type(event))
        if learn is not None:
            learn(self, event)

    def expect(self, call: str, now_ms: int) -> Expectation | None:
        """The forecast for a waiting call; None for others, and when nothing is known yet."""
        known = self._calls.get(call)
        if known is None or known.key is None:
            return None
        known.pool.age(now_ms)
        return self._expectation(known.pool, known.pool.ahead_of(known.key))

    def expect_new(self, item: str, region: str, now_ms: int) -> Expectation | None:
        """What a call that came now would be told, if it had to wait behind all others of its pool."""
        pool = self._pools.get(self._pool_of(item, region))
        if pool is None:
            return None
        pool.age(now_ms)
        return self._expectation(pool, len(pool.queue))

    def begin_anew(self, now_ms: int) -> None:
        """Keep who waits and who serves, forget how fast it went: that is not in `opening_events`."""
        self.error, self.overtakes = ForecastError(), 0
        for pool in self._pools.values():
            pool.forget(now_ms)
        for call in self._calls.values():
            call.expected = None

    def learn_from(self, history: "WaitForecast", now_ms: int) -> None:
        """Take over the pace that another forecast has seen, before this one began."""
        self._margin = history._margin
        for name, pool in history._pools.items():
            pool.age(now_ms)
            self._pools.setdefault(name, _Pool(now_ms)).add(pool, now_ms)

    def _requested(self, event: events.CallRequested) -> None:
        call = _Call(self._pool(event.item, event.region, event.at_ms), event.virtual_ms, asked_ms=event.at_ms)
        self._calls[event.call] = call
        if not event.direct:
            self._enter(call, event.at_ms)
            self._foretell(call)

    def _back_in_queue(self, event: Any) -> None:
        """An offer failed, a conversation was lost, a callback was not answered: the call waits, if it did not."""
        call = self._calls.get(event.call)
        if call is not None and call.key is None:
            call.seat = ""
            self._enter(call, event.at_ms)

    def _reprioritised(self, event: events.CallReprioritised) -> None:
        call = self._calls.get(event.call)
        if call is not None:
            call.virtual_ms = event.virtual_ms
            if call.key is not None:
                self._leave(call, event.at_ms)
                self._enter(call, event.at_ms)

    def _transferred(self, event: events.CallTransferred) -> None:
        call = self._calls.get(event.call)
        if call is not None:
            call.pool.handling(event.at_ms - call.taken_ms)
            call.pool, call.seat = self._pool(event.item, event.region, event.at_ms), ""
            self._enter(call, event.at_ms)

    def _handed_over(self, event: events.CallHandedOver) -> None:
        call = self._calls.get(event.call)
        if call is not None:
            call.seat = event.to

    def _offered(self, event: events.CallOffered) -> None:
        call = self._calls.get(event.call)
        if call is not None and call.key is not None:
            self.overtakes += call.pool.ahead_of(call.key) > 0

    def _taken(self, event: events.CallAccepted | events.CallbackStarted) -> None:
        self._take(self._calls.get(event.call), event.seat, event.at_ms)

    def _joined(self, event: events.SeatJoined) -> None:
        self._take(self._calls.pop(event.invitation, None), event.seat, event.at_ms)

    def _given_up(self, event: events.CallAbandoned | events.CallDeflected) -> None:
        call = self._calls.pop(event.call, None)
        if call is not None and call.key is not None:
            self._leave(call, event.at_ms)
            call.pool.gave_up += 1.0

    def _ended(self, event: events.CallEnded) -> None:
        if event.wrap_until_ms == events.NEVER_MS:
            self._handled(event)

    def _handled(self, event: events.CallEnded | events.WrapUpFinished) -> None:
        call = self._calls.get(event.call)
        if call is not None and call.seat == event.seat:
            call.pool.age(event.at_ms)
            call.pool.handling(event.at_ms - call.taken_ms)
            del self._calls[event.call]

    def _take(self, call: _Call | None, seat: str, at_ms: int) -> None:
        if call is None:
            return
        call.taken_ms, call.seat = at_ms, seat
        if call.key is not None:
            self._leave(call, at_ms)
            call.pool.starts += 1.0
        call.pool.age(at_ms)
        call.pool.served_by(seat)
        if call.expected is not None:
            self._learn(call, call.expected, (at_ms - call.asked_ms) / 1000.0)
            call.expected = None

    def _foretell(self, call: _Call) -> None:
        """Remember what a call is told at the beginning of its wait, to learn from it."""
        ahead = call.pool.ahead_of(call.key) if call.key is not None else 0
        believed = call.pool.believed(ahead)
        if believed is not None:
            call.believed_s = believed.mean_s
            call.expected = self._expectation(call.pool, ahead)

    def _expectation(self, pool: _Pool, ahead: int) -> Expectation | None:
        believed = pool.believed(ahead)
        if believed is None:
            return None
        factor = pool.correction(believed.mean_s)
        likely_s = believed.quantile_s(_LIKELY) * factor * self._margin if believed.mean_s else 0.0
        return Expectation(ahead + 1, believed.mean_s * factor, likely_s)

    def _learn(self, call: _Call, expected: Expectation, waited_s: float) -> None:
        self.error.observe(expected, waited_s)
        call.pool.believed_s += call.believed_s
        call.pool.true_s += waited_s
        # Robbins & Monro 1951: the margin settles where the wanted share of the calls stays below.
        self._margin *= math.exp(_STEP * ((waited_s > expected.likely_s) - (1.0 - _LIKELY)))

    def _pool(self, item: str, region: str, at_ms: int) -> _Pool:
        name = self._pool_of(item, region)
        pool = self._pools.get(name)
        if pool is None:
            pool = self._pools[name] = _Pool(at_ms)
        pool.age(at_ms)
        return pool

    def _enter(self, call: _Call, at_ms: int) -> None:
        call.pool.age(at_ms)
        self._entries += 1
        call.key = (call.virtual_ms, self._entries)
        bisect.insort(call.pool.queue, call.key)
        call.pool.since_ms[call.key] = at_ms

    def _leave(self, call: _Call, at_ms: int) -> None:
        if call.key is not None:
            call.pool.age(at_ms)
            del call.pool.queue[call.pool.ahead_of(call.key)]
            del call.pool.since_ms[call.key]
            call.key = None


def department_and_city(item: str, region: str) -> str:
    """The default pool: first part of the item code, first four digits of the division code."""
    return f"{item.partition('.')[0]}@{region[:4]}"


_LESSONS: dict[type[events.Event], Callable[[WaitForecast, Any], None]] = {
    events.CallRequested: WaitForecast._requested,
    events.CallReprioritised: WaitForecast._reprioritised,
    events.CallOffered: WaitForecast._offered,
    events.OfferDeclined: WaitForecast._back_in_queue,
    events.OfferTimedOut: WaitForecast._back_in_queue,
    events.OfferWithdrawn: WaitForecast._back_in_queue,
    events.CallRequeued: WaitForecast._back_in_queue,
    events.CallbackFailed: WaitForecast._back_in_queue,
    events.CallTransferred: WaitForecast._transferred,
    events.CallHandedOver: WaitForecast._handed_over,
    events.CallAccepted: WaitForecast._taken,
    events.CallbackStarted: WaitForecast._taken,
    events.SeatJoined: WaitForecast._joined,
    events.CallAbandoned: WaitForecast._given_up,
    events.CallDeflected: WaitForecast._given_up,
    events.CallEnded: WaitForecast._ended,
    events.WrapUpFinished: WaitForecast._handled,
}
