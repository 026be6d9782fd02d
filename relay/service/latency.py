"""From one mouth to the other's ear, hop by hop, against a budget (ITU-T G.114: at most 150 ms one way). Pure.

What is measured of each hop:

- uplink: half the speaker's round trip (RTCP), and the interarrival jitter of what it sends (RFC 3550 §6.4.1);
- relay: the residence time that 99 % of the packets stayed below, since the round before;
- downlink: half the listener's round trip, and the jitter it reports;
- jitter buffer: what the listener's own statistics say (W3C webrtc-stats, `jitterBufferDelay` over its count).

A hop that is not known adds nothing, so a total is never too high. Capture, encoding, decoding and the screen are the
devices' own and not part of it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from relay.config import LatencySettings
from relay.metrics.histogram import RTT_BOUNDS_S, Histogram
from relay.service.participants import Who


class Hop(StrEnum):
    """A part of the way."""

    UPLINK = "uplink"
    RELAY = "relay"
    DOWNLINK = "downlink"
    JITTER_BUFFER = "jitter-buffer"


TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Way:
    """From one party's microphone to another's ear, as measured in one round."""

    speaker: Who
    listener: Who
    hops_ms: Mapping[Hop, float]

    @property
    def total_ms(self) -> float:
        """One way, of the hops that are known."""
        return sum(self.hops_ms.values())


@dataclass(frozen=True, slots=True)
class LatencyOverBudget:
    """A call has been over its budget for some time; `hop` exceeds its own share the most."""

    call: str
    speaker: Who
    listener: Who
    total_ms: float
    budget_ms: float
    hop: Hop
    hop_ms: float
    hop_budget_ms: float


@dataclass(frozen=True, slots=True)
class LatencyInBudget:
    """A call that was over its budget is in it again."""

    call: str
    total_ms: float


LatencyEvent = LatencyOverBudget | LatencyInBudget


@dataclass(slots=True)
class _Standing:
    """Of one call. owned: whether it was last said to be over, and since when it has been otherwise."""

    over: bool = False
    otherwise_since_s: float | None = None


class LatencyWatch:
    """Judges the ways of every call, once a round. given: the budget. owned: where each call stands, and histograms."""

    def __init__(self, settings: LatencySettings) -> None:
        self._patience_s = settings.patience_s
        self.budgets_ms: Mapping[Hop, float] = {
            Hop.UPLINK: settings.uplink_ms,
            Hop.RELAY: settings.relay_ms,
            Hop.DOWNLINK: settings.downlink_ms,
            Hop.JITTER_BUFFER: settings.jitter_buffer_ms,
        }
        self.budget_ms = sum(self.budgets_ms.values())
        self._standings: dict[str, _Standing] = {}
        self.seconds: dict[str, Histogram] = {str(name): Histogram(RTT_BOUNDS_S) for name in (*Hop, TOTAL)}
        """Of every way measured, by hop."""
        self.exceeded: dict[str, float] = dict.fromkeys(map(str, Hop), 0)
        """Calls that went over the budget, by the hop to blame."""

    @property
    def calls_over(self) -> int:
        """How many are over now."""
        return sum(standing.over for standing in self._standings.values())

    def judge(self, call: str, ways: Iterable[Way], now_s: float) -> LatencyEvent | None:
        """The ways of a call in this round; what there is to tell, once it has lasted."""
        measured = [way for way in ways if way.hops_ms]
        for way in measured:
            self._count(way)
        worst = max(measured, key=lambda way: way.total_ms, default=None)
        if worst is None:
            return None
        standing = self._standings.setdefault(call, _Standing())
        if (worst.total_ms > self.budget_ms) == standing.over:
            standing.otherwise_since_s = None
            return None
        if standing.otherwise_since_s is None:
            standing.otherwise_since_s = now_s
        if now_s - standing.otherwise_since_s < self._patience_s:
            return None
        standing.over, standing.otherwise_since_s = not standing.over, None
        return self._blame(call, worst) if standing.over else LatencyInBudget(call, worst.total_ms)

    def keep(self, calls: set[str]) -> None:
        """Forget all others."""
        for call in self._standings.keys() - calls:
            del self._standings[call]

    def _count(self, way: Way) -> None:
        for hop, ms in way.hops_ms.items():
            self.seconds[hop].observe(ms / 1000)
        self.seconds[TOTAL].observe(way.total_ms / 1000)

    def _blame(self, call: str, way: Way) -> LatencyOverBudget:
        hop = max(way.hops_ms, key=lambda each: way.hops_ms[each] - self.budgets_ms[each])
        self.exceeded[hop] += 1
        return LatencyOverBudget(
            call=call,
            speaker=way.speaker,
            listener=way.listener,
            total_ms=way.total_ms,
            budget_ms=self.budget_ms,
            hop=hop,
            hop_ms=way.hops_ms[hop],
            hop_budget_ms=self.budgets_ms[hop],
        )


class Lately:
    """What a running histogram counted since it was last asked. owned: the counts of that time."""

    def __init__(self) -> None:
        self._before: tuple[int, ...] = ()

    def quantile(self, total: Histogram, share: float) -> float | None:
        """The bucket bound below which `share` of the new values lie; None without new ones."""
        counts = tuple(total.counts)
        before = self._before if len(self._before) == len(counts) else (0,) * len(counts)
        self._before = counts
        new = [now - then for now, then in zip(counts, before, strict=True)]
        if any(count < 0 for count in new):
            new = list(counts)  # counted anew: a media worker was replaced
        return Histogram(total.bounds, new).quantile(share)
