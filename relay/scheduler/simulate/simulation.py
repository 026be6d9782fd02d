"""A scenario brought to life: `Simulation(scenario, streams).run()`, or in steps with `advance` for a progress bar."""

from collections.abc import Iterator
from datetime import timedelta

from relay.scheduler import commands as ask
from relay.scheduler.engine import Engine
from relay.scheduler.events import AnyEvent
from relay.scheduler.forecast import WaitForecast
from relay.scheduler.model import Purpose
from relay.scheduler.reports import Grouping, Report, ReportSettings
from relay.scheduler.simulate.bookings import book
from relay.scheduler.simulate.demand import People, Visit, catalogue, walk_ins
from relay.scheduler.simulate.halls import Halls, arrivals
from relay.scheduler.simulate.laws import Streams
from relay.scheduler.simulate.result import Result, Series, line_of
from relay.scheduler.simulate.scenario import Place, Scenario
from relay.scheduler.simulate.staff import Caseworkers
from relay.scheduler.simulate.world import World
from relay.scheduler.state import State

_REGIONS_SHOWN = 40


class Simulation:
    """One run of a scenario. The same scenario and streams give the same result, event for event."""

    def __init__(self, scenario: Scenario, streams: Streams) -> None:
        self.scenario = scenario
        self.start_ms = scenario.start_ms
        self.end_ms = self.start_ms + scenario.duration_ms
        self.counted_from_ms = self.start_ms + round(scenario.warm_up_min * 60_000)
        self.world = World(Engine(State(scenario.scheduler)), self.start_ms)
        self.halls = Halls(self.world, {r: place.booths for place in scenario.places for r in place.regions})
        self.caseworkers = Caseworkers(self.world, scenario.staff, streams("staff"))
        self.waits = WaitForecast()
        self._grouping = Grouping(region_digits=_region_digits(scenario), max_groups=20_000)
        settings = ReportSettings(target_ms=round(1000 * scenario.target_s), grouping=self._grouping)
        self.report = Report(settings)
        counted_ms = self.end_ms - self.counted_from_ms
        self._by_priority = Series(self.counted_from_ms, counted_ms, settings.target_ms)
        self._by_region = Series(self.counted_from_ms, counted_ms, settings.target_ms)
        self.world.watch(self._observe)
        self.world.watch(self.waits.observe)
        self._populate(People(scenario), streams)
        if self.counted_from_ms > self.start_ms:
            self.world.at(self.counted_from_ms, self._count_from)

    def advance(self, share: float) -> None:
        """Simulate up to this share (0 to 1) of the day."""
        self.world.run(self.start_ms + round(share * self.scenario.duration_ms))

    def run(self) -> None:
        """Simulate the whole day. Calls that are open at its end stay open."""
        self.world.run(self.end_ms)

    def result(self, seed: str = "") -> Result:
        """The numbers so far."""
        self.report.seats.settle(self.world.now_ms)
        tallies, error = self.report.tallies, self.waits.error
        total = tallies.total()
        return Result(
            title=self.scenario.title,
            seed=seed,
            seats=self.caseworkers.count,
            simulated_s=(self.world.now_ms - self.start_ms) / 1000.0,
            target_s=self.scenario.target_s,
            decisions=self.world.decisions,
            total=line_of("all", total),
            by_priority=tuple(line_of(name, tally) for name, tally in tallies.along("priority").items()),
            by_region=tuple(line_of(name, tally) for name, tally in tallies.along("region").items()),
            by_queue=tuple(line_of(name, tally) for name, tally in tallies.along("queue").items()),
            occupancy=self.report.seats.occupancy,
            overtakes=self.waits.overtakes,
            offers=dict(sorted(total.offers.items())),
            refusals=dict(sorted(self.world.refusals.items())),
            appointments=dict(sorted(self.report.appointments.items())),
            booth_wait_mean_s=self.halls.booth_wait.mean,
            booth_wait_p90_s=self.halls.booth_wait.quantile(0.9),
            balked=self.halls.balked,
            forecast_calls=error.count,
            forecast_mae_s=error.sum_absolute_s / max(1, error.count),
            forecast_bias_s=error.sum_s / max(1, error.count),
            forecast_wait_s=error.sum_waited_s / max(1, error.count),
            forecast_beyond_likely=error.beyond_likely / max(1, error.count),
            series_from=self.scenario.start + timedelta(minutes=self.scenario.warm_up_min),
            priorities_over_time=self._by_priority.points(),
            regions_over_time=self._by_region.points(),
        )

    def _populate(self, people: People, streams: Streams) -> None:
        self.world.submit(ask.DefineItems(catalogue(self.scenario.departments)))
        for group in self.scenario.seats:
            self.caseworkers.employ(group, self.start_ms, self.end_ms)
        arrivals(self.world, self.halls, book(self.world, self.scenario, people, streams("bookings")))
        for number, place in enumerate(self.scenario.places):
            arrivals(self.world, self.halls, self._walk_ins(people, place, number, streams))

    def _walk_ins(self, people: People, place: Place, number: int, streams: Streams) -> Iterator[tuple[int, Visit]]:
        chance, drawn = streams(f"place.{number}"), streams(f"citizens.{number}")
        for at_ms, key, region in walk_ins(self.scenario, place, number, chance):
            yield self.start_ms + at_ms, people.visit(key, region, drawn)

    def _observe(self, event: AnyEvent) -> None:
        record = self.report.observe(event)
        if record is not None and record.purpose is Purpose.CALL and record.enqueued_ms >= self.counted_from_ms:
            self._by_priority.observe(record.priority, record)
            self._by_region.observe(self._grouping.region_of(record.region), record)

    def _count_from(self, now_ms: int) -> None:
        self.report = self.report.successor(now_ms)


def _region_digits(scenario: Scenario) -> int:
    """Counties, cities or provinces: as fine as can still be looked at."""
    regions = {region for place in scenario.places for region in place.regions}
    return next((digits for digits in (6, 4) if len({region[:digits] for region in regions}) <= _REGIONS_SHOWN), 2)
