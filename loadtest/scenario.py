"""What a run is to do, as values: a TOML file → `Scenario`, and a seed → the calls that it plans.

Pure: the same file and seed give the same calls. All times are seconds from the start of the run.
"""

import bisect
import random
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

import msgspec

from loadtest.bots.sdp import VideoCodec
from loadtest.impair import Profile, profile_of
from relay.errors import Misuse
from relay.server.messages import CallKind, Source

MAX_CALLS = 1_000_000
MAX_ENGINES = 64
MAX_PARTICIPANTS = 100_000
MAX_SECONDS = 86_400
MAX_SIGMA = 5


@dataclass(frozen=True, slots=True)
class Duration:
    """A law for a time."""

    mean: float
    """Seconds."""
    law: Literal["constant", "exponential", "lognormal"] = "constant"
    sigma: float = 0.5
    """Of the logarithm (lognormal only); 0.5 to 1 is what contact centres measure."""

    def __post_init__(self) -> None:
        if not 0 <= self.mean < MAX_SECONDS or not 0 <= self.sigma <= MAX_SIGMA:
            raise Misuse(f"a duration has a mean from 0 to {MAX_SECONDS} s and a sigma from 0 to {MAX_SIGMA}")

    @property
    def described(self) -> str:
        """In a few words."""
        spread = f", sigma {self.sigma:g}" if self.law == "lognormal" else ""
        return f"{self.mean:g} s" + ("" if self.law == "constant" else f" on average ({self.law}{spread})")

    def draw(self, chance: random.Random) -> float:
        """One value, seconds."""
        if self.law == "exponential":
            return chance.expovariate(1 / self.mean) if self.mean else 0.0
        if self.law == "lognormal":
            return self.mean * chance.lognormvariate(-self.sigma * self.sigma / 2, self.sigma)
        return self.mean


@dataclass(frozen=True, slots=True)
class Party:
    """The booths, or the seats."""

    count: int
    sources: tuple[Source, ...]
    network: Profile = field(default_factory=Profile)

    def __post_init__(self) -> None:
        if not 1 <= self.count <= MAX_PARTICIPANTS:
            raise Misuse(f"a party has 1 to {MAX_PARTICIPANTS} members, not {self.count}")


@dataclass(frozen=True, slots=True)
class CallType:
    """One sort of call."""

    weight: float = 1.0
    item: str = ""
    """Code of the service item; empty: any that is open."""
    kind: CallKind = "consult"
    holding_s: Duration = Duration(20.0)
    priority: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Arrivals:
    """When calls are asked for: a Poisson process whose rate may change, a steady beat, or all at once."""

    process: Literal["poisson", "steady", "burst"] = "poisson"
    per_minute: float = 0.0
    profile: tuple[tuple[float, float], ...] = ()
    """(second, calls per minute from then on); instead of `per_minute`."""
    at_s: float = 0.0
    """Of a burst."""
    calls: int = 0
    """Of a burst."""

    def __post_init__(self) -> None:
        if min(self.per_minute, self.at_s, self.calls, *(rate for _, rate in self.profile), 0) < 0:
            raise Misuse("rates, times and counts of arrivals are not negative")

    def rate_per_s(self, at_s: float) -> float:
        """In force at a time."""
        if not self.profile:
            return self.per_minute / 60
        index = bisect.bisect_right([start for start, _ in self.profile], at_s) - 1
        return self.profile[index][1] / 60 if index >= 0 else 0.0

    @property
    def peak_per_s(self) -> float:
        """The highest rate."""
        return max((rate / 60 for _, rate in self.profile), default=self.per_minute / 60)


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that happens to a share of the booths."""

    at_s: float
    what: Literal["address-change", "power-cut"]
    share: float = 1.0
    """Of the booths, the first ones."""
    lasts_s: float = 2.0
    """Of a power cut: then they all come back."""

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1 or self.at_s < 0 or self.lasts_s < 0:
            raise Misuse("an incident has a share above 0 and up to 1, and times that are not negative")


@dataclass(frozen=True, slots=True)
class Broadcast:
    """One publisher, many receivers, on the SFU alone."""

    receivers: int
    sources: tuple[Source, ...] = ("microphone", "camera")
    network: Profile = field(default_factory=Profile)

    def __post_init__(self) -> None:
        if not 1 <= self.receivers <= MAX_PARTICIPANTS:
            raise Misuse(f"a broadcast has 1 to {MAX_PARTICIPANTS} receivers, not {self.receivers}")


@dataclass(frozen=True, slots=True)
class Scenario:
    """One run. Either booths and seats (`kiosks`, `seats`, `arrivals`, `calls`), or a `broadcast`."""

    title: str
    duration_s: float = 30.0
    seed: int = 1
    warm_up_s: float = 0.0
    """The beginning of the run that is not measured."""
    kiosks: Party | None = None
    seats: Party | None = None
    answer_s: Duration = Duration(1.0)
    """From the offer to the caseworker's click."""
    wrap_up_s: Duration = Duration(1.0)
    arrivals: Arrivals = Arrivals()
    calls: tuple[CallType, ...] = (CallType(),)
    incidents: tuple[Incident, ...] = ()
    broadcast: Broadcast | None = None
    codec: VideoCodec = "VP8"
    """Of all video."""
    simulcast: bool = False
    """Cameras send three layers to a server that takes them."""
    engines: int = 1
    """Threads of this process that carry the bots' media."""

    def __post_init__(self) -> None:
        if (self.broadcast is None) == (self.kiosks is None or self.seats is None):
            raise Misuse("a scenario has either [kiosks] and [seats], or a [broadcast]")
        if not self.calls or any(each.weight <= 0 for each in self.calls):
            raise Misuse("every [[calls]] needs a weight above 0")
        if not 0 <= self.warm_up_s < self.duration_s:
            raise Misuse("duration_s must be positive, and warm_up_s shorter and not negative")
        if not 1 <= self.engines <= MAX_ENGINES:
            raise Misuse(f"engines must be 1 to {MAX_ENGINES}")
        if self.arrivals.peak_per_s * self.duration_s > MAX_CALLS:
            raise Misuse(f"more than {MAX_CALLS} calls in one run")

    def at_once(self, calls: int, *, warm_up_s: float, seconds: float) -> "Scenario":
        """So many of its calls in conversation at once, picked up within the warm-up and held to the end.

        Raises `Misuse` for a broadcast, which has no calls.
        """
        if self.kiosks is None or self.seats is None:
            raise Misuse("a broadcast has no calls")
        duration_s = warm_up_s + seconds
        return replace(
            self,
            title=f"{self.title}, {calls} calls at once",
            duration_s=duration_s,
            warm_up_s=warm_up_s,
            kiosks=replace(self.kiosks, count=calls),
            seats=replace(self.seats, count=calls),
            answer_s=Duration(warm_up_s / 8, "exponential"),
            arrivals=Arrivals("burst", calls=calls),
            calls=tuple(replace(each, holding_s=Duration(2 * duration_s)) for each in self.calls),
            incidents=(),
        )

    def scaled(self, factor: float) -> "Scenario":
        """The same with more (or fewer) participants and calls; at least one of each."""

        def times(count: int) -> int:
            return max(1, round(count * factor))

        arrivals = replace(
            self.arrivals,
            per_minute=self.arrivals.per_minute * factor,
            profile=tuple((start, rate * factor) for start, rate in self.arrivals.profile),
            calls=times(self.arrivals.calls) if self.arrivals.calls else 0,
        )
        return replace(
            self,
            kiosks=replace(self.kiosks, count=times(self.kiosks.count)) if self.kiosks else None,
            seats=replace(self.seats, count=times(self.seats.count)) if self.seats else None,
            broadcast=replace(self.broadcast, receivers=times(self.broadcast.receivers)) if self.broadcast else None,
            arrivals=arrivals,
        )


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """One call that will be asked for at `at_s`, and ended `holding_s` after its pick-up."""

    at_s: float
    type: CallType
    holding_s: float


def plan(scenario: Scenario) -> tuple[PlannedCall, ...]:
    """The calls of a run, in order of time."""
    chance = random.Random(scenario.seed)
    weights = [each.weight for each in scenario.calls]
    calls = []
    for at_s in _arrival_times(scenario, chance):
        chosen = chance.choices(scenario.calls, weights)[0]
        calls.append(PlannedCall(at_s, chosen, chosen.holding_s.draw(chance)))
    return tuple(calls)


def _arrival_times(scenario: Scenario, chance: random.Random) -> Iterator[float]:
    arrivals, end_s = scenario.arrivals, scenario.duration_s
    if arrivals.process == "burst":
        yield from [arrivals.at_s] * arrivals.calls
        return
    peak = arrivals.peak_per_s
    at_s = 0.0
    while peak > 0:
        at_s += chance.expovariate(peak) if arrivals.process == "poisson" else 1 / peak
        if at_s >= end_s:
            return
        # Thinning (Lewis and Shedler 1979): a process of the peak rate, each arrival kept with the share in force.
        if chance.random() * peak < arrivals.rate_per_s(at_s):
            yield at_s


def parse_scenario(text: str) -> Scenario:
    """Read a TOML file's text; raises `Misuse` that names the field."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Misuse(f"the scenario is no TOML: {error}") from error
    _refuse_unknown(table, Scenario, "the scenario")
    for name, kind in _SECTIONS.items():
        for part in _parts(table.get(name, {})):
            _refuse_unknown(part, kind, f"[{name}]")
    for name in ("kiosks", "seats", "broadcast"):
        if name in table and "network" in table[name]:
            table[name]["network"] = profile_of(table[name]["network"])
    return _converted(table)


_SECTIONS: Mapping[str, type] = {
    "kiosks": Party,
    "seats": Party,
    "arrivals": Arrivals,
    "calls": CallType,
    "incidents": Incident,
    "broadcast": Broadcast,
}


def _parts(value: Any) -> list[dict[str, Any]]:
    parts = value if isinstance(value, list) else [value]
    if not all(isinstance(part, dict) for part in parts):
        raise Misuse("a section of the scenario is no table")
    return parts


def _refuse_unknown(table: Mapping[str, Any], kind: type, where: str) -> None:
    known = [each.name for each in fields(kind)]
    unknown = sorted(table.keys() - set(known))
    if unknown:
        raise Misuse(f"{where} has an unknown field {unknown[0]!r}; known are {', '.join(known)}")


def _converted(table: dict[str, Any]) -> Scenario:
    try:
        return msgspec.convert(table, Scenario, from_attributes=True)
    except msgspec.ValidationError as error:
        raise Misuse(f"the scenario: {error}") from error
