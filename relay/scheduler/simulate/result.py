"""What a simulated day came to, as numbers for tables, plots and JSON."""

from array import array
from collections.abc import Iterable
from datetime import datetime

import msgspec

from relay.scheduler.forecast import ServiceLevel
from relay.scheduler.reports import CallRecord, Outcome, Tally

SERIES_MS = 900_000
"""Waits and service levels over the day are shown by quarter of an hour."""


class Line(msgspec.Struct, frozen=True):
    """One row of the result: a class of callers, a region, a department, or all."""

    name: str
    offered: int
    answered: int
    abandoned: int
    deflected: int
    service_level: ServiceLevel
    mean_wait_s: float
    """Of those answered."""
    wait_p90_s: float
    longest_wait_s: float
    mean_handle_s: float


class Point(msgspec.Struct, frozen=True):
    """One quarter of an hour of one class or region."""

    at_min: float
    name: str
    offered: int
    mean_wait_s: float
    in_time: float
    """Share of the offered answered within the target."""


class Result(msgspec.Struct, frozen=True):
    """Everything a scenario's run tells."""

    title: str
    seed: str
    seats: int
    simulated_s: float
    target_s: float
    decisions: int
    total: Line
    by_priority: tuple[Line, ...]
    by_region: tuple[Line, ...]
    by_queue: tuple[Line, ...]
    occupancy: float
    overtakes: int
    offers: dict[str, int]
    refusals: dict[str, int]
    appointments: dict[str, int]
    booth_wait_mean_s: float
    booth_wait_p90_s: float
    balked: int
    forecast_calls: int
    """Calls that were told a wait, and were served."""
    forecast_mae_s: float
    """Mean absolute error of the wait told at the beginning."""
    forecast_bias_s: float
    """Of what was told, minus what came true."""
    forecast_wait_s: float
    """Mean wait of those calls."""
    forecast_beyond_likely: float
    """Share of them that waited longer than was called likely; a tenth should."""
    series_from: datetime
    """Where the series begin."""
    priorities_over_time: tuple[Point, ...]
    regions_over_time: tuple[Point, ...]


def line_of(name: str, tally: Tally) -> Line:
    """A row from its tally."""
    return Line(
        name=name,
        offered=tally.offered,
        answered=tally.answered,
        abandoned=tally.abandoned.total(),
        deflected=tally.deflected.total(),
        service_level=tally.service_level(),
        mean_wait_s=tally.wait_answered.mean,
        wait_p90_s=tally.wait_answered.quantile(0.9),
        longest_wait_s=max(tally.wait_answered.maximum, tally.wait_abandoned.maximum),
        mean_handle_s=tally.handle.mean,
    )


class Series:
    """Waits over the day by one label; two numbers and two counts per label and quarter of an hour."""

    def __init__(self, start_ms: int, duration_ms: int, target_ms: int) -> None:
        self._start_ms = start_ms
        self._steps = -(-duration_ms // SERIES_MS)
        self._target_ms = target_ms
        self._offered: dict[str, array[int]] = {}
        self._in_time: dict[str, array[int]] = {}
        self._waited_ms: dict[str, array[int]] = {}

    def observe(self, name: str, record: CallRecord) -> None:
        """Count a finished call in the quarter in which it came."""
        step = min(max(0, (record.enqueued_ms - self._start_ms) // SERIES_MS), self._steps - 1)
        if name not in self._offered:
            for table in (self._offered, self._in_time, self._waited_ms):
                table[name] = array("q", bytes(8 * self._steps))
        self._offered[name][step] += 1
        self._waited_ms[name][step] += record.waited_ms
        self._in_time[name][step] += record.outcome is Outcome.ANSWERED and record.waited_ms <= self._target_ms

    def points(self) -> tuple[Point, ...]:
        """By name, then time; quarters without calls are left out."""
        return tuple(point for name in sorted(self._offered) for point in self._points_of(name))

    def _points_of(self, name: str) -> Iterable[Point]:
        for step, offered in enumerate(self._offered[name]):
            if offered:
                yield Point(
                    at_min=step * SERIES_MS / 60_000,
                    name=name,
                    offered=offered,
                    mean_wait_s=self._waited_ms[name][step] / offered / 1000.0,
                    in_time=self._in_time[name][step] / offered,
                )
