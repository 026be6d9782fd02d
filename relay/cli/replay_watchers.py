"""What `relay replay` can tell while it walks through a journal. Each watcher sees every step once, then the end."""

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec
from rich.console import Console
from rich.table import Table

from relay.errors import Refusal
from relay.scheduler import commands, events, view
from relay.scheduler.entities import Call
from relay.scheduler.model import CallPhase
from relay.scheduler.reports import Report
from relay.scheduler.shell.decision import Decision
from relay.scheduler.shell.replay import Step, decided_again
from relay.scheduler.simulate.result import line_of
from relay.scheduler.state import State

_SEATS_SHOWN = 12
_CALLS_SHOWN = 20
_DIFFERENCES_SHOWN = 10


class Watcher(Protocol):
    """Something that looks at a journal."""

    def watch(self, step: Step) -> None:
        """The step's events have not happened yet; those of all steps before it have."""

    def end(self, state: State) -> None:
        """Everything has happened."""


def clock(at_ms: int) -> str:
    """Local time, to the millisecond."""
    return datetime.fromtimestamp(at_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


class Summary:
    """What the journal holds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._first: Decision | None = None
        self._last: Decision | None = None
        self._commands: Counter[str] = Counter()

    def watch(self, step: Step) -> None:
        """Count."""
        self._first = self._first or step.decision
        self._last = step.decision
        self._commands[type(step.decision.command).__name__] += 1

    def end(self, state: State) -> None:
        """Span, kinds of decisions, and where it stands."""
        if self._first is None or self._last is None:
            self._console.print("the journal holds no decisions")
            return
        span = f"{clock(self._first.now_ms)} … {clock(self._last.now_ms)}"
        self._console.print(f"decisions {self._first.seq} to {self._last.seq}, {span}")
        table = Table("command", title="Decisions by command")
        table.add_column("decisions", justify="right")
        for name, count in self._commands.most_common():
            table.add_row(name, f"{count:,}")
        self._console.print(table)
        _print_census(self._console, state, self._last.now_ms)


class Timeline:
    """Every event about one call or seat, with the reasons of each offer."""

    def __init__(self, console: Console, call: str, seat: str) -> None:
        self._console = console
        self._call = call
        self._seat = seat
        self._unexplained: Decision | None = None
        self._found = 0

    def watch(self, step: Step) -> None:
        """Explain the last decision, now that its events have happened; then look at this one."""
        self._explain(step.engine.state)
        if any(self._concerns(event) for event in step.decision.events):
            self._found += 1
            self._unexplained = step.decision

    def end(self, state: State) -> None:
        """Explain what is left."""
        self._explain(state)
        if not self._found:
            self._console.print(f"nothing was decided about {self._call or self._seat} in the decisions that are kept")

    def _concerns(self, event: events.Event) -> bool:
        call, seat = getattr(event, "call", ""), getattr(event, "seat", "")
        return (self._call == call if self._call else True) and (self._seat == seat if self._seat else True)

    def _explain(self, state: State) -> None:
        decision, self._unexplained = self._unexplained, None
        if decision is None:
            return
        command = type(decision.command).__name__
        cause = "a timer" if isinstance(decision.command, commands.Tick) else command
        self._console.print(f"\n[bold]{clock(decision.events[0].at_ms)}[/bold]  decision {decision.seq}, by {cause}")
        for event in decision.events:
            if self._concerns(event):
                self._console.print(f"  {type(event).__name__}  {_fields(event)}", highlight=False, soft_wrap=True)
            if isinstance(event, events.CallOffered) and self._concerns(event):
                self._console.print(f"    [green]why:[/green] {_why(event, state)}", highlight=False, soft_wrap=True)


def _fields(event: events.Event) -> str:
    """The event's fields that say something."""
    shown = {name: getattr(event, name) for name in event.__struct_fields__ if name != "at_ms"}
    return "  ".join(f"{name}={_short(value)}" for name, value in shown.items() if value not in ("", (), None, -1))


def _short(value: Any) -> str:
    text = msgspec.json.encode(value).decode().strip('"')
    return text if len(text) <= 60 else text[:57] + "…"


_RULES = {
    "head_of_queue": "the seat fell free, and this call had the lowest key of all that it can serve",
    "only_candidate": "no other free seat could serve the call",
    "sticky": "the seat has served this citizen or case before, and was free",
    "target": "the call was for this seat only",
    "reserved": "the seat was kept for this appointment",
    "nearest": "it sits nearest to the citizen",
    "most_proficient": "it is the most proficient in the item",
    "least_flexible": "it can do the least else, so that generalists stay free",
    "least_occupied": "it has had the least work",
    "best_path": "it has the best network path",
    "longest_idle": "it has been idle the longest",
}


def _why(offered: events.CallOffered, state: State) -> str:
    rule = _RULES.get(offered.rule, offered.rule)
    key = f"key {clock(offered.virtual_ms)} after {offered.waited_ms / 1000:.1f} s of waiting"
    call = state.calls.get(offered.call)
    if call is None or call.phase is not CallPhase.OFFERED:
        return f"{rule} ({offered.rule}); {key}; {offered.eligible} seats were free for it"
    return f"{rule} ({offered.rule}); {key}; {_free_seats(call, offered.seat, state)}"


def _free_seats(call: Call, chosen: str, state: State) -> str:
    """The seats that could have rung: free for this call after the decision, and the one that rings."""
    line = state.waiting.line_of(call)
    fitting = state.supply.eligible(line)
    barred = call.barred or {}
    free = [seat.id for seat in state.supply.each(fitting & state.supply.available) if seat.id not in barred]
    names = [chosen, *free[: _SEATS_SHOWN - 1]]
    more = f" and {len(free) + 1 - len(names)} more" if len(free) >= _SEATS_SHOWN else ""
    return f"{len(free) + 1} of {fitting.count()} fitting seats were free: {', '.join(names)}{more}"


class Moment:
    """The queue at one time, and why each call waits."""

    def __init__(self, console: Console, at_ms: int) -> None:
        self._console = console
        self._at_ms = at_ms
        self._shown = False

    def watch(self, step: Step) -> None:
        """Show the state before the first decision after that time."""
        if not self._shown and step.decision.now_ms > self._at_ms:
            self._show(step.engine.state)

    def end(self, state: State) -> None:
        """The time lies after the last decision."""
        if not self._shown:
            self._show(state)

    def _show(self, state: State) -> None:
        self._shown = True
        self._console.print(f"[bold]{clock(self._at_ms)}[/bold]")
        _print_census(self._console, state, self._at_ms)
        table = Table(
            "call", "item", "region", "class", title=f"The first {_CALLS_SHOWN} that wait, in order of their keys"
        )
        for heading in ("waited", "ring", "online", "skilled", "in region", "fitting", "ready", "free"):
            table.add_column(heading, justify="right")
        for call in view.queue(state, self._at_ms, limit=_CALLS_SHOWN):
            seats = view.why_waiting(state, call.call)
            counts = (seats.online, seats.at_level, seats.in_region, seats.with_media, seats.ready, seats.not_barred)
            waited, ring = f"{call.waited_ms / 1000:.1f} s", str(call.ring)
            table.add_row(call.call, call.item, call.region, call.priority, waited, ring, *map(str, counts))
        self._console.print(table)


def _print_census(console: Console, state: State, at_ms: int) -> None:
    census = view.census(state, at_ms)
    calls = ", ".join(f"{count} {phase.value}" for phase, count in census.calls.items() if count) or "none"
    seats = ", ".join(f"{count} {phase.value}" for phase, count in census.seats.items() if count) or "none"
    console.print(f"calls: {calls}; oldest wait {census.oldest_wait_ms / 1000:.1f} s\nseats: {seats}")


class Verification:
    """Decides every command again: the same engine on the same state must come to the same events."""

    def __init__(self, console: Console) -> None:
        self.differences = 0
        self._console = console
        self._checked = 0

    def watch(self, step: Step) -> None:
        """Compare."""
        self._checked += 1
        again = decided_again(step)
        if again == step.decision.events:
            return
        self.differences += 1
        if self.differences <= _DIFFERENCES_SHOWN:
            said = str(again) if isinstance(again, Refusal) else _short(again)
            self._console.print(f"[red]decision {step.decision.seq} would differ:[/red] {said}", highlight=False)

    def end(self, state: State) -> None:
        """The verdict."""
        del state
        self._console.print(f"{self._checked:,} decisions decided again, {self.differences:,} differ")


class Reporting:
    """Service levels and waits of the whole journal, and its call detail records."""

    def __init__(self, console: Console, records: Path | None, *, show: bool) -> None:
        self._console = console
        self._report = Report()
        self._records = records.open("wb") if records is not None else None
        self._show = show
        self._written = 0

    def watch(self, step: Step) -> None:
        """Count, and write the records that are complete."""
        for event in step.decision.events:
            record = self._report.observe(event)
            if record is not None and self._records is not None:
                self._records.write(msgspec.json.encode(record) + b"\n")
                self._written += 1

    def end(self, state: State) -> None:
        """The tables."""
        if self._records is not None:
            self._records.close()
            self._console.print(f"{self._written:,} call detail records written to {self._records.name}")
        if self._show:
            self._report.seats.settle(state.clock_ms)
            self._console.print(self._table())
            self._console.print(
                f"occupancy {self._report.seats.occupancy:.1%}; {self._report.open_calls} calls are open"
            )

    def _table(self) -> Table:
        target_s = self._report.settings.target_ms / 1000
        table = Table("department", title=f"Answered within {target_s:g} s, four definitions")
        for heading in (
            "calls",
            "of offered",
            "of answered",
            "of handled",
            "excl. short",
            "gave up",
            "mean wait",
            "90 %",
        ):
            table.add_column(heading, justify="right")
        tallies = self._report.tallies
        for line in (*(line_of(*pair) for pair in tallies.along("queue").items()), line_of("all", tallies.total())):
            level = line.service_level
            shares = (level.of_offered, level.of_answered, level.of_handled, level.excluding_short)
            table.add_row(
                line.name,
                f"{line.offered:,}",
                *(f"{share:.1%}" for share in shares),
                f"{line.abandoned:,}",
                f"{line.mean_wait_s:.1f} s",
                f"{line.wait_p90_s:.0f} s",
            )
        return table
