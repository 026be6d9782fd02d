"""From what operators and portals say (catalogue, tokens) to what the scheduler takes. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from relay.catalogue import Catalogue, SeatProfile
from relay.errors import Refusal
from relay.scheduler import commands, model
from relay.scheduler.settings import SchedulerSettings


class NoProfile(Refusal):
    """Nobody has said what this seat can serve."""

    problem = "no-profile"
    status = 403
    hint = "List the seat in the catalogue, or put `region` and `skills` into its token."


def definitions(catalogue: Catalogue) -> Iterator[commands.AnyCommand]:
    """The commands that make the scheduler know a catalogue."""
    items = tuple(
        model.ServiceItem(item.code, item.name_zh, model.Reach(item.reach), item.min_level) for item in catalogue.items
    )
    if items:
        yield commands.DefineItems(items)
    if catalogue.regions:
        yield commands.DefineRegions(tuple(region.code for region in catalogue.regions))


def seat_profile(
    listed: SeatProfile | None,
    name: str,
    region: str,
    skills: Mapping[str, int] | None,
    languages: Sequence[str],
) -> model.SeatProfile:
    """What a seat serves: the operator's word, overridden by its token's. Raises `NoProfile`."""
    home = region or (listed.region if listed else "")
    levels = skills if skills is not None else (listed.skills if listed else {})
    if not home or not levels:
        raise NoProfile
    further = [other for other in (listed.regions if listed else ()) if other != home]
    return model.SeatProfile(
        skills=tuple(model.Skill(code, level) for code, level in sorted(levels.items())),
        regions=(home, *further),
        languages=tuple(languages) or (listed.languages if listed else ("zh",)),
        capacity=listed.capacity if listed else 1,
        name=name or (listed.name if listed else ""),
    )


def highest_priority(claimed: Sequence[str], settings: SchedulerSettings) -> str:
    """The weightiest of the classes somebody qualifies for; one nobody has defined is left for the scheduler to refuse."""
    weights = {priority.name: priority.weight for priority in settings.priorities}
    unknown = next((name for name in claimed if name not in weights), None)
    return unknown or max(claimed, key=lambda name: weights[name], default=settings.default_priority)
