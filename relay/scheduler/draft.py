"""A decision in the making: its events so far, and what they have already promised.

`decide` looks at a state that none of these events has reached yet, so the draft remembers which seats are rung, which
calls are placed, and what the events let go: calls that wait again, seats that have room again. When the command is
dealt with, `matching.settle` brings those together with the rest.
"""

from __future__ import annotations

from .entities import Call, Seat
from .events import AnyEvent, CallOffered
from .index.line import Line
from .state import State


class Choice:
    """The seat to ring, and why."""

    __slots__ = ("considered", "eligible", "rule", "seat")

    def __init__(self, seat: Seat, rule: str, eligible: int, considered: tuple[str, ...]) -> None:
        self.seat = seat
        self.rule = rule
        self.eligible = eligible
        self.considered = considered


class Requeued:
    """A call that waits again, although the index of waiting calls does not have it yet.

    `target` is the only seat to ask; the seats that are keys of `barred` are not asked.
    """

    __slots__ = ("barred", "call", "line", "region", "sticky", "target")

    def __init__(
        self, call: Call, line: Line, region: str, sticky: str, target: str, barred: dict[str, int] | None
    ) -> None:
        self.call = call
        self.line = line
        self.region = region
        self.sticky = sticky
        self.target = target
        self.barred = barred


class Draft:
    """Events of one decision, all at the same time."""

    __slots__ = (
        "_appointments", "_calls", "_offers", "at_ms", "events", "freed", "hushed", "kept", "placed", "requeued", "state",
        "taken", "unkept",
    )  # fmt: skip

    def __init__(self, state: State, at_ms: int) -> None:
        self.state = state
        self.at_ms = at_ms
        self.events: list[AnyEvent] = []
        self.taken: set[int] | None = None
        """Numbers of seats that are no longer free."""
        self.kept = 0
        """Seats kept for appointments."""
        self.placed: set[str] | None = None
        """Calls that no longer wait."""
        self.requeued: list[Requeued] | None = None
        """Calls that wait again."""
        self.freed: dict[str, int] | None = None
        """Seats that have room again: so many calls and wrap-ups less."""
        self.hushed: set[str] | None = None
        """Of the freed seats, those that rang."""
        self.unkept: set[str] | None = None
        """Of the freed seats, those that were kept for an appointment."""
        self._calls = state.calls_made
        self._offers = state.offers_made
        self._appointments = state.appointments_made

    def take(self, seat: Seat) -> None:
        """A seat is no longer free."""
        if self.taken is None:
            self.taken = set()
        self.taken.add(seat.index)

    def place(self, call: str) -> None:
        """A call no longer waits."""
        if self.placed is None:
            self.placed = set()
        self.placed.add(call)

    def free(self, seat: str) -> None:
        """A seat has let go a call or wrap-up."""
        self._let_go(seat, 1)

    def hush(self, seat: str, took: bool = False) -> None:
        """A seat has stopped ringing, or (`took`) is in the call it rang for."""
        self._let_go(seat, -took)
        if self.hushed is None:
            self.hushed = set()
        self.hushed.add(seat)

    def unkeep(self, seat: str) -> None:
        """A seat is no longer kept for an appointment."""
        self._let_go(seat, 0)
        if self.unkept is None:
            self.unkept = set()
        self.unkept.add(seat)

    def requeue(self, call: Call, but: str = "", target: str = "") -> None:
        """A call waits again, not for the seat `but`, or for `target` alone."""
        line = self.state.waiting.line_of(call)
        barred = call.barred
        if but:
            barred = {**(barred or {}), but: 0}
        self._wait_again(Requeued(call, line, call.region, call.sticky, target, barred))

    def widen(self, call: Call, line: Line) -> None:
        """A call waits in another line than before."""
        self._wait_again(Requeued(call, line, call.region, call.sticky, "", call.barred))

    def transfer(self, call: Call, line: Line, region: str, target: str) -> None:
        """A call waits for something else than before, and for another seat than the one that passes it on."""
        self._wait_again(Requeued(call, line, region, "", target, {call.seat: 0}))

    def next_call(self) -> str:
        """The id that `new_call` will give."""
        return f"c{self._calls + 1}"

    def new_call(self) -> str:
        """The id of the next call."""
        self._calls += 1
        return f"c{self._calls}"

    def new_appointment(self) -> str:
        """The id of the next appointment."""
        self._appointments += 1
        return f"a{self._appointments}"

    def offer(self, call: str, attempt: int, enqueued_ms: int, virtual_ms: int, choice: Choice) -> None:
        """Ring the chosen seat."""
        self._offers += 1
        self.take(choice.seat)
        self.place(call)
        at_ms = self.at_ms
        self.events.append(
            CallOffered(
                at_ms,
                call,
                choice.seat.id,
                f"o{self._offers}",
                at_ms + self.state.settings.ring_timeout_ms,
                attempt,
                max(0, at_ms - enqueued_ms),
                virtual_ms,
                choice.rule,
                choice.eligible,
                choice.considered,
                self.state.waiting_calls,
            )
        )

    def _let_go(self, seat: str, released: int) -> None:
        if self.freed is None:
            self.freed = {seat: released}
        else:
            self.freed[seat] = self.freed.get(seat, 0) + released

    def _wait_again(self, again: Requeued) -> None:
        if self.requeued is None:
            self.requeued = [again]
        else:
            self.requeued.append(again)
