"""The engine as one object: decide and evolve in step, time included. No journal: that is the shell's."""

from __future__ import annotations

from collections.abc import Iterable

from .commands import Command, Recover, Tick
from .decide import decide
from .events import AnyEvent, Event
from .evolve import evolve
from .state import State

_TICK = Tick()


class Engine:
    """A state, and the way it changes."""

    __slots__ = ("state",)

    def __init__(self, state: State | None = None) -> None:
        self.state = state or State()

    def handle_command(self, command: Command, now_ms: int) -> tuple[AnyEvent, ...]:
        """Decide what was due before, then the command, and let it all have happened; the events.

        Raises a `Refusal` when the command is refused; what was due before has happened then, see `advance`.
        """
        if type(command) is Tick:
            return self.advance(now_ms)
        if not self.state.timers.is_due(now_ms) or type(command) is Recover:
            return self.step(command, now_ms)
        return self.advance(now_ms) + self.step(command, now_ms)

    def step(self, command: Command, now_ms: int) -> tuple[AnyEvent, ...]:
        """One decision, which has happened when this returns: all its events, or a `Refusal` and none."""
        events = decide(self.state, command, now_ms)
        for event in events:
            evolve(self.state, event)
        return events

    def advance(self, now_ms: int) -> tuple[AnyEvent, ...]:
        """Decide all timers due by `now_ms`, each at its own time."""
        happened: list[AnyEvent] = []
        while self.state.timers.is_due(now_ms):
            happened += self.step(_TICK, now_ms)
        return tuple(happened)

    def next_wake_ms(self) -> int | None:
        """When `advance` next has something to do; None: not before a command comes."""
        return self.state.next_wake_ms()

    def replay(self, events: Iterable[Event]) -> None:
        """Let events from a journal have happened."""
        for event in events:
            evolve(self.state, event)
