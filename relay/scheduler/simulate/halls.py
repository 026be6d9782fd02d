"""Citizens at their halls: they come, take a booth or stand in line for one, call, wait, talk, and leave."""

from collections import deque
from collections.abc import Iterator

from relay.errors import Refusal
from relay.scheduler import commands as ask
from relay.scheduler import events
from relay.scheduler.distribution import WAIT_BOUNDS_S, Distribution
from relay.scheduler.model import Party, Target
from relay.scheduler.simulate.demand import Visit
from relay.scheduler.simulate.world import World


class Hall:
    """The booths of one region, and the line before them."""

    __slots__ = ("free", "line", "region", "taken")

    def __init__(self, region: str, booths: int) -> None:
        self.region = region
        self.free = [f"{region}-{n}" for n in range(booths, 0, -1)]
        self.line: deque[Visit] = deque()
        self.taken = 0


class Halls:
    """All of them; reacts to what the engine decides about their citizens."""

    def __init__(self, world: World, booths: dict[str, int]) -> None:
        """`booths` by region; 0: as many as it takes."""
        self.booth_wait = Distribution(WAIT_BOUNDS_S)
        """Of those who came to a hall with a limited number of booths."""
        self.balked = 0
        """Citizens whose call was refused (queue full, closed)."""
        self._world = world
        self._halls = {region: Hall(region, count) for region, count in booths.items()}
        self._limited = {region for region, count in booths.items() if count}
        self._visits: dict[str, Visit] = {}
        world.on(events.CallAccepted, self._answered)
        for over in (events.CallEnded, events.CallAbandoned, events.CallDeflected):
            world.on(over, self._over)

    def come(self, visit: Visit) -> None:
        """A citizen walks in, now."""
        visit.arrived_ms = self._world.now_ms
        hall = self._halls[visit.region]
        if visit.region in self._limited and not hall.free:
            hall.line.append(visit)
        else:
            self._enter(hall, visit)

    def waiting_in_line(self) -> int:
        """Citizens before the booths."""
        return sum(len(hall.line) for hall in self._halls.values())

    def _enter(self, hall: Hall, visit: Visit) -> None:
        hall.taken += 1
        visit.kiosk = hall.free.pop() if hall.region in self._limited else f"{hall.region}-{visit.key}"
        if hall.region in self._limited:
            self.booth_wait.observe((self._world.now_ms - visit.arrived_ms) / 1000.0)
        outcome = self._world.submit(_request(visit))
        if isinstance(outcome, Refusal):
            self.balked += 1
            self._leave(visit)
            return
        visit.call = next(event.call for event in outcome if isinstance(event, events.CallRequested))
        self._visits[visit.call] = visit
        if visit.patience_ms is not None:
            self._world.at(self._world.now_ms + visit.patience_ms, lambda _: self._lose_patience(visit))

    def _lose_patience(self, visit: Visit) -> None:
        if visit.patience_ms is not None and visit.call in self._visits:
            self._world.submit(ask.HangUp(visit.call, Party.KIOSK, "patience"))

    def _answered(self, event: events.CallAccepted) -> None:
        visit = self._visits[event.call]
        visit.patience_ms = None
        handle_ms = visit.handle_ms
        if visit.transfer_to:
            target, visit.transfer_to = visit.transfer_to, ""
            visit.handle_ms = handle_ms - handle_ms // 2
            transfer = ask.TransferCall(event.call, event.seat, Target(item=target), "other department")
            self._world.ask_at(event.at_ms + handle_ms // 2, transfer)
        else:
            self._world.ask_at(event.at_ms + handle_ms, ask.HangUp(event.call, Party.SEAT, "done"))

    def _over(self, event: events.CallEnded | events.CallAbandoned | events.CallDeflected) -> None:
        visit = self._visits.pop(event.call, None)
        if visit is not None:
            self._leave(visit)

    def _leave(self, visit: Visit) -> None:
        """The booth goes to the next in line, in an action of its own."""
        hall = self._halls[visit.region]
        hall.taken -= 1
        if hall.region not in self._limited:
            return
        hall.free.append(visit.kiosk)
        if hall.line:
            following = hall.line.popleft()
            self._world.at(self._world.now_ms, lambda _: self._enter(hall, following))


def _request(visit: Visit) -> ask.AnyCommand:
    if visit.appointment:
        return ask.CheckIn(visit.appointment, visit.kiosk)
    return ask.RequestCall(
        key=visit.key,
        kiosk=visit.kiosk,
        item=visit.item,
        region=visit.region,
        kind=visit.kind,
        language=visit.language,
        priority=visit.priority,
        citizen=visit.citizen,
    )


def arrivals(world: World, halls: Halls, visits: Iterator[tuple[int, Visit]]) -> None:
    """Put the next arrival on the agenda; each one fetches the one after it, so the agenda stays short."""
    coming = next(visits, None)
    if coming is None:
        return
    at_ms, visit = coming

    def come(_: int) -> None:
        halls.come(visit)
        arrivals(world, halls, visits)

    world.at(at_ms, come)
