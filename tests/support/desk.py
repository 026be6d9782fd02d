"""A desk to try the scheduler at: say what seats and kiosks do, in seconds since the start, and read what came of it."""

from typing import TypeVar

from relay.scheduler import commands, events
from relay.scheduler.engine import Engine
from relay.scheduler.entities import Call, Seat
from relay.scheduler.model import SeatProfile, ServiceItem, Skill
from relay.scheduler.settings import SchedulerSettings
from relay.scheduler.state import State

START_MS = 1_790_000_000_000
COUNTY = "330203"
E = TypeVar("E", bound=events.Event)

QUIET = SchedulerSettings(seat_lease_ms=0, kiosk_lease_ms=0, kiosk_calls=0, citizen_calls=0, strategy=("longest_idle",))
"""Nothing happens that is not asked for, apart from offers, rings and wrap-up."""


def profile(*skills: str, regions: tuple[str, ...] = (COUNTY,), level: int = 5, **fields: object) -> SeatProfile:
    """A seat's profile; `item:level` where the level matters."""
    parsed = [skill.partition(":") for skill in skills or ("*",)]
    return SeatProfile(
        tuple(Skill(item, int(value) if value else level) for item, _, value in parsed), regions, **fields
    )


class Desk:
    """An engine, a clock, and everything that happened."""

    def __init__(
        self, settings: SchedulerSettings = QUIET, items: tuple[str, ...] = ("tax.vat", "hrss.pension")
    ) -> None:
        self.engine = Engine(State(settings))
        self.now_ms = START_MS
        self.log: list[events.Event] = []
        self.kiosks = 0
        self.send(commands.DefineItems(tuple(ServiceItem(item) for item in items)))

    @property
    def state(self) -> State:
        return self.engine.state

    def at(self, seconds: float) -> "Desk":
        """Let time pass until then; timers fire."""
        self.now_ms = START_MS + round(seconds * 1000)
        self.log += self.engine.advance(self.now_ms)
        return self

    def send(self, command: commands.Command) -> tuple[events.AnyEvent, ...]:
        happened = self.engine.handle_command(command, self.now_ms)
        self.log += happened
        return happened

    def seat(self, name: str, *skills: str, ready: bool = True, **fields: object) -> None:
        self.send(commands.LogIn(name, profile(*skills, **fields), ready=ready))

    def request(self, item: str = "tax.vat", region: str = COUNTY, **fields: object) -> str:
        """A citizen at a kiosk of their own asks; the call."""
        self.kiosks += 1
        fields.setdefault("kiosk", f"k{self.kiosks}")
        key = fields.pop("key", f"key{self.kiosks}")
        happened = self.send(commands.RequestCall(key, item=item, region=region, **fields))
        return next(event.call for event in happened if isinstance(event, events.CallRequested))

    def accept(self, call: str) -> tuple[events.AnyEvent, ...]:
        """The seat that rings takes it."""
        return self.send(commands.AcceptOffer(self.call(call).offer, self.call(call).seat))

    def decline(self, call: str) -> tuple[events.AnyEvent, ...]:
        return self.send(commands.DeclineOffer(self.call(call).offer, self.call(call).seat, "busy"))

    def talk(self, item: str = "tax.vat", **fields: object) -> str:
        """A call that a seat has taken."""
        call = self.request(item, **fields)
        self.accept(call)
        return call

    def end(self, call: str) -> tuple[events.AnyEvent, ...]:
        """Hang up, and wrap up at once."""
        seat = self.call(call).seat
        happened = self.send(commands.HangUp(call))
        if seat in self.state.seats and call in self.state.seats[seat].wraps:
            happened += self.send(commands.FinishWrapUp(call, seat))
        return happened

    def call(self, name: str) -> Call:
        return self.state.calls[name]

    def at_seat(self, name: str) -> Seat:
        return self.state.seats[name]

    def ringing(self, call: str) -> str:
        """The seat that rings for a call; empty: none."""
        found = self.state.calls.get(call)
        return found.seat if found is not None and found.offer and found.phase == "offered" else ""

    def happened(self, kind: type[E]) -> list[E]:
        """All events of a kind so far."""
        return [event for event in self.log if isinstance(event, kind)]

    def last(self, kind: type[E]) -> E:
        return self.happened(kind)[-1]
