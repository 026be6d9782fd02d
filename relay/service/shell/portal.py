"""What a portal can do: ask for calls, end them, look at queues and seats, follow what happens.

One implementation for the library (`relay.Relay`) and the REST interface.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from relay.clock import Clock
from relay.errors import Conflict, LimitReached, Malformed, NotFound, Refusal
from relay.scheduler import commands, events
from relay.scheduler.commands import AnyCommand
from relay.scheduler.model import Kind, Party
from relay.scheduler.shell.decision import Decision
from relay.service.house import day_of
from relay.service.participants import Desk, Who
from relay.service.profiles import highest_priority
from relay.service.record_book import FinishedCall
from relay.service.shell.exchange import Exchange
from relay.service.views import CallView, QueueView, SeatView

_POSITION = re.compile(r"(\d{1,18})(?:\.(\d{1,9}))?", re.ASCII)
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


class CallDecision(msgspec.Struct, frozen=True, kw_only=True):
    """One decision, as far as it concerns a call: what was asked, and what came of it, with the reasons."""

    seq: int
    at_ms: int
    command: AnyCommand
    events: tuple[events.AnyEvent, ...]
    """An offer states the rule that chose the seat, how many seats were eligible, and which were considered."""


class PositionGone(Refusal):
    """What follows this position is no longer kept, or the position is of another journal."""

    problem = "position-gone"
    status = 410
    hint = "Ask for the present state (calls, queue, seats), then follow without a position."


class PortalDesk:
    """All of it."""

    def __init__(self, exchange: Exchange, clock: Clock, max_streams: int) -> None:
        self._exchange = exchange
        self._clock = clock
        self._max_streams = max_streams
        self._streams = 0
        self._reading = asyncio.Semaphore(1)
        """The journal is read for one at a time."""

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

    def records(self, after: int = 0, limit: int = 100) -> list[FinishedCall]:
        """Call detail records of calls that left the engine after decision `after`, oldest first.

        Raises `PositionGone` when some of them are no longer kept.
        """
        finished = self._exchange.ledger.finished
        if 0 < after < finished.forgotten:
            raise PositionGone(f"Records before decision {finished.forgotten} are no longer kept here.")
        return finished.after(after, limit)

    def record(self, call: str) -> FinishedCall:
        """One call detail record. Raises `NotFound`."""
        found = self._exchange.ledger.finished.find(call)
        if found is None:
            raise NotFound(f"There is no record of a call {call!r}: it is not over, or it is long over.")
        return found

    async def decisions(self, call: str) -> list[CallDecision]:
        """Everything decided about a call that is open, or has a record. Raises `NotFound`."""
        open_call = self._exchange.scheduler.state.calls.get(call)
        since_ms = open_call.enqueued_ms if open_call is not None else self.record(call).record.enqueued_ms
        until = self._exchange.scheduler.position if open_call is not None else self.record(call).seq
        found: list[CallDecision] = []

        def tell(decision: Decision) -> None:
            concerned = tuple(event for event in decision.events if _concerns(event, call))
            if concerned:
                found.append(
                    CallDecision(seq=decision.seq, at_ms=decision.now_ms, command=decision.command, events=concerned)
                )

        async with self._reading:
            await self._exchange.scheduler.recount(since_ms, until, tell)
        return found

    async def position(self, after: str) -> tuple[int, int]:
        """Decision and event number of an event's `id`; of a decision alone: before the first event of the next one.

        Raises `Malformed`, and `PositionGone` when what follows is out of reach.
        """
        parts = _POSITION.fullmatch(after)
        if parts is None:
            raise Malformed(f"{after!r} is not the id of an event")
        seq, number = (int(parts[1]), int(parts[2])) if parts[2] else (int(parts[1]) + 1, -1)
        scheduler = self._exchange.scheduler
        oldest = await scheduler.oldest_position()
        if seq <= oldest:
            raise PositionGone(f"Events up to decision {oldest} are no longer kept.")
        if seq > scheduler.position + (number < 0):
            raise PositionGone(f"This relay has come to {scheduler.position} only.")
        return seq, number

    def events(self, after: str = "") -> AsyncIterator[CallEvent]:
        """What happens from the first step of the iteration on, or after the event with this `id`, once it is durable.

        Raises `LimitReached` when too many follow already; the iteration raises what `position` does. Who reads slowly is
        served from the journal, so nothing is lost and nobody waits for him.
        """
        self._admit_stream()
        return self._follow(after)

    async def _follow(self, after: str) -> AsyncIterator[CallEvent]:
        self._admit_stream()
        self._streams += 1
        try:
            seq, number = await self.position(after) if after else (self._exchange.scheduler.position + 1, -1)
            async for group in self._exchange.scheduler.follow(seq - 1):
                for event in _told(group, (seq, number)):
                    yield event
        finally:
            self._streams -= 1

    def _admit_stream(self) -> None:
        if self._streams >= self._max_streams:
            raise LimitReached(f"At most {self._max_streams} event streams at once.")


def _told(decisions: Iterable[Decision], after: tuple[int, int]) -> Iterator[CallEvent]:
    for decision in decisions:
        for number, event in enumerate(decision.events):
            if not isinstance(event, _UNTOLD) and (decision.seq, number) > after:
                yield CallEvent(id=f"{decision.seq}.{number}", at_ms=decision.now_ms, event=event)


def _concerns(event: events.AnyEvent, call: str) -> bool:
    return call in (getattr(event, "call", ""), getattr(event, "invitation", ""))
