"""Counts and distributions of one group of calls, and how calls are grouped without ever having too many groups."""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from relay.scheduler.distribution import HANDLE_BOUNDS_S, WAIT_BOUNDS_S, Distribution
from relay.scheduler.forecast import ServiceLevel
from relay.scheduler.model import COUNTRY

OTHER = "other"


class Group(NamedTuple):
    """Labels of a metric: few by construction, and never a call, a seat or a citizen."""

    queue: str
    """Leading part of the item code: the department."""
    region: str
    """Division code, cut to province or city."""
    kind: str
    priority: str


@dataclass(frozen=True, slots=True)
class Grouping:
    """How much detail the groups keep; beyond `max_groups`, calls are counted under `other`."""

    item_depth: int = 1
    region_digits: int = 2
    """2: province, 4: city, 6: county."""
    max_groups: int = 1_000

    def of(self, item: str, region: str, kind: str, priority: str) -> Group:
        """The group of such a call."""
        queue = ".".join(item.split(".", self.item_depth)[: self.item_depth])
        return Group(queue, self.region_of(region), kind, priority)

    def region_of(self, region: str) -> str:
        """The division that stands for this one."""
        return region[: self.region_digits].ljust(len(COUNTRY), "0")


def _waits() -> Distribution:
    return Distribution(WAIT_BOUNDS_S)


def _handles() -> Distribution:
    return Distribution(HANDLE_BOUNDS_S)


@dataclass(slots=True)
class Tally:
    """Totals of a group. Distributions are in seconds."""

    offered: int = 0
    """Calls that asked for a seat, served or not."""
    carried: int = 0
    """Calls that were open when the report began; an earlier one counted them as offered."""
    answered: int = 0
    answered_within: int = 0
    """Of them, within the service-level target."""
    abandoned: Counter[str] = field(default_factory=Counter)
    """By phase: `queue`, or `offer` while a seat rang."""
    abandoned_within: int = 0
    short_abandoned: int = 0
    """Hung up sooner than anybody could have answered."""
    deflected: Counter[str] = field(default_factory=Counter)
    """By reason."""
    widened: Counter[tuple[int, int]] = field(default_factory=Counter)
    """By ring left and ring entered: overflow to other counties, cities, provinces."""
    requeued: Counter[str] = field(default_factory=Counter)
    """Conversations lost, by reason."""
    offers: Counter[str] = field(default_factory=Counter)
    """By outcome: accepted, rejected, timeout, cancelled."""
    transfers: Counter[str] = field(default_factory=Counter)
    """By kind: cold, warm."""
    dispositions: Counter[str] = field(default_factory=Counter)
    wait_answered: Distribution = field(default_factory=_waits)
    wait_abandoned: Distribution = field(default_factory=_waits)
    offer_response: Distribution = field(default_factory=_waits)
    talk: Distribution = field(default_factory=_handles)
    hold: Distribution = field(default_factory=_handles)
    wrap_up: Distribution = field(default_factory=_handles)
    handle: Distribution = field(default_factory=_handles)
    """Talk and wrap-up of one call."""

    def service_level(self) -> ServiceLevel:
        """All four definitions. Deflected calls count as offered and not answered."""
        return ServiceLevel.from_amounts(
            offered=self.offered + self.carried,
            answered=self.answered,
            abandoned=self.abandoned.total(),
            answered_in=self.answered_within,
            abandoned_in=self.abandoned_within,
        )

    def abandonment(self) -> float:
        """Share of the offered calls that hung up in the queue or while a seat rang."""
        asked = self.offered + self.carried
        return self.abandoned.total() / asked if asked else 0.0

    def add(self, other: "Tally") -> None:
        """Merge another group."""
        for name in self.__dataclass_fields__:
            own, more = getattr(self, name), getattr(other, name)
            if isinstance(own, Distribution):
                own.add(more)
            elif isinstance(own, Counter):
                own.update(more)
            else:
                setattr(self, name, own + more)


class Tallies:
    """One tally per group, and never more than the grouping allows."""

    def __init__(self, grouping: Grouping) -> None:
        self._grouping = grouping
        self.by_group: dict[Group, Tally] = {}

    def of(self, item: str, region: str, kind: str, priority: str) -> Tally:
        """The tally in which such a call counts."""
        group = self._grouping.of(item, region, kind, priority)
        tally = self.by_group.get(group)
        if tally is None:
            if len(self.by_group) >= self._grouping.max_groups:
                group = Group(OTHER, OTHER, OTHER, OTHER)
            tally = self.by_group.setdefault(group, Tally())
        return tally

    def total(self) -> Tally:
        """All groups together."""
        whole = Tally()
        for tally in self.by_group.values():
            whole.add(tally)
        return whole

    def along(self, label: str) -> dict[str, Tally]:
        """Merged by one label: `queue`, `region`, `kind` or `priority`; sorted."""
        merged: dict[str, Tally] = {}
        for group, tally in self.by_group.items():
            merged.setdefault(getattr(group, label), Tally()).add(tally)
        return dict(sorted(merged.items()))
