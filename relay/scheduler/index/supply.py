"""Who can serve, found from the call's side: the seats that are free and fit a line, and the one idle longest.

Every seat has a bit. Sets of seats are integers, so that "can serve this item at this level, in this region, in this
language, and is free" is a handful of ANDs over as many bits as there are seats; 10,000 seats are 1.25 kB, about 0.1 µs
each. What a line needs of the seats' profiles is kept in the line until a profile comes or goes.
"""

from __future__ import annotations

from collections.abc import Iterable

from relay.scheduler import regions
from relay.scheduler.entities import Seat
from relay.scheduler.model import Presence

from .facets import Facet
from .line import Line
from .ordered import Ordered
from .profile import Profile

_PATIENCE = 4
"""To find who has been idle longest, the idle order is walked; but no more than so many steps per candidate."""

PATH_CLASSES_MS = (25, 50, 75, 100, 150, 200, 300, 500)
"""Round trips are told apart by these bounds; an unknown one counts as 100 to 150 ms."""
_UNKNOWN_PATH = 4
_READY = Presence.READY


def path_class(rtt_ms: int) -> int:
    """0 is best."""
    if rtt_ms < 0:
        return _UNKNOWN_PATH
    return next((n for n, bound_ms in enumerate(PATH_CLASSES_MS) if rtt_ms < bound_ms), len(PATH_CLASSES_MS))


class Classes:
    """Seats sorted into numbered classes, the lowest preferred."""

    __slots__ = ("_bits", "_order")

    def __init__(self) -> None:
        self._bits: dict[int, int] = {}
        self._order: list[int] = []

    def add(self, number: int, bit: int) -> None:
        """The seat belongs to class `number`."""
        if number not in self._bits:
            self._bits[number] = 0
            self._order = sorted(self._bits)
        self._bits[number] |= bit

    def remove(self, number: int, bit: int) -> None:
        """The seat leaves class `number`, in which it is."""
        self._bits[number] ^= bit

    def best(self, seats: int) -> int:
        """Those of `seats` that are in the lowest class in which any of them is."""
        for number in self._order:
            found = seats & self._bits[number]
            if found:
                return found
        return seats


class Supply:
    """The seats that are online, as bits."""

    __slots__ = (
        "_able", "_known", "_reached", "_served", "_skills", "_suited", "_under", "_used", "available", "breadth", "home",
        "idle", "kept", "occupancy", "path", "seats", "staffed", "version",
    )  # fmt: skip

    def __init__(self) -> None:
        self.seats: list[Seat | None] = []
        """By bit number."""
        self._used = 0
        self.available = 0
        """Seats that may be offered a call now."""
        self.staffed = 0
        """Seats that want calls, busy or not."""
        self.kept = 0
        """Seats kept idle for appointments."""
        self.idle = Ordered()
        """(idle_seq, bit number) of the available seats, longest idle first."""
        self.version = 0
        """Counts changes of profiles."""
        self._known: dict[tuple[tuple[str, ...], int], int] = {}
        self._reached: dict[str, int] = {}
        self._suited: dict[int, int] = {}
        self._skills: dict[str, dict[int, int]] = {}
        self._served: dict[str, int] = {}
        self._under: dict[str, int] = {}
        self.home: dict[str, int] = {}
        """Seats whose own division is this one or lies in it."""
        self._able: dict[int, int] = {}
        """By ability."""
        self.breadth = Classes()
        self.path = Classes()
        self.occupancy = Classes()

    def free_index(self) -> int:
        """The lowest bit number that no seat has."""
        return (~self._used & (self._used + 1)).bit_length() - 1

    def add(self, seat: Seat) -> None:
        """The seat comes online with the bit number it has been given."""
        index = seat.index
        self.seats.extend([None] * (index + 1 - len(self.seats)))
        self.seats[index] = seat
        self._used |= seat.bit
        self._enter(seat)
        self.path.add(path_class(seat.rtt_ms), seat.bit)
        self.occupancy.add(seat.occupancy, seat.bit)
        self.refresh(seat)

    def remove(self, seat: Seat) -> None:
        """The seat goes offline."""
        bit = seat.bit
        self._withdraw(seat)
        self.staffed &= ~bit
        self.kept &= ~bit
        self._quit(seat)
        self.path.remove(path_class(seat.rtt_ms), bit)
        self.occupancy.remove(seat.occupancy, bit)
        self.seats[seat.index] = None
        self._used ^= bit

    def reprofile(self, seat: Seat, profile: Profile) -> None:
        """The seat has another profile from now on."""
        self._quit(seat)
        seat.profile = profile
        self._enter(seat)
        self.refresh(seat)

    def remeasure(self, seat: Seat, rtt_ms: int) -> None:
        """The seat's path has another round trip."""
        self.path.remove(path_class(seat.rtt_ms), seat.bit)
        seat.rtt_ms = rtt_ms
        self.path.add(path_class(rtt_ms), seat.bit)

    def reoccupy(self, seat: Seat, occupancy: int) -> None:
        """The seat's occupancy class has changed."""
        if seat.occupancy != occupancy:
            self.occupancy.remove(seat.occupancy, seat.bit)
            seat.occupancy = occupancy
            self.occupancy.add(occupancy, seat.bit)

    def refresh(self, seat: Seat) -> None:
        """Something about the seat changed: is it available, wanted, and since when idle?"""
        bit = seat.bit
        if (seat.reserved != "") != bool(self.kept and self.kept & bit):
            self.kept ^= bit
        wanted = seat.presence is _READY
        if wanted != seat.staffed:
            seat.staffed = wanted
            self.staffed ^= bit
        available = (
            wanted
            and not seat.offer
            and not seat.reserved
            and seat.media_ready
            and len(seat.calls) + len(seat.wraps) < seat.profile.capacity
        )
        entry = seat.idle_entry
        if entry is None:
            if available:
                seat.idle_entry = (seat.idle_seq, seat.index)
                self.idle.add(seat.idle_entry)
                self.available |= seat.bit
        elif not available or entry[0] != seat.idle_seq:
            self._withdraw(seat)
            self.refresh(seat)

    def eligible(self, line: Line) -> int:
        """Seats whose profile fits the line, free or not."""
        if line.supply_version != self.version:
            line.eligible = self.with_item(line.group, line.facet.level) & self.near(line.scope) & self._fit(line.facet)
            line.supply_version = self.version
        return line.eligible

    def with_item(self, group: tuple[str, ...], level: int) -> int:
        """Seats that know the items of a group at this level or better: the narrowest node that a seat names counts."""
        key = (group, level)
        seats = self._known.get(key)
        if seats is None:
            seats = 0
            for node in reversed(group):
                for named, those in self._skills[node].items() if node in self._skills else ():
                    seats = seats | those if named >= level else seats & ~those
            self._known[key] = seats
        return seats

    def longest_idle(self, seats: int) -> Seat:
        """The one of `seats` (available, at least one) that has been idle longest."""
        wanted = _bytes(seats)
        steps = _PATIENCE * seats.bit_count()
        for block in self.idle.blocks:
            for _, index in block:
                if index >> 3 < len(wanted) and wanted[index >> 3] >> (index & 7) & 1:
                    return self.at(index)
                steps -= 1
                if not steps:
                    return self._longest_idle_of(wanted)
        raise LookupError(seats)

    def names(self, seats: int, limit: int) -> tuple[str, ...]:
        """Of the first of them, by number."""
        found: list[str] = []
        while seats and len(found) < limit:
            index = (seats & -seats).bit_length() - 1
            found.append(self.at(index).id)
            seats &= seats - 1
        return tuple(found)

    def each(self, seats: int) -> list[Seat]:
        """The seats of a set, by number."""
        found: list[Seat] = []
        for place, byte in enumerate(_bytes(seats)):
            if byte:
                found += [self.at(8 * place + bit) for bit in range(8) if byte >> bit & 1]
        return found

    def at(self, index: int) -> Seat:
        """The seat of a bit that is set."""
        seat = self.seats[index]
        if seat is None:
            raise LookupError(index)
        return seat

    def _longest_idle_of(self, seats: bytes) -> Seat:
        """Without the idle order, in which all of them stand far behind."""
        best: Seat | None = None
        for place, byte in enumerate(seats):
            for bit in range(8) if byte else ():
                if byte >> bit & 1:
                    seat = self.at(8 * place + bit)
                    if best is None or seat.idle_seq < best.idle_seq:
                        best = seat
        if best is None:
            raise LookupError(seats)
        return best

    def _withdraw(self, seat: Seat) -> None:
        if seat.idle_entry is not None:
            self.idle.remove(seat.idle_entry)
            seat.idle_entry = None
            self.available ^= seat.bit

    def near(self, scope: str) -> int:
        """Seats that serve a region which encloses `scope` or lies in it."""
        seats = self._reached.get(scope)
        if seats is None:
            path = regions.chain(scope)
            seats = self._under.get(scope, 0)
            for around in path[1:]:
                seats |= self._served.get(around, 0)
            self._reached[scope] = seats
        return seats

    def _fit(self, facet: Facet) -> int:
        """Seats whose ability meets the facet."""
        seats = self._suited.get(facet.number)
        if seats is None:
            seats = 0
            for number, met in enumerate(facet.met):
                if met:
                    seats |= self._able.get(number, 0)
            self._suited[facet.number] = seats
        return seats

    def _renew(self) -> None:
        """Profiles have changed: what was found out about them is void."""
        self.version += 1
        self._known.clear()
        self._reached.clear()
        self._suited.clear()

    def _enter(self, seat: Seat) -> None:
        bit = seat.bit
        profile = seat.profile
        for node, level in profile.levels.items():
            levels = self._skills.setdefault(node, {})
            levels[level] = levels.get(level, 0) | bit
        for table, keys in self._tables(profile):
            for key in keys:
                table[key] = table.get(key, 0) | bit
        self._able[profile.ability] = self._able.get(profile.ability, 0) | bit
        self.breadth.add(profile.breadth, bit)
        self._renew()

    def _quit(self, seat: Seat) -> None:
        bit = seat.bit
        profile = seat.profile
        for node, level in profile.levels.items():
            self._skills[node][level] ^= bit
        for table, keys in self._tables(profile):
            for key in keys:
                table[key] ^= bit
        self._able[profile.ability] ^= bit
        self.breadth.remove(profile.breadth, bit)
        self._renew()

    def _tables(self, profile: Profile) -> tuple[tuple[dict[str, int], Iterable[str]], ...]:
        """Where a profile leaves its bit, and under which (distinct) keys."""
        around = dict.fromkeys(outer for region in profile.regions for outer in regions.chain(region))
        return (self._served, profile.regions), (self._under, around), (self.home, profile.home)


def _bytes(seats: int) -> bytes:
    """Eight seats a byte: to look at many of them one by one, for which a large integer is slow."""
    return seats.to_bytes((seats.bit_length() + 7) // 8, "little")
