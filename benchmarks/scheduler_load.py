"""The load of the scheduler's benchmarks: a nation of seats, items and waiting calls, and lives lived one by one.

A life is arrive, offer, accept, end, wrap-up. The pool is saturated: every freed seat takes the first waiting call that
it can serve, and a new call joins the queue, so the number of waiting calls stays as it is.
"""

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from relay.scheduler import commands, events
from relay.scheduler.engine import Engine
from relay.scheduler.model import Kind, Media, Reach, SeatProfile, ServiceItem, Skill
from relay.scheduler.settings import SchedulerSettings
from relay.scheduler.state import State

START_MS = 1_790_000_000_000
DEPARTMENTS = 40
COUNTIES = [
    f"{province}{city:02}{county:02}" for province in (33, 34, 35, 36) for city in range(1, 6) for county in range(1, 6)
]
LIFE_MS = 70
"""Between two calls: 10,000 seats with calls of ten minutes and a little more end 14 a second."""
MEDIA = (Media.AUDIO, Media.VIDEO)


@dataclass(frozen=True)
class Size:
    """How large the nation is."""

    seats: int = 10_000
    items: int = 10_000
    waiting: int = 100_000


def settings() -> SchedulerSettings:
    """The defaults, without leases: nobody sends heartbeats here."""
    return SchedulerSettings(seat_lease_ms=0, kiosk_lease_ms=0, max_waiting=2_000_000, max_seats=1_000_000)


@dataclass
class Nation:
    """Catalogue, seats and citizens, drawn from one seed."""

    size: Size
    rng: random.Random = field(default_factory=lambda: random.Random(9))
    serial: int = 0

    def items(self) -> list[ServiceItem]:
        """Departments with their items: most are served in the own county, some in the city, few anywhere."""
        reaches = [Reach.COUNTY] * 7 + [Reach.CITY] * 2 + [Reach.COUNTRY]
        return [
            ServiceItem(f"d{number % DEPARTMENTS}.i{number // DEPARTMENTS}", reach=reaches[number // DEPARTMENTS % 10])
            for number in range(self.size.items)
        ]

    def profile(self, number: int) -> SeatProfile:
        """A department's seat in a county; some know a second department or single items, some serve a city."""
        rng = self.rng
        skills = {f"d{rng.randrange(DEPARTMENTS)}": rng.randint(3, 8)}
        if rng.random() < 0.3:
            skills[f"d{rng.randrange(DEPARTMENTS)}"] = rng.randint(1, 5)
        if rng.random() < 0.1:
            skills[f"d{rng.randrange(DEPARTMENTS)}.i{rng.randrange(self.size.items // DEPARTMENTS)}"] = 9
        county = COUNTIES[number % len(COUNTIES)]
        region = rng.choices([county, county[:4] + "00", county[:2] + "0000"], [7, 2, 1])[0]
        languages = ("zh", "en") if rng.random() < 0.1 else ("zh",)
        return SeatProfile(tuple(Skill(item, level) for item, level in skills.items()), (region,), languages)

    def request(self) -> commands.RequestCall:
        """The next citizen."""
        rng = self.rng
        self.serial += 1
        return commands.RequestCall(
            f"key-{self.serial}",
            f"kiosk-{self.serial}",
            f"d{rng.randrange(DEPARTMENTS)}.i{rng.randrange(self.size.items // DEPARTMENTS)}",
            rng.choice(COUNTIES),
            rng.choice((Kind.CONSULT, Kind.GUIDE, Kind.HANDLE)),
            "zh" if rng.random() < 0.97 else "en",
            MEDIA,
            "normal" if rng.random() < 0.9 else "elderly",
        )


Send = Callable[[commands.Command, int], tuple[events.AnyEvent, ...]]


class Load:
    """Lives lived on one engine; `send` may be anything that takes a command and gives its events."""

    def __init__(self, size: Size, engine: Engine | None = None) -> None:
        self.nation = Nation(size)
        self.engine = engine or Engine(State(settings()))
        self.now_ms = START_MS
        self.talking: deque[tuple[str, str]] = deque()
        self.serves: dict[str, tuple[str, str]] = {}
        """An item and region of each seat."""
        self.idle: list[str] = []
        """Seats that found nobody when their last call was done."""

    def open(self) -> None:
        """Seats log in, ready, each is given a call, and the queue fills up."""
        size = self.nation.size
        send = self.engine.handle_command
        send(commands.DefineItems(tuple(self.nation.items())), self.now_ms)
        for number in range(size.seats):
            profile = self.nation.profile(number)
            self.serves[f"seat-{number}"] = (f"{profile.skills[0].item.partition('.')[0]}.i0", profile.regions[0])
            send(commands.LogIn(f"seat-{number}", profile, ready=True), self.now_ms)
        idle = size.seats
        while self.engine.state.waiting_calls < size.waiting:
            for event in send(self.nation.request(), self.now_ms):
                if type(event) is events.CallOffered:
                    send(commands.AcceptOffer(event.offer, event.seat), self.now_ms)
                    self.talking.append((event.call, event.seat))
                    idle -= 1
            self.now_ms += 1
        self.nation.rng.shuffle(self.talking)

    def requests(self, lives: int) -> list[commands.RequestCall]:
        """Citizens drawn beforehand, so that drawing them is not measured."""
        return [self.nation.request() for _ in range(lives)]

    def live(self, requests: list[commands.RequestCall], send: Send) -> None:
        """One life per request: it joins the queue, another call ends, and its seat takes a third.

        A seat that finds nobody (in a short queue) gets the next citizen, so that as many talk as before.
        """
        talking, idle = self.talking, self.idle
        for drawn in requests:
            self.now_ms += LIFE_MS
            now_ms = self.now_ms
            request = self._for(idle[-1], drawn) if idle else drawn
            if self._accept(send(request, now_ms), send) and idle:
                idle.pop()
            call, seat = talking.popleft()
            send(commands.HangUp(call), now_ms)
            if not self._accept(send(commands.FinishWrapUp(call, seat, "done"), now_ms), send):
                idle.append(seat)

    def _for(self, seat: str, drawn: commands.RequestCall) -> commands.RequestCall:
        item, region = self.serves[seat]
        return msgspec.structs.replace(drawn, item=item, region=region, language="zh")

    def _accept(self, happened: tuple[events.AnyEvent, ...], send: Send) -> bool:
        """Whether somebody rang, who has taken the call now."""
        last = happened[-1] if happened else None
        if type(last) is not events.CallOffered:
            return False
        send(commands.AcceptOffer(last.offer, last.seat), self.now_ms)
        self.talking.append((last.call, last.seat))
        return True
