"""Changes to a scenario: "ten per cent more seats", "teach this group tax", or any field by its path."""

from collections.abc import Mapping
from typing import Any

import msgspec

from relay.scheduler.simulate.scenario import BadScenario, Scenario, SeatGroup


def scaled(number: float, change: str) -> float:
    """`number` changed by "+10%", "-3", "+2" or set to "40". Raises BadScenario for anything else."""
    text = change.strip()
    try:
        if text.endswith("%"):
            return number * (1.0 + float(text[:-1]) / 100.0)
        return number + float(text) if text[:1] in "+-" else float(text)
    except ValueError:
        raise BadScenario(f'a change is like "+10%", "-3" or "40", not {change!r}') from None


def with_seats(scenario: Scenario, change: str) -> Scenario:
    """Seats of every group changed, or of one: "+10%", "hrss=+2". Rounded, never below 0, per site."""
    name, separator, amount = change.rpartition("=")
    if separator and name not in {group.name for group in scenario.seats}:
        raise BadScenario(f"no seat group is called {name!r}")
    groups = tuple(
        msgspec.structs.replace(group, count=max(0, round(scaled(group.count, amount))))
        if group.name == name or not separator
        else group
        for group in scenario.seats
    )
    return msgspec.structs.replace(scenario, seats=groups)


def with_skill(scenario: Scenario, change: str) -> Scenario:
    """A group taught an item or subtree: "hrss:tax=4", or "*:tax=4" for all groups; level 0 takes it away."""
    name, colon, skill = change.partition(":")
    item, equals, level = skill.rpartition("=")
    if not (colon and equals and item and level.isdigit()):
        raise BadScenario(f'a skill is like "hrss:tax=4", not {change!r}')
    if name != "*" and name not in {group.name for group in scenario.seats}:
        raise BadScenario(f"no seat group is called {name!r}")
    groups = tuple(_taught(group, item, int(level)) if name in ("*", group.name) else group for group in scenario.seats)
    return msgspec.structs.replace(scenario, seats=groups)


def _taught(group: SeatGroup, item: str, level: int) -> SeatGroup:
    return msgspec.structs.replace(group, skills={**group.skills, item: level})


def with_calls(scenario: Scenario, change: str) -> Scenario:
    """The calls of every place changed: "+20%"."""
    places = tuple(
        msgspec.structs.replace(place, calls_per_hour=max(0.0, scaled(place.calls_per_hour, change)))
        for place in scenario.places
    )
    return msgspec.structs.replace(scenario, places=places)


def with_field(table: Mapping[str, Any], assignment: str) -> dict[str, Any]:
    """The decoded TOML table with one field set by its dotted path: "scheduler.ring_timeout_ms=15000"."""
    path, equals, text = assignment.partition("=")
    names = path.split(".")
    if not equals or not all(names):
        raise BadScenario(f'a field is set as "scheduler.ring_timeout_ms=15000", not {assignment!r}')
    changed = dict(table)
    inner = changed
    for name in names[:-1]:
        below = inner.get(name, {})
        if not isinstance(below, Mapping):
            raise BadScenario(f"{path}: {name} is not a table")
        inner[name] = dict(below)
        inner = inner[name]
    inner[names[-1]] = _value(text)
    return changed


def _value(text: str) -> Any:
    """A number, a truth value or a JSON list as such, anything else as text."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
