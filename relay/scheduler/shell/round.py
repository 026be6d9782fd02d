"""One round of deciding: due timers, then commands in the order they came, all on the engine's moving state."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from relay.errors import InvariantError, Misuse, Refusal
from relay.scheduler.commands import AnyCommand, Tick
from relay.scheduler.engine import Engine
from relay.scheduler.shell.decision import Decision
from relay.scheduler.shell.mailbox import Answer, Request


@dataclass(slots=True)
class Round:
    """What was decided and is not yet durable, and what callers will be told once it is."""

    decisions: list[Decision] = field(default_factory=list)
    outcomes: list[tuple[Request, Answer | Exception]] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)
    """By problem."""
    fault: Exception | None = None
    """A bug showed: the engine's state cannot be trusted further than `decisions`."""
    tick_failed: bool = False

    def is_empty(self) -> bool:
        """Whether nobody asked for anything, and nothing was due."""
        return not (self.outcomes or self.decisions or self.fault)

    def settle(self) -> None:
        """The decisions are durable: answer."""
        for request, outcome in self.outcomes:
            request.resolve(outcome)

    def take_in(self, later: "Round") -> None:
        """Make one round of two, the later of which was decided on the state that this one left."""
        self.decisions += later.decisions
        self.outcomes += later.outcomes
        self.refusals += later.refusals
        self.fault = later.fault
        self.tick_failed = later.tick_failed

    def undo(self, error: Exception) -> None:
        """They are not, and will never be: everybody gets the same refusal, also those whose command was refused.

        A refusal may rest on a decision of this round ("the kiosk has a call already") that has not happened.
        """
        for request, _ in self.outcomes:
            request.resolve(error)


@dataclass(frozen=True, slots=True)
class Flight:
    """A round on its way to the disk."""

    decided: Round
    landed: asyncio.Future[None]


class Deciding:
    """Fills rounds of at most `limit` decisions."""

    def __init__(self, engine: Engine, seq: int, limit: int) -> None:
        self.engine = engine
        self.seq = seq
        self._limit = limit

    def round(self, requests: Iterator[Request], now_ms: int, *, ticks: bool = True) -> Round:
        """Decide until the round is full or nothing is left to do now."""
        filled = Round()
        if ticks:
            self._tick(filled, now_ms)
        for request in islice(requests, 0 if filled.fault is not None else self._limit):
            filled.outcomes.append((request, self._decide(filled, request.command, now_ms)))
            if filled.fault is not None:
                break
        return filled

    def decision(self, command: AnyCommand, now_ms: int) -> Decision:
        """One decision outside of a round; numbered only if it has events. Raises what the engine raises."""
        events = self.engine.step(command, now_ms)
        self.seq += bool(events)
        return Decision(self.seq, now_ms, command, events)

    def _tick(self, filled: Round, now_ms: int) -> None:
        """Due timers, earliest first; those beyond the limit have their turn in the next rounds.

        After an outage there may be a hundred thousand, and who asks now must not wait until all searches have widened.
        """
        while len(filled.decisions) < self._limit:
            due_ms = self.engine.next_wake_ms()
            if due_ms is None or due_ms > now_ms:
                return
            decided = len(filled.decisions)
            self._decide(filled, Tick(), now_ms)
            if len(filled.decisions) == decided and self.engine.next_wake_ms() == due_ms:
                filled.fault = filled.fault or InvariantError(f"the timer of {due_ms} ms does not go away")
            if filled.fault is not None:
                filled.tick_failed = True
                return

    def _decide(self, filled: Round, command: AnyCommand, now_ms: int) -> Answer | Exception:
        try:
            decision = self.decision(command, now_ms)
        except (Refusal, Misuse) as refusal:
            filled.refusals[refusal.problem] += 1
            return refusal
        except Exception as fault:
            filled.fault = fault  # whatever a bug raises, the queue of everybody else goes on
            return InvariantError(f"{type(command).__name__} met a bug: {fault!r}")
        if decision.events:
            filled.decisions.append(decision)
        return decision.events
