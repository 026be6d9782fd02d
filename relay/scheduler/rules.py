"""The settings, prepared for deciding: head starts, opening hours, strategies, caps, search plans."""

from __future__ import annotations

from collections.abc import Callable

from . import catalogue, priority, regions
from .errors import UnknownPriority
from .hours import Timetable
from .index.line import Line
from .index.seat_set import SeatSet
from .index.supply import Supply
from .model import Reach
from .settings import SchedulerSettings
from .strategies import POLICIES

_PLANS = 65_536


class Step:
    """One ring of the search for one kind of call: from `after_ms` on, seats of `scope` at `level` are asked."""

    __slots__ = ("after_ms", "level", "ring", "scope")

    def __init__(self, after_ms: int, ring: int, scope: str, level: int) -> None:
        self.after_ms = after_ms
        self.ring = ring
        self.scope = scope
        self.level = level


class Rules:
    """Derived from settings; replaced as a whole when they change."""

    __slots__ = ("_caps", "_plans", "head_starts_ms", "policies", "settings", "timetable")

    def __init__(self, settings: SchedulerSettings) -> None:
        self.settings = settings
        self.head_starts_ms = priority.head_starts_ms(settings)
        self.timetable = Timetable(settings)
        self.policies: tuple[tuple[str, Callable[[Supply, Line, str, SeatSet], SeatSet]], ...] = tuple(
            (name, POLICIES[name]) for name in settings.strategy if name in POLICIES
        )
        self._plans: dict[tuple[Reach, str, int], tuple[Step, ...]] = {}
        self._caps: dict[tuple[str, str], tuple[int, ...]] = {}

    def head_start_ms(self, name: str) -> int:
        """Of a priority class. Raises UnknownPriority."""
        head_start_ms = self.head_starts_ms.get(name)
        if head_start_ms is None:
            raise UnknownPriority(f"no priority class is called {name!r}")
        return head_start_ms

    def plan(self, reach: Reach, region: str, level: int) -> tuple[Step, ...]:
        """The steps of a search, those that change nothing left out."""
        key = (reach, region, level)
        plan = self._plans.get(key)
        if plan is None:
            if len(self._plans) >= _PLANS:
                self._plans.clear()
            plan = self._plans[key] = self._plan(reach, region, level)
        return plan

    def caps(self, item: str, region: str) -> tuple[int, ...]:
        """Numbers of the queue caps that hold for this item in this region."""
        if not self.settings.queue_caps:
            return ()
        key = (item, region)
        caps = self._caps.get(key)
        if caps is None:
            if len(self._caps) >= _PLANS:
                self._caps.clear()
            caps = self._caps[key] = tuple(
                [
                    number
                    for number, cap in enumerate(self.settings.queue_caps)
                    if catalogue.beneath(cap.item, item) and regions.encloses(cap.region, region)
                ]
            )
        return caps

    def _plan(self, reach: Reach, region: str, level: int) -> tuple[Step, ...]:
        steps: list[Step] = []
        narrowest = list(Reach)
        for number, ring in enumerate(self.settings.rings):
            scope = regions.scope(region, min(ring.reach, reach, key=narrowest.index))
            relaxed = max(1, level - ring.relax_levels)
            if not steps or (scope, relaxed) != (steps[-1].scope, steps[-1].level):
                steps.append(Step(ring.after_ms, number, scope, relaxed))
        return tuple(steps)
