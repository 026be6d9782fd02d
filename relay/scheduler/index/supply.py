"""Who can serve, found from the call's side: the seats that are free and fit a line, and the one idle longest.

"Can serve this item at this level, in this region, in this language, and is free" is a meeting of sets of seats. What a
line needs of the seats' profiles is kept in the line until a profile comes or goes; and when nobody is free, nobody looks.
"""

from __future__ import annotations

from relay.scheduler import regions
from relay.scheduler.entities import Seat
from relay.scheduler.model import Presence

from .facets import Facet
from .line import Line
from .ordered import Ordered
from .profile import Profile
from .seat_set import SeatSet, earliest

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

    __slots__ = ("_order", "_sets")

    def __init__(self) -> None:
        self._sets: dict[int, SeatSet] = {}
        self._order: list[int] = []

    def add(self, number: int, seat: int) -> None:
        """The seat belongs to class `number`."""
        if number not in self._sets:
            self._sets[number] = SeatSet()
            self._order = sorted(self._sets)
        self._sets[number].add(seat)

    def remove(self, number: int, seat: int) -> None:
        """The seat leaves class `number`, in which it is."""
        self._sets[number].discard(seat)

    def best(self, seats: SeatSet) -> SeatSet:
        """Those of `seats` that are in the lowest class in which any of them is."""
        for number in self._order:
            members = self._sets[number]
            if members.meets(seats):
                return members & seats
        return seats


class Supply:
    """The seats that are online."""

    __slots__ = (
        "_able", "_known", "_reached", "_served", "_skills", "_suited", "_under", "_used", "available", "breadth", "home",
        "idle", "kept", "occupancy", "path", "seats", "staffed", "version",
    )  # fmt: skip

    def __init__(self) -> None:
        self.seats: list[Seat | None] = []
        """By number."""
        self._used = SeatSet()
        self.available = SeatSet()
        """Seats that may be offered a call now."""
        self.staffed = SeatSet()
        """Seats that want calls, busy or not."""
        self.kept = SeatSet()
        """Seats kept idle for appointments."""
        self.idle = Ordered()
        """(idle_seq, number) of the available seats, longest idle first."""
        self.version = 0
        """Counts changes of profiles."""
        self._known: dict[tuple[tuple[str, ...], int], SeatSet] = {}
        self._reached: dict[str, SeatSet] = {}
        self._suited: dict[int, SeatSet] = {}
        self._skills: dict[str, dict[int, SeatSet]] = {}
        self._served: dict[str, SeatSet] = {}
        self._under: dict[str, SeatSet] = {}
        self.home: dict[str, SeatSet] = {}
        """Seats whose own division is this one or lies in it."""
        self._able: dict[int, SeatSet] = {}
        """By ability."""
        self.breadth = Classes()
        self.path = Classes()
        self.occupancy = Classes()

    def free_index(self) -> int:
        """The lowest number that no seat has."""
        return self._used.lowest_missing()

    def add(self, seat: Seat) -> None:
        """The seat comes online with the number it has been given."""
        index = seat.index
        self.seats.extend([None] * (index + 1 - len(self.seats)))
        self.seats[index] = seat
        self._used.add(index)
        self._enter(seat)
        self.path.add(path_class(seat.rtt_ms), index)
        self.occupancy.add(seat.occupancy, index)
        self.refresh(seat)

    def remove(self, seat: Seat) -> None:
        """The seat goes offline."""
        index = seat.index
        if seat.available:
            self._withdraw(seat)
        self.staffed.discard(index)
        self.kept.discard(index)
        self._quit(seat)
        self.path.remove(path_class(seat.rtt_ms), index)
        self.occupancy.remove(seat.occupancy, index)
        self.seats[index] = None
        self._used.discard(index)

    def reprofile(self, seat: Seat, profile: Profile) -> None:
        """The seat has another profile from now on."""
        self._quit(seat)
        seat.profile = profile
        self._enter(seat)
        self.refresh(seat)

    def remeasure(self, seat: Seat, rtt_ms: int) -> None:
        """The seat's path has another round trip."""
        self.path.remove(path_class(seat.rtt_ms), seat.index)
        seat.rtt_ms = rtt_ms
        self.path.add(path_class(rtt_ms), seat.index)

    def reoccupy(self, seat: Seat, occupancy: int) -> None:
        """The seat's occupancy class has changed."""
        if seat.occupancy != occupancy:
            self.occupancy.remove(seat.occupancy, seat.index)
            seat.occupancy = occupancy
            self.occupancy.add(occupancy, seat.index)

    def refresh(self, seat: Seat) -> None:
        """Something about the seat changed: is it available, wanted, and since when idle?"""
        index = seat.index
        wanted = seat.presence is _READY
        if seat.reserved:
            self.kept.add(index)
        else:
            self.kept.discard(index)
        if wanted:
            self.staffed.add(index)
        else:
            self.staffed.discard(index)
        available = (
            wanted
            and not seat.offer
            and not seat.reserved
            and seat.media_ready
            and len(seat.calls) + len(seat.wraps) < seat.profile.capacity
        )
        if seat.available and not (available and seat.idle_place == seat.idle_seq):
            self._withdraw(seat)
        if available and not seat.available:
            seat.available = True
            seat.idle_place = seat.idle_seq
            self.idle.add(seat.idle_seq, index)
            self.available.add(index)

    def eligible(self, line: Line) -> SeatSet:
        """Seats whose profile fits the line, free or not."""
        if line.supply_version != self.version:
            line.eligible = self.with_item(line.group, line.facet.level) & self.near(line.scope) & self._fit(line.facet)
            line.supply_version = self.version
        return line.eligible

    def with_item(self, group: tuple[str, ...], level: int) -> SeatSet:
        """Seats that know the items of a group at this level or better: the narrowest node that a seat names counts."""
        key = (group, level)
        seats = self._known.get(key)
        if seats is None:
            seats = SeatSet()
            for node in reversed(group):
                for named, those in self._skills[node].items() if node in self._skills else ():
                    seats = seats | those if named >= level else seats - those
            self._known[key] = seats
        return seats

    def longest_idle(self, seats: SeatSet) -> Seat:
        """The one of `seats` (available, at least one) that has been idle longest."""
        index = earliest(self.idle, seats, _PATIENCE * seats.count())
        return self._longest_idle_of(seats) if index < 0 else self.at(index)

    def names(self, seats: SeatSet, limit: int) -> tuple[str, ...]:
        """Of the first of them, by number."""
        return tuple([self.at(index).id for index in seats.numbers(limit)])

    def each(self, seats: SeatSet) -> list[Seat]:
        """The seats of a set, by number."""
        return [self.at(index) for index in seats.numbers()]

    def at(self, index: int) -> Seat:
        """The seat of a bit that is set."""
        seat = self.seats[index]
        if seat is None:
            raise LookupError(index)
        return seat

    def _longest_idle_of(self, seats: SeatSet) -> Seat:
        """Without the idle order, in which all of them stand far behind."""
        best: Seat | None = None
        for index in seats.numbers():
            seat = self.at(index)
            if best is None or seat.idle_seq < best.idle_seq:
                best = seat
        if best is None:
            raise LookupError(seats)
        return best

    def _withdraw(self, seat: Seat) -> None:
        self.idle.remove(seat.idle_place, seat.index)
        self.available.discard(seat.index)
        seat.available = False

    def near(self, scope: str) -> SeatSet:
        """Seats that serve a region which encloses `scope` or lies in it."""
        seats = self._reached.get(scope)
        if seats is None:
            path = regions.chain(scope)
            seats = SeatSet()
            for members in (self._under.get(scope), *[self._served.get(around) for around in path[1:]]):
                if members is not None:
                    seats = seats | members
            self._reached[scope] = seats
        return seats

    def _fit(self, facet: Facet) -> SeatSet:
        """Seats whose ability meets the facet."""
        seats = self._suited.get(facet.number)
        if seats is None:
            seats = SeatSet()
            for number, met in enumerate(facet.met):
                if met and number in self._able:
                    seats = seats | self._able[number]
            self._suited[facet.number] = seats
        return seats

    def _renew(self) -> None:
        """Profiles have changed: what was found out about them is void."""
        self.version += 1
        self._known.clear()
        self._reached.clear()
        self._suited.clear()

    def _enter(self, seat: Seat) -> None:
        profile = seat.profile
        for members in self._memberships(profile):
            members.add(seat.index)
        self.breadth.add(profile.breadth, seat.index)
        self._renew()

    def _quit(self, seat: Seat) -> None:
        profile = seat.profile
        for members in self._memberships(profile):
            members.discard(seat.index)
        self.breadth.remove(profile.breadth, seat.index)
        self._renew()

    def _memberships(self, profile: Profile) -> list[SeatSet]:
        """The sets that seats of a profile are in."""
        around = dict.fromkeys(outer for region in profile.regions for outer in regions.chain(region))
        found = [
            table.setdefault(key, SeatSet())
            for table, keys in ((self._served, profile.regions), (self._under, around), (self.home, profile.home))
            for key in keys
        ]
        for node, level in profile.levels.items():
            found.append(self._skills.setdefault(node, {}).setdefault(level, SeatSet()))
        found.append(self._able.setdefault(profile.ability, SeatSet()))
        return found
