"""A seat's profile, resolved once against catalogue and regions, and shared by all seats that have the same."""

from __future__ import annotations

from relay.scheduler import regions
from relay.scheduler.catalogue import Catalogue, chain
from relay.scheduler.errors import BadProfile
from relay.scheduler.model import MAX_LEVEL, SeatProfile

from .facets import Facets

MAX_CAPACITY = 64
MAX_SKILLS = 10_000


class Profile:
    """What a seat can serve, in the terms of the indexes.

    `levels` are the proficiencies by item node, the narrowest that covers an item counts; `ability` is what it can do
    besides; `breadth` orders seats from specialist to generalist.
    """

    __slots__ = ("ability", "breadth", "capacity", "home", "levels", "lowered", "regions", "value")

    def __init__(self, value: SeatProfile, catalogue: Catalogue, facets: Facets) -> None:
        self.value = value
        self.capacity = value.capacity
        self.ability = facets.ability(value)
        self.levels = {skill.item: skill.level for skill in value.skills}
        self.lowered = any(level < self.level_of(chain(node)[1:]) for node, level in self.levels.items())
        """Whether some node is known less than what lies around it: then not all that a slot holds is the seat's."""
        self.regions = _outermost(value.regions)
        self.home = regions.chain(value.regions[0])
        covered = sum(catalogue.leaves.get(node, 1) for node in self.levels) * len(value.languages)
        width = sum(1 << 4 * max(0, 5 - len(regions.chain(region))) for region in self.regions)
        self.breadth: int = (covered * width).bit_length()

    def level_of(self, nodes: tuple[str, ...]) -> int:
        """The level in an item, given the nodes it lies in, narrowest first; 0: not served."""
        for node in nodes:
            level = self.levels.get(node)
            if level is not None:
                return level
        return 0


def check(profile: SeatProfile, catalogue: Catalogue) -> None:
    """Raise BadProfile, UnknownItem or UnknownRegion for a profile that cannot be served by."""
    if not (profile.skills and profile.regions and profile.languages and profile.kinds):
        raise BadProfile
    if len(profile.skills) > MAX_SKILLS or len(profile.regions) > MAX_SKILLS:
        raise BadProfile(f"more than {MAX_SKILLS} skills or regions; name subtrees")
    if not 1 <= profile.capacity <= MAX_CAPACITY:
        raise BadProfile(f"capacity {profile.capacity} is not between 1 and {MAX_CAPACITY}")
    if len({skill.item for skill in profile.skills}) < len(profile.skills):
        raise BadProfile("an item is named twice")
    for skill in profile.skills:
        if not 0 <= skill.level <= MAX_LEVEL:
            raise BadProfile(f"level {skill.level} of {skill.item!r} is not between 0 and {MAX_LEVEL}")
        catalogue.require_node(skill.item)
    for region in profile.regions:
        regions.chain(region)


def _outermost(codes: tuple[str, ...]) -> tuple[str, ...]:
    """The regions that do not lie in another one of them, in the order given."""
    named = set(codes)
    outermost = [code for code in codes if named.isdisjoint(regions.chain(code)[1:])]
    return tuple(dict.fromkeys(outermost))
