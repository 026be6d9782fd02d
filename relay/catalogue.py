"""What can be asked for, where, and of whom: service items, regions, seats and kiosks as the operator states them.

Codes are hierarchical with dots (`social-security.pension.certify`); the first segment is the department. Regions are
GB/T 2260 division codes: six digits, zeros at the end for a city or province, three more digits for a town.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeVar

from relay.errors import Misuse, NotFound

CODE = re.compile(r"[\w.:/\-]{1,64}")
"""What an identifier looks like in signalling, tokens and the catalogue alike."""


ROOT = "*"
"""The stem of every code."""


def require_code(value: str, what: str) -> str:
    """Return `value`, or raise `Misuse` naming `what` when it is not 1 to 64 of letters, digits and `_ . : / -`."""
    if not CODE.fullmatch(value):
        raise Misuse(f"{what} {value!r} is not 1 to 64 of letters, digits and _ . : / -")
    return value


@dataclass(frozen=True, slots=True)
class Department:
    """The people's name for the first segment of item codes."""

    code: str
    name_zh: str
    name_en: str

    def __post_init__(self) -> None:
        require_code(self.code, "department")


@dataclass(frozen=True, slots=True)
class ServiceItem:
    """One thing a citizen can come for."""

    code: str
    name_zh: str
    name_en: str
    reach: Literal["town", "county", "city", "province", "country"] = "country"
    """How far from the citizen a seat may be; an item of the nationwide list (跨省通办) has `country`."""
    min_level: int = 1
    """Proficiency it needs, 1 to 10."""

    def __post_init__(self) -> None:
        require_code(self.code, "item")

    @property
    def department(self) -> str:
        """First segment of the code."""
        return self.code.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Region:
    """One administrative division; `code` is its GB/T 2260 code, a town adds a suffix."""

    code: str
    name_zh: str
    name_en: str

    def __post_init__(self) -> None:
        require_code(self.code, "region")


@dataclass(frozen=True, slots=True)
class SeatProfile:
    """One caseworker's place, as the operator knows it before anybody logs in."""

    seat: str
    name: str
    region: str
    skills: Mapping[str, int] = field(default_factory=dict)
    """Proficiency 1 (learning) to 10 (expert) by item code or any leading part of one."""
    regions: tuple[str, ...] = ()
    """Divisions served besides its own, each with all in it: `330000` is a province, `330200` a city of it."""
    languages: tuple[str, ...] = ("zh",)
    capacity: int = 1

    def __post_init__(self) -> None:
        require_code(self.seat, "seat")
        for code, level in self.skills.items():
            if code != ROOT:
                require_code(code, f"skill of seat {self.seat}")
            if not 1 <= level <= 10:
                raise Misuse(f"seat {self.seat}: proficiency {level} of {code} is not between 1 and 10")
        if not 1 <= self.capacity <= 16:
            raise Misuse(f"seat {self.seat}: capacity {self.capacity} is not between 1 and 16")


@dataclass(frozen=True, slots=True)
class KioskProfile:
    """One booth."""

    kiosk: str
    name: str
    region: str

    def __post_init__(self) -> None:
        require_code(self.kiosk, "kiosk")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything of the above, checked for unknown references; immutable while the relay runs."""

    departments: tuple[Department, ...] = ()
    items: tuple[ServiceItem, ...] = ()
    regions: tuple[Region, ...] = ()
    seats: tuple[SeatProfile, ...] = ()
    kiosks: tuple[KioskProfile, ...] = ()

    def __post_init__(self) -> None:
        regions = {region.code for region in self.regions}
        for what, codes in (
            ("department", [d.code for d in self.departments]),
            ("item", [i.code for i in self.items]),
            ("region", [r.code for r in self.regions]),
            ("seat", [s.seat for s in self.seats]),
            ("kiosk", [k.kiosk for k in self.kiosks]),
        ):
            if len(set(codes)) != len(codes):
                raise Misuse(f"the catalogue lists a {what} twice")
        placed = [(s.name, s.region) for s in self.seats] + [(k.name, k.region) for k in self.kiosks]
        for name, region in placed:
            if region not in regions:
                raise Misuse(f"{name} is in region {region}, which the catalogue does not list")


Entry = TypeVar("Entry", Department, ServiceItem, Region, SeatProfile, KioskProfile)


class Directory:
    """A catalogue, indexed for look-up."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._departments = _by(catalogue.departments, "code")
        self._items = _by(catalogue.items, "code")
        self._regions = _by(catalogue.regions, "code")
        self._seats = _by(catalogue.seats, "seat")
        self._kiosks = _by(catalogue.kiosks, "kiosk")

    def item(self, code: str) -> ServiceItem:
        """The item; raises `NotFound`."""
        return _found(self._items, code, "service item")

    def item_or_code(self, code: str) -> ServiceItem:
        """The item; one that has left the catalogue is called by its code."""
        return self._items.get(code) or ServiceItem(code, code, code)

    def region(self, code: str) -> Region:
        """The region; raises `NotFound`."""
        return _found(self._regions, code, "region")

    def find_region(self, code: str) -> Region | None:
        """The region, or the county around a town, if the catalogue names it."""
        return self._regions.get(code) or self._regions.get(code[:6])

    def department(self, code: str) -> Department:
        """The department of a code; one without a name in the catalogue is called by its code."""
        return self._departments.get(code) or Department(code, code, code)

    def seat(self, seat: str) -> SeatProfile | None:
        """What the operator said about a seat, if anything."""
        return self._seats.get(seat)

    def kiosk(self, kiosk: str) -> KioskProfile | None:
        """What the operator said about a kiosk, if anything."""
        return self._kiosks.get(kiosk)

    def items_of(self, skills: Iterable[str]) -> list[ServiceItem]:
        """The items that lie under any of these codes."""
        stems = set(skills)
        return [item for item in self.catalogue.items if any(stem in stems for stem in stems_of(item.code))]


def stems_of(code: str) -> list[str]:
    """The code and every leading part of it that ends at a dot, longest first, then `ROOT`."""
    parts = code.split(".")
    return [".".join(parts[:length]) for length in range(len(parts), 0, -1)] + [ROOT]


def _by(entries: tuple[Entry, ...], key: str) -> Mapping[str, Entry]:
    return MappingProxyType({getattr(entry, key): entry for entry in entries})


def _found(entries: Mapping[str, Entry], code: str, what: str) -> Entry:
    if code not in entries:
        raise NotFound(f"There is no {what} {code!r}.")
    return entries[code]
