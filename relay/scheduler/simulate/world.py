"""Discrete events over the very engine that serves the daemon: time jumps from one thing that happens to the next."""

import heapq
from collections import Counter
from collections.abc import Callable
from typing import Any

from relay.errors import Refusal
from relay.scheduler.commands import AnyCommand, Tick
from relay.scheduler.engine import Engine
from relay.scheduler.events import AnyEvent

Action = Callable[[int], object]
"""What somebody does at a time (engine milliseconds)."""
Observer = Callable[[AnyEvent], object]


class World:
    """An engine, an agenda of what simulated people do next, and observers of what is decided.

    People react to events by putting actions on the agenda, never by commands on the spot: a decision is over before
    the next one begins.
    """

    def __init__(self, engine: Engine, start_ms: int) -> None:
        self.engine = engine
        self.now_ms = start_ms
        self.decisions = 0
        self.refusals: Counter[str] = Counter()
        """By problem."""
        self._agenda: list[tuple[int, int, Action]] = []
        self._entries = 0
        self._reactions: dict[type[Any], list[Callable[[Any], None]]] = {}
        self._observers: list[Observer] = []

    def at(self, when_ms: int, action: Action) -> None:
        """Do this then; what was put on the agenda first is done first."""
        self._entries += 1
        heapq.heappush(self._agenda, (when_ms, self._entries, action))

    def ask_at(self, when_ms: int, command: AnyCommand) -> None:
        """Submit this command then."""
        self.at(when_ms, lambda _: self.submit(command))

    def on(self, event_type: type[Any], reaction: Callable[[Any], None]) -> None:
        """Call this for every such event."""
        self._reactions.setdefault(event_type, []).append(reaction)

    def watch(self, observer: Observer) -> None:
        """Show every event to an observer, before anybody reacts."""
        self._observers.append(observer)

    def forget(self, observer: Observer) -> None:
        """Show it no more."""
        self._observers.remove(observer)

    def submit(self, command: AnyCommand) -> tuple[AnyEvent, ...] | Refusal:
        """Have the engine decide now; a refusal is counted and returned: it is an outcome, as in life."""
        try:
            events = self.engine.step(command, self.now_ms)
        except Refusal as refusal:
            self.refusals[refusal.problem] += 1
            return refusal
        if events:
            self._tell(events)
        return events

    def run(self, until_ms: int) -> None:
        """Let time pass; what happens at `until_ms` itself is still to come."""
        agenda, engine = self._agenda, self.engine
        while True:
            due_ms = engine.next_wake_ms()
            act_ms = agenda[0][0] if agenda else until_ms
            if due_ms is not None and due_ms <= act_ms and due_ms < until_ms:
                self.now_ms = max(self.now_ms, due_ms)
                self.submit(Tick())
            elif act_ms < until_ms:
                self.now_ms = act_ms
                heapq.heappop(agenda)[2](act_ms)
            else:
                self.now_ms = until_ms
                return

    def _tell(self, events: tuple[AnyEvent, ...]) -> None:
        self.decisions += 1
        for event in events:
            for observe in self._observers:
                observe(event)
        for event in events:
            for react in self._reactions.get(type(event), ()):
                react(event)
