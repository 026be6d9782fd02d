"""What the running scheduler says about itself."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class ServiceCounters:
    """Totals since the start of the process, and the watchdog."""

    last_run_s: float = 0.0
    """When the loop last turned, on the monotonic clock; more than a few seconds ago means stuck."""
    rounds: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    """By problem: `offer-expired` counts accepts that came too late, `not-yours` foreign ones, …"""
    commit_failures: int = 0
    rebuilds: int = 0
    """Times the engine was rebuilt from the journal, after a failed commit or a bug."""
    faults: int = 0
    """Bugs met while deciding; each one was logged, refused its command, and cost a rebuild."""


@dataclass(frozen=True, slots=True)
class Health:
    """What a readiness probe and the metrics want to know."""

    ready: bool
    reason: str
    """Why not."""
    seq: int
    """Number of the last decision."""
    commands_waiting: int
    undelivered: int
    effects_given_up_total: int
    cut_off_total: int
    counters: ServiceCounters
