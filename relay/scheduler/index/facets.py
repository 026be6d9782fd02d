"""What a call needs besides item and region, interned by who can give it.

Two needs (kind, language, media) that the same profiles can meet are one `Facet`: if every seat serves all kinds, calls
do not differ by kind. Which profiles there are is known by their *abilities*; a new one may split facets.
"""

from __future__ import annotations

from typing import NamedTuple

from relay.scheduler.model import Kind, Media, SeatProfile


class Ability(NamedTuple):
    """Kinds, languages and media of a profile."""

    kinds: frozenset[str]
    languages: frozenset[str]
    media: frozenset[str]

    def meets(self, kind: Kind, language: str, media: tuple[Media, ...]) -> bool:
        """Whether such a call can be served."""
        return kind in self.kinds and language in self.languages and self.media.issuperset(media)


class Facet:
    """Needs that the same abilities meet, at one level of proficiency."""

    __slots__ = ("level", "met", "number")

    def __init__(self, number: int, level: int, met: tuple[bool, ...]) -> None:
        self.number = number
        self.level = level
        self.met = met
        """By number of the ability."""


class Facets:
    """All facets and abilities."""

    __slots__ = ("_abilities", "_classes", "_known")

    def __init__(self) -> None:
        self._abilities: dict[Ability, int] = {}
        self._classes: dict[tuple[int, tuple[bool, ...]], Facet] = {}
        self._known: dict[tuple[Kind, str, tuple[Media, ...], int], Facet] = {}

    def ability(self, profile: SeatProfile) -> int:
        """The number of a profile's ability; a new one makes all facets void (`forget`)."""
        ability = Ability(frozenset(profile.kinds), frozenset(profile.languages), frozenset(profile.media))
        number = self._abilities.get(ability)
        if number is None:
            number = self._abilities[ability] = len(self._abilities)
            self._known.clear()
        return number

    def __len__(self) -> int:
        """How many abilities there are."""
        return len(self._abilities)

    def of(self, kind: Kind, language: str, media: tuple[Media, ...], level: int) -> Facet:
        """The facet of a call."""
        key = (kind, language, media, level)
        facet = self._known.get(key)
        if facet is None:
            met = tuple([ability.meets(kind, language, media) for ability in self._abilities])
            facet = self._classes.get((level, met))
            if facet is None:
                facet = self._classes[(level, met)] = Facet(len(self._classes), level, met)
            self._known[key] = facet
        return facet
