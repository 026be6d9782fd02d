"""Walking through a journal, decision by decision, with the engine as it stood before each."""

from collections.abc import Iterator
from dataclasses import dataclass

from relay.errors import Misuse, Refusal
from relay.scheduler.decide import decide
from relay.scheduler.engine import Engine
from relay.scheduler.events import AnyEvent
from relay.scheduler.shell.decision import Decision, decisions_of
from relay.scheduler.shell.journal import Journal, JournalCorrupt
from relay.scheduler.snapshot import SCHEMA, restore_state


@dataclass(frozen=True, slots=True)
class Step:
    """One decision, and the engine that made it: before its events until the next step is taken."""

    engine: Engine
    decision: Decision


def steps(journal: Journal) -> Iterator[Step]:
    """Every decision that is still kept, oldest first; `step.engine` moves on with the iteration.

    Starts from nothing, or, when the beginning was compacted away, from the oldest snapshot. Raises JournalCorrupt when
    neither is there.
    """
    engine, seq = _beginning(journal)
    for batch in journal.read(after=seq):
        for decision in decisions_of(batch):
            if decision.seq > seq:
                yield Step(engine, decision)
                engine.replay(decision.events)


def decided_again(step: Step) -> tuple[AnyEvent, ...] | Refusal | Misuse:
    """What the engine decides in the same place now; it should be the events of the decision. Changes nothing."""
    try:
        return decide(step.engine.state, step.decision.command, step.decision.now_ms)
    except (Refusal, Misuse) as refusal:
        return refusal


def _beginning(journal: Journal) -> tuple[Engine, int]:
    first = journal.first()
    if first <= 1:
        return Engine(), 0
    usable = [s for s in journal.snapshots() if s.schema == SCHEMA and s.seq >= first - 1]
    if not usable:
        raise JournalCorrupt(f"decisions before {first} were compacted away, and no snapshot stands after them")
    oldest = min(usable, key=lambda snapshot: snapshot.seq)
    return Engine(restore_state(oldest.body)), oldest.seq
