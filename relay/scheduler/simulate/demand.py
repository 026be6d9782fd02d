"""Who comes, and what for: every citizen's day is drawn when he comes, so that it is the same whoever serves him."""

from collections.abc import Iterator
from dataclasses import dataclass

from relay.scheduler.model import Kind, ServiceItem
from relay.scheduler.simulate.laws import Chance, Choice, arrivals_ms
from relay.scheduler.simulate.scenario import Citizens, Department, Place, Scenario

_DIGITS = 5


@dataclass(slots=True)
class Visit:
    """One citizen with one matter."""

    key: str
    region: str
    item: str
    kind: Kind
    priority: str
    language: str
    handle_ms: int
    patience_ms: int | None
    transfer_to: str
    """Item of the department that finishes the matter; empty: no transfer."""
    citizen: str = ""
    appointment: str = ""
    arrived_ms: int = 0
    """At the hall; before the call, when booths are scarce."""
    call: str = ""
    kiosk: str = ""


def catalogue(departments: tuple[Department, ...]) -> tuple[ServiceItem, ...]:
    """All service items of the scenario."""
    return tuple(
        ServiceItem(f"{department.code}.{n:0{_DIGITS}d}", department.name, department.reach, department.min_level)
        for department in departments
        for n in range(1, department.items + 1)
    )


class People:
    """Draws visits."""

    def __init__(self, scenario: Scenario) -> None:
        self._departments = scenario.departments
        self._citizens: Citizens = scenario.citizens
        self._department = Choice([department.share for department in scenario.departments])
        # A few matters make most of the traffic: the n-th item is asked for in proportion to 1 / n.
        self._item = [Choice([1.0 / n for n in range(1, max(1, d.items) + 1)]) for d in scenario.departments]
        self._kinds, self._kind = list(self._citizens.kinds), Choice(list(self._citizens.kinds.values()))
        self._classes, self._class = list(self._citizens.priorities), Choice(list(self._citizens.priorities.values()))
        self._languages = list(self._citizens.languages)
        self._language = Choice(list(self._citizens.languages.values()))

    def visit(self, key: str, region: str, chance: Chance) -> Visit:
        """One citizen. The number of draws does not depend on their outcome."""
        citizens = self._citizens
        chosen = self._department.draw(chance)
        item = self._item[chosen].draw(chance) + 1
        other = self._department.draw(chance)
        kind = self._kinds[self._kind.draw(chance)]
        priority = self._classes[self._class.draw(chance)]
        language = self._languages[self._language.draw(chance)]
        passed_on = chance.random() < citizens.transfer_share and other != chosen
        handle_ms = citizens.handle[kind].draw_ms(chance)
        return Visit(
            key=key,
            region=region,
            item=f"{self._departments[chosen].code}.{item:0{_DIGITS}d}",
            kind=Kind(kind),
            priority=priority,
            language=language,
            handle_ms=round(handle_ms * self._departments[chosen].handle_factor),
            patience_ms=citizens.patience.draw_ms(chance) if citizens.patience is not None else None,
            transfer_to=f"{self._departments[other].code}.{1:0{_DIGITS}d}" if passed_on else "",
        )


def walk_ins(scenario: Scenario, place: Place, number: int, chance: Chance) -> Iterator[tuple[int, str, str]]:
    """When, key and region of the citizens who come to a place, over the whole day."""
    mean = sum(scenario.profile) / len(scenario.profile)
    rates = [place.calls_per_hour / 3600.0 * part / mean for part in scenario.profile]
    step_ms = -(-scenario.duration_ms // len(rates))
    for n, at_ms in enumerate(arrivals_ms(rates, step_ms, chance)):
        yield at_ms, f"{number}.{n}", place.regions[int(chance.random() * len(place.regions))]
