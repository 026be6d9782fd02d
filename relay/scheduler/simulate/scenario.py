"""A day to simulate, as an operator writes it down in TOML: who calls from where, who serves whom, and when."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from relay.errors import Misuse
from relay.scheduler.model import Kind, Reach, Value
from relay.scheduler.settings import SchedulerSettings
from relay.scheduler.simulate.laws import Law, Shape


class BadScenario(Misuse):
    """The scenario contradicts itself."""

    problem = "bad-scenario"
    hint = "Correct the named field; the shipped scenarios show every one of them."


SIMULATION_SETTINGS = SchedulerSettings(seat_lease_ms=0, kiosk_lease_ms=0)
"""Simulated browsers are never closed by accident: no heartbeats, hence no leases."""


class Department(Value, frozen=True):
    """A part of the catalogue: `items` service items `code.001`, `code.002` … of which the first are asked most."""

    code: str
    share: float
    """Of all calls; shares are relative to each other."""
    items: int = 1
    name: str = ""
    reach: Reach = Reach.COUNTRY
    min_level: int = 1
    handle_factor: float = 1.0
    """Times the handling time of the kind."""


class Place(Value, frozen=True):
    """Where citizens are: a hall, or (with several `regions`) one hall in each of them."""

    regions: tuple[str, ...]
    calls_per_hour: float
    """Of all its halls together, averaged over the day's profile."""
    name: str = ""
    booths: int = 0
    """Per hall; who finds none free stands in line for one. 0: there is always a free one."""


class Citizens(Value, frozen=True):
    """How citizens are, drawn for each by himself."""

    patience: Law | None = Law(900.0, Shape.LOGNORMAL, 0.8)
    """Waiting in the booth; none: they never give up."""
    kinds: dict[str, float] = msgspec.field(default_factory=lambda: {Kind.CONSULT.value: 1.0})
    """Shares, as all tables here: relative to each other."""
    priorities: dict[str, float] = msgspec.field(default_factory=lambda: {"normal": 1.0})
    languages: dict[str, float] = msgspec.field(default_factory=lambda: {"zh": 1.0})
    handle: dict[str, Law] = msgspec.field(
        default_factory=lambda: {Kind.CONSULT.value: Law(300.0, Shape.LOGNORMAL, 1.0)}
    )
    """Conversation by kind."""
    transfer_share: float = 0.0
    """Of the conversations that a seat passes on to another department, halfway through."""


class Bookings(Value, frozen=True):
    """Appointments, in addition to the walk-ins of the places."""

    per_hour: float = 0.0
    slot_minutes: int = 15
    no_show: float = 0.12
    early: Law = Law(300.0, Shape.EXPONENTIAL)
    """How long before the slot a citizen comes …"""
    late_share: float = 0.1
    """… but for this share, who come as much too late."""


class ShiftPlan(Value, frozen=True):
    """Working time as minutes from the start of the scenario, with one planned break."""

    start_min: float = 0.0
    end_min: float = 0.0
    """0: the end of the scenario."""
    break_min: float = 0.0
    """When a break of `break_length_min` begins; seats of a group take it one after the other over an hour."""
    break_length_min: float = 0.0


class SeatGroup(Value, frozen=True):
    """Seats that are alike."""

    name: str
    count: int
    """In each of its `sites`."""
    skills: dict[str, int]
    """Level by item or subtree; `*` is everything."""
    sites: tuple[str, ...]
    """Where they sit; each site is a region that they serve with all beneath."""
    serves: tuple[str, ...] = ()
    """Further regions served; `000000` is the whole country."""
    languages: tuple[str, ...] = ("zh",)
    capacity: int = 1
    shift: ShiftPlan = ShiftPlan()


class Staff(Value, frozen=True):
    """How caseworkers are."""

    answer: Law = Law(4.0, Shape.LOGNORMAL, 0.6)
    """From ringing to accepting."""
    decline_share: float = 0.0
    """Offers declined …"""
    miss_share: float = 0.0
    """… and offers not answered at all; three in a row and the seat is on break, for `away_s`."""
    away_s: float = 300.0
    wrap_up: Law = Law(30.0, Shape.LOGNORMAL, 0.8)


class Scenario(Value, frozen=True):
    """Everything that happens on one day."""

    title: str
    hours: float
    departments: tuple[Department, ...]
    places: tuple[Place, ...]
    seats: tuple[SeatGroup, ...]
    start: datetime = datetime.fromisoformat("2026-03-02T08:30:00+08:00")
    """With its offset from UTC."""
    warm_up_min: float = 0.0
    """Left out of every result."""
    profile: tuple[float, ...] = (1.0,)
    """Relative load in equal parts of the day, whatever their number; its mean is taken as 1."""
    citizens: Citizens = Citizens()
    bookings: Bookings = Bookings()
    staff: Staff = Staff()
    scheduler: SchedulerSettings = SIMULATION_SETTINGS
    target_s: float = 15.0
    """Service level: answered within this."""

    def __post_init__(self) -> None:
        _check(self)

    @property
    def start_ms(self) -> int:
        """Beginning of the day, as engine time."""
        return round(self.start.timestamp() * 1000)

    @property
    def duration_ms(self) -> int:
        """Length of the day."""
        return round(self.hours * 3_600_000)


def from_mapping(table: Mapping[str, Any]) -> Scenario:
    """A scenario from a decoded TOML table; leases are off. Raises BadScenario naming the field."""
    scheduler = {"seat_lease_ms": 0, "kiosk_lease_ms": 0} | dict(table.get("scheduler", {}))
    try:
        return msgspec.convert({**table, "scheduler": scheduler}, Scenario, strict=False)
    except (msgspec.ValidationError, Misuse) as error:
        raise BadScenario(str(error)) from None


def _check(scenario: Scenario) -> None:
    if not (scenario.hours > 0 and 0 <= scenario.warm_up_min < scenario.hours * 60):
        raise BadScenario("hours must be positive, and longer than warm_up_min")
    if scenario.start.tzinfo is None:
        raise BadScenario("start needs its offset from UTC, as in 2026-03-02T08:30:00+08:00")
    for name in ("departments", "places", "seats", "profile"):
        if not getattr(scenario, name):
            raise BadScenario(f"{name} is empty")
    _check_citizens(scenario)
    for group in scenario.seats:
        if group.count < 0 or not group.sites or not group.skills:
            raise BadScenario(f"seat group {group.name!r} needs count >= 0, sites and skills")


def _check_citizens(scenario: Scenario) -> None:
    for kind in scenario.citizens.kinds:
        if kind not in scenario.citizens.handle:
            raise BadScenario(f"citizens.handle has no law for kind {kind!r}")
    classes = {priority.name for priority in scenario.scheduler.priorities}
    for priority in scenario.citizens.priorities:
        if priority not in classes:
            raise BadScenario(f"citizens.priorities names {priority!r}, which scheduler.priorities does not define")
