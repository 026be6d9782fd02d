"""A seat's profile, resolved once against catalogue and regions, and shared by all seats that have the same."""

from __future__ import annotations

from relay.scheduler import regions
from relay.scheduler.catalogue import Catalogue, chain
from relay.scheduler.errors import BadProfile
from relay.scheduler.model import MAX_LEVEL, Kind, Media, SeatProfile

MAX_CAPACITY = 64
MAX_SKILLS = 10_000


class Facet:
    """What a call needs besides item and region; interned, known by its number."""

    __slots__ = ("kind", "language", "level", "media", "number")

    def __init__(self, number: int, kind: Kind, language: str, media: tuple[Media, ...], level: int) -> None:
        self.number = number
        self.kind = kind
        self.language = language
        self.media = media
        self.level = level


class Numbers:
    """Numbers of item nodes, regions and facets, shared by all who speak of them."""

    __slots__ = ("facets", "nodes", "regions")

    def __init__(self) -> None:
        self.nodes: dict[str, int] = {}
        self.regions: dict[str, int] = {}
        self.facets: dict[tuple[Kind, str, tuple[Media, ...], int], Facet] = {}

    def facet(self, kind: Kind, language: str, media: tuple[Media, ...], level: int) -> Facet:
        """The one facet of these values."""
        key = (kind, language, media, level)
        facet = self.facets.get(key)
        if facet is None:
            facet = self.facets[key] = Facet(len(self.facets), kind, language, media, level)
        return facet

    def region(self, code: str) -> int:
        """The number of a region."""
        return self.regions.setdefault(code, len(self.regions))

    def slot(self, node: str, region: str, *, under: bool) -> int:
        """The place of an item node in a region: all that lies `under` it, or the region itself alone."""
        number = self.nodes.setdefault(node, len(self.nodes))
        return number << 33 | self.region(region) << 1 | under


class Profile:
    """What a seat can serve, in the terms of the indexes.

    `levels` are the proficiencies by item node, the narrowest that covers an item counts; `slots` are the places of the
    waiting index where the seat's calls are found, with the level that holds there at most; `breadth` orders seats from
    specialist to generalist.
    """

    __slots__ = ("_accepts", "breadth", "home", "levels", "lowered", "regions", "slots", "value")

    def __init__(self, value: SeatProfile, catalogue: Catalogue, numbers: Numbers) -> None:
        self.value = value
        self.levels = {skill.item: skill.level for skill in value.skills}
        self.lowered = any(level < self.level_of(chain(node)[1:]) for node, level in self.levels.items())
        """Whether some node is known less than what lies around it: then not all in a slot is the seat's."""
        self.regions = _outermost(value.regions)
        self.home = regions.chain(value.regions[0])
        self.slots = self._find_slots(numbers)
        covered = sum(catalogue.leaves.get(node, 1) for node in self.levels) * len(value.languages)
        width = sum(16 ** (5 - len(regions.chain(region))) if len(region) == 6 else 1 for region in self.regions)
        self.breadth = (covered * width).bit_length()
        self._accepts: dict[int, bool] = {}

    def level_of(self, nodes: tuple[str, ...]) -> int:
        """The level in an item, given the nodes it lies in, narrowest first; 0: not served."""
        for node in nodes:
            level = self.levels.get(node)
            if level is not None:
                return level
        return 0

    def _find_slots(self, numbers: Numbers) -> tuple[tuple[int, int], ...]:
        """Under each served region, and in the divisions around it."""
        slots: dict[int, int] = {}
        for node, level in self.levels.items():
            if not level:
                continue
            for region in self.regions:
                path = regions.chain(region)
                slots[numbers.slot(node, region, under=True)] = level
                for around in path[1:]:
                    slots[numbers.slot(node, around, under=False)] = level
        return tuple(slots.items())

    def accepts(self, facet: Facet) -> bool:
        """Whether kind, language and media suit; the level depends on the item and is compared there."""
        known = self._accepts.get(facet.number)
        if known is None:
            value = self.value
            known = (
                facet.kind in value.kinds
                and facet.language in value.languages
                and all(media in value.media for media in facet.media)
            )
            self._accepts[facet.number] = known
        return known


def check(profile: SeatProfile, catalogue: Catalogue) -> None:
    """Raise BadProfile, UnknownItem or UnknownRegion for a profile that cannot be served by."""
    if not (profile.skills and profile.regions and profile.languages and profile.kinds):
        raise BadProfile
    if len(profile.skills) > MAX_SKILLS or len(profile.regions) > MAX_SKILLS:
        raise BadProfile(f"more than {MAX_SKILLS} skills or regions; name subtrees")
    if not 1 <= profile.capacity <= MAX_CAPACITY:
        raise BadProfile(f"capacity {profile.capacity} is not between 1 and {MAX_CAPACITY}")
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
