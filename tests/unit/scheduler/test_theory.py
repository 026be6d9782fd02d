"""The engine against queueing theory: exact values, fixed seeds, confidence intervals.

One unit of time is a minute; all service is exponential with mean 1 but where said otherwise. Seats answer at once, so
that the engine is the textbook's queue: first come first served, longest idle seat first, within what is eligible.
Exact values: scheduling anchors, sections 4.1 to 4.4. Means come from batches, with the gaps between arrivals and the
service times, whose means are known, as control variates (Lavenberg & Welch 1981): a shorter run says as much.
"""

import random
from dataclasses import dataclass, field

import msgspec
import numpy as np
import pytest

from relay.scheduler import commands as ask
from relay.scheduler import events
from relay.scheduler.engine import Engine
from relay.scheduler.forecast import Load, performance, strict_waits_s
from relay.scheduler.model import Party, Reach, SeatProfile, ServiceItem, Skill
from relay.scheduler.settings import PriorityClass, Ring
from relay.scheduler.simulate.scenario import SIMULATION_SETTINGS
from relay.scheduler.simulate.world import World
from relay.scheduler.state import State

UNIT_MS = 60_000
BATCHES = 30
WARM_UP = 300
SIGMAS = 3.4
"""Of Student's law, 999 of 1000 honest engines; with fixed seeds it is the same verdict every time."""

TEXTBOOK = msgspec.structs.replace(
    SIMULATION_SETTINGS,
    wrap_up=False,
    rings=(Ring(0, Reach.COUNTRY),),
    strategy=("longest_idle",),
    sticky_window_ms=0,
    kiosk_calls=0,
    citizen_calls=0,
    resume_window_ms=0,
    key_window_ms=1,
)
Classes = dict[str, tuple[float, str, str]]
"""Arrivals per unit, item, priority by name."""


@dataclass
class Visits:
    """What happened to each call, in the order of their arrival."""

    names: list[str] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    services: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    """NaN: gave up."""


def simulate(
    classes: Classes,
    seats: dict[tuple[str, ...], int],
    calls: int,
    *,
    seed: int,
    service_rate: float = 1.0,
    patience_rate: float = 0.0,
    priorities: tuple[PriorityClass, ...] = TEXTBOOK.priorities,
) -> Visits:
    """Run `calls` calls through the engine, with so many `seats` by the items they serve."""
    world = World(Engine(State(msgspec.structs.replace(TEXTBOOK, priorities=priorities))), start_ms=0)
    world.submit(
        ask.DefineItems(tuple(ServiceItem(item) for item in sorted({item for _, item, _ in classes.values()})))
    )
    for skills, count in seats.items():
        profile = SeatProfile(tuple(Skill(item) for item in skills), ("330000",))
        for n in range(count):
            world.submit(ask.LogIn(f"{'-'.join(skills)}.{n}", profile, ready=True))
    visits, number_of = Visits(waits=[float("nan")] * calls), {}
    chance = random.Random(seed)
    names, rates = list(classes), [rate for rate, _, _ in classes.values()]

    def come() -> None:
        n = len(visits.names)
        if n == calls:
            return
        gap = chance.expovariate(sum(rates))
        visits.gaps.append(gap)
        visits.names.append(chance.choices(names, rates)[0])
        visits.services.append(chance.expovariate(service_rate))
        patience_ms = round(chance.expovariate(patience_rate) * UNIT_MS) if patience_rate else None
        world.at(world.now_ms + round(gap * UNIT_MS), lambda _: request(n, patience_ms))

    def request(n: int, patience_ms: int | None) -> None:
        _, item, priority = classes[visits.names[n]]
        call = world.submit(ask.RequestCall(f"{n}", f"k{n}", item, "330106", priority=priority))[0].call
        number_of[call] = n
        if patience_ms is not None:
            world.at(world.now_ms + patience_ms, lambda _: call in number_of and world.submit(ask.HangUp(call)))
        come()

    def answered(event: events.CallAccepted) -> None:
        n = number_of.pop(event.call)
        visits.waits[n] = event.waited_ms / UNIT_MS
        world.ask_at(event.at_ms + round(visits.services[n] * UNIT_MS), ask.HangUp(event.call, Party.SEAT))

    world.on(events.CallOffered, lambda event: world.ask_at(event.at_ms, ask.AcceptOffer(event.offer, event.seat)))
    world.on(events.CallAccepted, answered)
    world.on(events.CallAbandoned, lambda event: number_of.pop(event.call))
    come()
    world.run(1 << 50)
    return visits


@dataclass
class Estimate:
    """A mean of what was observed, over the calls of some classes, beside the exact one."""

    mean: float
    error: float

    def is_close_to(self, exact: float, *, error: float) -> None:
        """The exact value lies in the confidence interval, and the standard error is at most this share of it."""
        told = f"{self.mean:.4f} +- {self.error:.4f} against {exact:.4f}"
        assert abs(self.mean - exact) < SIGMAS * self.error, told
        assert self.error < error * exact, told


def estimate(visits: Visits, classes: Classes, service_rate: float, measure, only: str = "") -> Estimate:
    """Mean of `measure(waits)` over batches, corrected by the batches' luck with gaps, services and classes."""
    size = (len(visits.names) - WARM_UP) // BATCHES
    batches = slice(WARM_UP, WARM_UP + size * BATCHES)

    def by_batch(values) -> np.ndarray:
        return np.asarray(values, dtype=float)[batches].reshape(BATCHES, size)

    names = np.asarray(visits.names)[batches].reshape(BATCHES, size)
    counted = (names == only) if only else np.ones_like(names, dtype=bool)
    values = np.where(counted, measure(by_batch(visits.waits)), np.nan)
    total = sum(rate for rate, _, _ in classes.values())
    controls = [by_batch(visits.gaps).mean(1) - 1 / total, by_batch(visits.services).mean(1) - 1 / service_rate]
    controls += [(names == name).mean(1) - rate / total for name, (rate, _, _) in list(classes.items())[1:]]
    design = np.column_stack([np.ones(BATCHES), *controls])
    sought = np.nanmean(values, axis=1)
    solution, *_ = np.linalg.lstsq(design, sought, rcond=None)
    residual = sought - design @ solution
    variance = residual @ residual / (BATCHES - design.shape[1])
    return Estimate(float(solution[0]), float(np.sqrt(variance * np.linalg.inv(design.T @ design)[0, 0])))


def waits(values: np.ndarray) -> np.ndarray:
    return values


def had_to_wait(values: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(values), np.nan, values > 0)


def within(target: float):
    return lambda values: np.where(np.isnan(values), np.nan, values <= target)


def gave_up(values: np.ndarray) -> np.ndarray:
    return np.isnan(values).astype(float)


@pytest.mark.parametrize(
    ("arrivals", "service", "seats", "calls"),
    [(4.2, 0.5, 12, 16_000), (10.0, 1.0, 12, 18_000), (100 / 30, 1 / 3, 14, 16_000)],
)
def test_erlang_c(arrivals, service, seats, calls):
    classes: Classes = {"all": (arrivals, "a", "normal")}
    visits = simulate(classes, {("a",): seats}, calls, seed=1, service_rate=service)
    exact = performance(Load(arrivals, 1 / service), seats, 1 / 3)
    estimate(visits, classes, service, waits).is_close_to(exact.mean_wait_s, error=0.14)
    estimate(visits, classes, service, had_to_wait).is_close_to(exact.wait_probability, error=0.07)
    estimate(visits, classes, service, within(1 / 3)).is_close_to(exact.service_level.of_offered, error=0.025)


@pytest.mark.parametrize(
    ("arrivals", "seats", "theta", "target", "calls"),
    [(10.0, 8, 0.5, 1 / 3, 12_000), (48.0, 50, 0.5, 1 / 3, 12_000), (120.0, 100, 1.0, 0.2, 16_000)],
)
def test_erlang_a(arrivals, seats, theta, target, calls):
    classes: Classes = {"all": (arrivals, "a", "normal")}
    visits = simulate(classes, {("a",): seats}, calls, seed=2, patience_rate=theta)
    exact = performance(Load(arrivals, 1.0, 1 / theta), seats, target)
    estimate(visits, classes, 1.0, waits).is_close_to(exact.mean_wait_served_s, error=0.14)
    estimate(visits, classes, 1.0, within(target)).is_close_to(exact.service_level.of_answered, error=0.06)
    estimate(visits, classes, 1.0, gave_up).is_close_to(exact.abandonment, error=0.15)


TWO_CLASSES: Classes = {"high": (3.0, "a", "urgent"), "low": (6.0, "a", "normal")}


def two_classes_with_head_start(minutes: float, classes: Classes = TWO_CLASSES, seats: int = 10) -> Visits:
    priorities = (PriorityClass("normal"), PriorityClass("urgent", minutes), PriorityClass("appointment"))
    return simulate(classes, {("a",): seats}, 22_000, seed=3, priorities=priorities)


@pytest.mark.parametrize(
    ("rates", "seats", "points"),
    [((3.0, 6.0), 10, (0.095533, 0.955331, 0.668732)), ((2.0, 2.0), 5, (0.184704, 0.923521, 0.554113))],
)
def test_strict_priority_is_cobhams(rates, seats, points):
    """And what one class gains, the other loses: weighted by their calls, the waits are those of first come, first served."""
    classes: Classes = {"high": (rates[0], "a", "urgent"), "low": (rates[1], "a", "normal")}
    assert (*strict_waits_s(rates, 1.0, seats), performance(Load(sum(rates), 1.0), seats, 1.0).mean_wait_s) == (
        pytest.approx(points, abs=1e-6)
    )
    visits = two_classes_with_head_start(1e9, classes, seats)
    estimate(visits, classes, 1.0, waits, "high").is_close_to(points[0], error=0.05)
    estimate(visits, classes, 1.0, waits, "low").is_close_to(points[1], error=0.12)
    estimate(visits, classes, 1.0, waits).is_close_to(points[2], error=0.12)


def test_a_head_start_of_one_minute_lies_between_first_come_and_strict():
    """Same-slope ageing is a constant offset: simulated reference 0.3873 +- 0.0033 and 0.8094 +- 0.0040."""
    visits = two_classes_with_head_start(1.0)
    estimate(visits, TWO_CLASSES, 1.0, waits, "high").is_close_to(0.3873, error=0.12)
    estimate(visits, TWO_CLASSES, 1.0, waits, "low").is_close_to(0.8094, error=0.12)


POOLS = {
    "none": ({("a",): 4, ("b",): 4}, 0.745541),
    "two of eight": ({("a",): 3, ("b",): 3, ("a", "b"): 2}, 0.419181),
    "half": ({("a",): 2, ("b",): 2, ("a", "b"): 4}, 0.336739),
    "full": ({("a", "b"): 8}, 0.286028),
}


@pytest.mark.parametrize("pool", POOLS)
def test_a_few_generalists_recover_most_of_what_pooling_gives(pool):
    """Exact product form of Adan & Weiss 2014 for first come, first served with the longest idle seat."""
    seats, exact = POOLS[pool]
    classes: Classes = {"a": (3.2, "a", "normal"), "b": (3.2, "b", "normal")}
    estimate(simulate(classes, seats, 10_000, seed=4), classes, 1.0, waits).is_close_to(exact, error=0.12)


def test_unequal_classes_share_the_generalists_as_the_product_form_says():
    classes: Classes = {"a": (4.0, "a", "normal"), "b": (2.4, "b", "normal")}
    visits = simulate(classes, {("a",): 3, ("b",): 3, ("a", "b"): 2}, 14_000, seed=5)
    estimate(visits, classes, 1.0, waits, "a").is_close_to(0.783362, error=0.12)
    estimate(visits, classes, 1.0, waits, "b").is_close_to(0.274626, error=0.09)
    estimate(visits, classes, 1.0, had_to_wait, "a").is_close_to(0.684183, error=0.03)
    estimate(visits, classes, 1.0, had_to_wait, "b").is_close_to(0.407047, error=0.04)


@pytest.mark.parametrize(("skills", "exact", "must_wait"), [(2, 0.866281, 0.744908), (6, 0.533369, 0.640043)])
def test_two_skills_a_seat_are_nearly_as_good_as_all(skills, exact, must_wait):
    """Six kinds of calls, two seats of each primary skill, nine tenths of their time busy; one skill alone: 4.263158."""
    kinds = "abcdef"
    seats = {tuple(kinds[(first + n) % 6] for n in range(skills)): 2 for first in range(6)}
    classes: Classes = {kind: (1.8, kind, "normal") for kind in kinds}
    visits = simulate(classes, seats if skills < 6 else {tuple(kinds): 12}, 24_000, seed=6)
    estimate(visits, classes, 1.0, waits).is_close_to(exact, error=0.3)
    estimate(visits, classes, 1.0, had_to_wait).is_close_to(must_wait, error=0.05)
