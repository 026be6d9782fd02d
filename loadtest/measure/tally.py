"""What a run counts and times about its calls, and the metrics made of that and of what the bots received. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from loadtest.engine.readings import Reception
from loadtest.measure.histogram import Histogram

_ALWAYS = (
    "calls_requested",
    "calls_connected",
    "calls_completed",
    "calls_failed",
    "calls_refused",
    "calls_lost",
    "calls_unanswered",
    "calls_without_booth",
    "offers_over",
    "seats_lost",
)
"""Counts that are 0 when nothing happened: thresholds speak of them."""


@dataclass(slots=True)
class Tally:
    """Filled while a run goes on. Times are milliseconds."""

    counts: dict[str, int] = field(default_factory=dict)
    times: dict[str, Histogram] = field(default_factory=dict)
    refusals: dict[str, int] = field(default_factory=dict)
    """Errors by their text, the first hundred different ones."""

    def count(self, name: str, by: int = 1) -> None:
        """One more of these."""
        self.counts[name] = self.counts.get(name, 0) + by

    def time(self, name: str, value_ms: float) -> None:
        """One more such time."""
        self.times.setdefault(name, Histogram()).observe_ms(value_ms)

    def refuse(self, error: Exception) -> None:
        """Something went wrong for one bot."""
        text = f"{type(error).__name__}: {error}"[:200]
        if text in self.refusals or len(self.refusals) < 100:
            self.refusals[text] = self.refusals.get(text, 0) + 1

    def metrics(self) -> dict[str, float]:
        """Counts as they are, times as quantiles."""
        found: dict[str, float] = {**dict.fromkeys(_ALWAYS, 0), **self.counts, "errors": sum(self.refusals.values())}
        for name, histogram in self.times.items():
            found |= histogram.summary(name)
        return found


def reception_metrics(receptions: Iterable[Reception]) -> dict[str, float]:
    """How it was at single receivers, over their whole time."""
    streams = [each for each in receptions if each.packets]
    if not streams:
        return {}
    jitter = Histogram.of_ms(each.jitter_ms for each in streams)
    gaps = Histogram.of_ms(each.longest_gap_ms for each in streams)
    return {
        "streams_received": len(streams),
        "jitter_p50_ms": jitter.quantile_ms(0.5) or 0.0,
        "jitter_p95_ms": jitter.quantile_ms(0.95) or 0.0,
        "longest_gap_p95_ms": gaps.quantile_ms(0.95) or 0.0,
        "longest_gap_max_ms": gaps.max_ms or 0.0,
    }


def delivery_metrics(counted: Mapping[str, int]) -> dict[str, float]:
    """Loss and frames of a span of time, all streams together, from the engine's totals at its end less those at its beginning."""
    packets = counted["rtp_received"]
    if not packets:
        return {}
    missing, frames = counted["missing"], counted["frames_received"]
    lost, broken = missing - counted["repaired"], counted["broken_frames"]
    return {
        "packets_received": packets,
        "loss_before_repair_share": missing / (packets + lost),
        "loss_share": lost / (packets + lost),
        "frames_complete_share": frames / (frames + broken) if frames + broken else 0.0,
        "feedback_sent": counted["feedback_sent"],
        "feedback_received": counted["feedback_received"],
        "remb_sent": counted["remb_sent"],
        "uplink_lost_share": counted["reported_lost"] / max(counted["reported_lost"] + counted["reported_received"], 1),
        "freezes": counted["freezes"],
        "freeze_time_share": counted["freeze_ns"] / counted["watched_ns"] if counted["watched_ns"] else 0.0,
    }


TOO_LATE_MS = 40.0
"""A frame's time at 25 a second: later ones meet the next."""
TOO_MANY_DROPPED = 0.001


def slowness(metrics: Mapping[str, float]) -> str:
    """In words, that the tool did not do what it was asked; empty when it did."""
    late_ms = metrics.get("tool_lateness_p99_ms", 0.0)
    if late_ms > TOO_LATE_MS:
        return f"The tool was slower than asked: its frames left {late_ms:.0f} ms late (p99)."
    dropped = metrics.get("tool_overflow_packets", 0.0) + metrics.get("tool_refused_packets", 0.0)
    if dropped > TOO_MANY_DROPPED * max(metrics.get("packets_received", 0.0), 1.0):
        return f"The tool was slower than asked: {dropped:.0f} packets were lost in its own sockets."
    return ""


def bottleneck_warnings(metrics: dict[str, float]) -> tuple[str, ...]:
    """What a reader must know about the tool itself before believing the figures."""
    rules = (
        (
            metrics.get("tool_lateness_p99_ms", 0) > 5,
            "Bots' frames left {tool_lateness_p99_ms:.1f} ms late (p99): the tool was a bottleneck.",
        ),
        (
            metrics.get("tool_lag_p99_ms", 0) > 50,
            "Datagrams lay {tool_lag_p99_ms:.0f} ms unread (p99): RTCP answers of the bots came late.",
        ),
        (
            metrics.get("tool_overflow_packets", 0) > 0,
            "{tool_overflow_packets:.0f} datagrams found no room in the bots' sockets: that loss is the tool's.",
        ),
        (
            metrics.get("tool_refused_packets", 0) > 0,
            "The kernel refused {tool_refused_packets:.0f} packets of the bots: that loss is the tool's.",
        ),
        (
            metrics.get("emulator_lateness_p99_ms", 0) > 5,
            "The link emulator was {emulator_lateness_p99_ms:.1f} ms late (p99).",
        ),
        (
            metrics.get("machine_cpu_share", 0) > 0.95,
            "All cores of this machine were busy ({machine_cpu_share:.0%}): bots and server disturbed each other.",
        ),
    )
    return tuple(text.format(**metrics) for applies, text in rules if applies)
