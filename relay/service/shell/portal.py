"""What a portal can do: ask for calls, end them, look at queues and seats, follow what happens.

One implementation for the library (`relay.Relay`) and the REST interface.
"""

from collections.abc import AsyncIterator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from relay.clock import Clock
from relay.errors import Conflict, LimitReached, NotFound
from relay.scheduler import commands, events
from relay.scheduler.model import Kind, Party
from relay.service.house import day_of
from relay.service.participants import Desk, Who
from relay.service.profiles import highest_priority
from relay.service.shell.exchange import Exchange
from relay.service.views import CallView, QueueView, SeatView

MAX_PENDING_DECISIONS = 1_000
_UNTOLD = (events.SeatLeaseRenewed, events.KioskLeaseRenewed, events.SeatPathMeasured)
"""Signs of life: many, and nothing that a portal could act on."""


class KioskAbsent(Conflict):
    """The kiosk is not logged in."""

    problem = "kiosk-absent"
    hint = "A call is asked for when somebody is there to take it: let the kiosk page log in first."


Code = Annotated[str, Meta(max_length=64, pattern=r"^[\w.:/\-]*$")]


class NewCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call that a portal asks for on behalf of a kiosk that is logged in."""

    kiosk: Code
    item: Code
    kind: Literal["consult", "guide", "handle"] = "consult"
    region: Code = ""
    """Empty: where the kiosk is."""
    language: Code = "zh"
    priority: Annotated[tuple[Code, ...], Meta(max_length=4)] = ()
    """Classes the citizen qualifies for."""
    citizen: Code = ""
    """Pseudonym, for the sticky seat and limits."""
    case: Code = ""


class CallEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened: `event` has the type and the fields of `relay.scheduler.events`."""

    id: str
    """Grows; `<decision>.<n>`."""
    at_ms: int
    event: events.AnyEvent


class PortalDesk:
    """All of it."""

    def __init__(self, exchange: Exchange, clock: Clock, max_streams: int) -> None:
        self._exchange = exchange
        self._clock = clock
        self._max_streams = max_streams
        self._streams = 0

    async def create_call(self, call: NewCall, idempotency_key: str) -> CallView:
        """Ask for a caseworker on behalf of a kiosk; the same key twice is one call.

        Raises `KioskAbsent`, and what the scheduler refuses (`UnknownItem`, `QueueFull`, `KioskLimit` …).
        """
        participant = self._exchange.participants.find(Who(Desk.KIOSK, call.kiosk))
        if participant is None:
            raise KioskAbsent(f"The kiosk {call.kiosk!r} is not logged in.")
        return await self._exchange.request_call(
            commands.RequestCall(
                key=f"portal/{idempotency_key}",
                kiosk=call.kiosk,
                item=call.item,
                region=call.region or participant.region,
                kind=Kind(call.kind),
                language=call.language,
                priority=highest_priority(call.priority, self._exchange.scheduler.state.settings),
                citizen=call.citizen,
                case=call.case,
            )
        )

    async def cancel_call(self, call: str, reason: str = "") -> None:
        """End a call, whatever its state; one that is over stays so. Raises `NotFound` for one that never was."""
        await self._exchange.submit(commands.HangUp(call=call, by=Party.PORTAL, reason=reason or "cancelled"))

    def call(self, call: str) -> CallView:
        """A call that is not over. Raises `NotFound`."""
        view = self._exchange.records.call(call)
        if view is None:
            raise NotFound(f"There is no call {call!r}, or it is over.")
        return view

    def calls(self) -> list[CallView]:
        """The calls in conversation or wrap-up."""
        return self._exchange.house.conversations()

    def queue(self) -> list[QueueView]:
        """The queues, by department."""
        return self._exchange.house.queues(day_of(self._clock.wall_ms()))

    def seats(self) -> list[SeatView]:
        """The seats that are online."""
        return self._exchange.house.seats()

    def events(self) -> AsyncIterator[CallEvent]:
        """What happens from the first step of the iteration on, once it is durable.

        Raises `LimitReached` when too many follow already, and `CutOff` when this one is too slow.
        """
        self._admit_stream()
        return self._follow()

    async def _follow(self) -> AsyncIterator[CallEvent]:
        self._admit_stream()
        self._streams += 1
        subscription = self._exchange.scheduler.subscribe(MAX_PENDING_DECISIONS)
        try:
            async for decision in subscription:
                for number, event in enumerate(decision.events):
                    if not isinstance(event, _UNTOLD):
                        yield CallEvent(id=f"{decision.seq}.{number}", at_ms=decision.now_ms, event=event)
        finally:
            self._streams -= 1
            subscription.close()

    def _admit_stream(self) -> None:
        if self._streams >= self._max_streams:
            raise LimitReached(f"At most {self._max_streams} event streams at once.")
