"""One direction of an emulated link: a datagram's size and the time → its fate.

Order of events, as on a real path: the queue before the bottleneck, the bottleneck, the air (loss), the way (delay, jitter,
reordering, duplication). Loss behind the bottleneck uses up its rate, as on radio links.
"""

import random
from collections import deque
from enum import Enum
from typing import NamedTuple

from loadtest.impair.conditions import Conditions
from loadtest.traces import Trace

_OUTAGE_LIMIT_S = 60.0
"""A datagram that would wait longer at a bottleneck of rate zero is dropped."""


class Loss(Enum):
    """Why a datagram does not arrive."""

    QUEUE = "queue"
    AIR = "air"


class Fate(NamedTuple):
    """When the datagram arrives (twice if duplicated), or why it does not."""

    arrivals: tuple[float, ...]
    loss: Loss | None = None


class _State(NamedTuple):
    """What is in force at one time."""

    rate_bps: float | None
    delay_ms: float
    loss: float


class Link:
    """The same seed gives the same fates. `trace` begins at `started`; `uplink` says which of its directions this is."""

    def __init__(
        self,
        conditions: Conditions,
        seed: int,
        trace: Trace | None = None,
        *,
        uplink: bool = True,
        started: float = 0.0,
    ) -> None:
        self.lost = dict.fromkeys(Loss, 0)
        self.passed = 0
        self._conditions = conditions
        self._random = random.Random(seed)
        self._trace = trace
        self._uplink = uplink
        self._started = started
        self._bad = False
        self._queue: deque[tuple[float, int]] = deque()
        self._queued_bytes = 0
        self._busy_until = float("-inf")
        self._in_order_at = float("-inf")

    def handle_datagram(self, size_bytes: int, now: float) -> Fate:
        """Decide. `now` never goes back."""
        leaves_at = self._pass_bottleneck(size_bytes, now)
        if leaves_at is None:
            return self._lose(Loss.QUEUE)
        if self._is_lost(self._state(leaves_at)):
            return self._lose(Loss.AIR)
        self.passed += 1
        copies = 2 if self._chance(self._conditions.duplicate) else 1
        return Fate(tuple(self._arrives_at(leaves_at) for _ in range(copies)))

    def queued_bytes(self, now: float) -> int:
        """What waits before the bottleneck."""
        while self._queue and self._queue[0][0] <= now:
            self._queued_bytes -= self._queue.popleft()[1]
        return self._queued_bytes

    def _pass_bottleneck(self, size_bytes: int, now: float) -> float | None:
        if self._state(now).rate_bps is None and self._busy_until <= now:
            return now
        if self.queued_bytes(now) + size_bytes > self._conditions.queue_bytes:
            return None
        leaves_at = self._transmitted(size_bytes * 8, max(now, self._busy_until), now + _OUTAGE_LIMIT_S)
        if leaves_at is None:
            return None
        self._busy_until = leaves_at
        self._queue.append((leaves_at, size_bytes))
        self._queued_bytes += size_bytes
        return leaves_at

    def _transmitted(self, bits: float, start: float, limit: float) -> float | None:
        """When the last bit is through, at rates that change with the trace."""
        while start < limit:
            rate_bps = self._state(start).rate_bps
            if rate_bps is None:
                return start
            end = self._next_change(start)
            if rate_bps > 0 and start + bits / rate_bps <= end:
                return start + bits / rate_bps
            bits -= rate_bps * (end - start)
            start = end
        return None

    def _state(self, at: float) -> _State:
        conditions = self._conditions
        if self._trace is None:
            return _State(conditions.rate_bps, conditions.delay_ms, conditions.loss)
        sample = self._trace.at(max(0.0, at - self._started))
        rate_bps = sample.up_bps if self._uplink else sample.down_bps
        return _State(
            conditions.rate_bps if rate_bps is None else rate_bps,
            conditions.delay_ms if sample.rtt_ms is None else sample.rtt_ms / 2,
            conditions.loss if sample.loss is None else sample.loss,
        )

    def _next_change(self, at: float) -> float:
        if self._trace is None:
            return float("inf")
        return self._started + self._trace.next_change_s(max(0.0, at - self._started))

    def _is_lost(self, state: _State) -> bool:
        burst = self._conditions.burst
        if burst is not None:
            self._bad = not self._chance(burst.leave) if self._bad else self._chance(burst.enter)
            if self._chance(burst.loss_bad if self._bad else burst.loss_good):
                return True
        return self._chance(state.loss)

    def _arrives_at(self, leaves_at: float) -> float:
        conditions = self._conditions
        jitter_ms = self._random.random() * conditions.jitter_ms if conditions.jitter_ms else 0.0
        arrives_at = leaves_at + (self._state(leaves_at).delay_ms + jitter_ms) / 1000
        if self._chance(conditions.reorder):
            return arrives_at + conditions.reorder_ms / 1000
        self._in_order_at = max(self._in_order_at, arrives_at)
        return self._in_order_at

    def _chance(self, share: float) -> bool:
        return share > 0 and self._random.random() < share

    def _lose(self, loss: Loss) -> Fate:
        self.lost[loss] += 1
        return Fate((), loss)
