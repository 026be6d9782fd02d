"""A seeded network in virtual time: loss, bursts of it, delay, jitter, reordering, duplication, a bottleneck with a queue.

    network = Network(Conditions(delay_s=0.03, loss=0.05), seed=42)
    network.send(b"...", source, destination, now)
    for datagram in network.arrivals(now): ...

The same seed gives the same fates. Nothing here waits: `deadline` says when the next datagram arrives.
"""

import heapq
import random
from dataclasses import dataclass, field
from itertools import count

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Burst:
    """Gilbert–Elliott loss: a good and a bad state, and the probability of changing between them at each datagram."""

    enter: float
    leave: float
    loss_when_bad: float = 1.0


@dataclass(frozen=True, slots=True)
class Conditions:
    """What one direction does to datagrams."""

    delay_s: float = 0.02
    jitter_s: float = 0.0
    """Added to the delay, uniform in 0…jitter; arrival order is kept unless `reorder` says otherwise."""
    loss: float = 0.0
    burst: Burst | None = None
    reorder: float = 0.0
    """Probability that a datagram is overtaken by those sent within `reorder_s` after it."""
    reorder_s: float = 0.03
    duplicate: float = 0.0
    rate_bps: float | None = None
    queue_bytes: int = 64_000
    """What the bottleneck holds before it drops the newest."""


@dataclass(frozen=True, slots=True)
class Datagram:
    """One datagram under way."""

    data: bytes
    source: Address
    destination: Address


@dataclass(order=True, slots=True)
class _InFlight:
    arrives_at: float
    number: int
    datagram: Datagram = field(compare=False)


class Link:
    """One direction of a network."""

    def __init__(self, conditions: Conditions, seed: int) -> None:
        self.conditions = conditions
        """May be replaced at any time: an outage is `loss=1`."""
        self.sent = 0
        self.lost = 0
        self._random = random.Random(seed)
        self._bad = False
        self._busy_until = 0.0
        self._in_order_at = 0.0
        self._in_flight: list[_InFlight] = []
        self._numbers = count()

    def send(self, datagram: Datagram, now: float) -> None:
        """Decide the datagram's fate."""
        self.sent += 1
        leaves_at = self._leaves_bottleneck_at(len(datagram.data), now)
        if leaves_at is None or self._is_lost():
            self.lost += 1
            return
        copies = 2 if self._random.random() < self.conditions.duplicate else 1
        for _ in range(copies):
            heapq.heappush(self._in_flight, _InFlight(self._arrives_at(leaves_at), next(self._numbers), datagram))

    def arrivals(self, now: float) -> list[Datagram]:
        """What has arrived by `now`, in order of arrival."""
        arrived = []
        while self._in_flight and self._in_flight[0].arrives_at <= now:
            arrived.append(heapq.heappop(self._in_flight).datagram)
        return arrived

    def deadline(self) -> float | None:
        """When the next datagram arrives."""
        return self._in_flight[0].arrives_at if self._in_flight else None

    def _leaves_bottleneck_at(self, size_bytes: int, now: float) -> float | None:
        rate_bps = self.conditions.rate_bps
        if rate_bps is None:
            return now
        queued_bytes = max(0.0, self._busy_until - now) * rate_bps / 8
        if queued_bytes + size_bytes > self.conditions.queue_bytes:
            return None
        self._busy_until = max(now, self._busy_until) + size_bytes * 8 / rate_bps
        return self._busy_until

    def _is_lost(self) -> bool:
        burst = self.conditions.burst
        if burst is not None:
            self._bad = self._random.random() < (1 - burst.leave if self._bad else burst.enter)
            if self._bad and self._random.random() < burst.loss_when_bad:
                return True
        return self._random.random() < self.conditions.loss

    def _arrives_at(self, leaves_at: float) -> float:
        conditions = self.conditions
        arrives_at = leaves_at + conditions.delay_s + self._random.random() * conditions.jitter_s
        if self._random.random() < conditions.reorder:
            return arrives_at + conditions.reorder_s
        self._in_order_at = max(self._in_order_at, arrives_at)
        return self._in_order_at


class Network:
    """Two links: `forward` from left to right, `back` from right to left."""

    def __init__(self, forward: Conditions | None = None, back: Conditions | None = None, *, seed: int = 0) -> None:
        forward = forward or Conditions()
        self.forward = Link(forward, seed)
        self.back = Link(back or forward, seed + 1)

    @property
    def links(self) -> tuple[Link, Link]:
        """Both."""
        return self.forward, self.back
