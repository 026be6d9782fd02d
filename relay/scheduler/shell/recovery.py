"""From a journal back to an engine: the newest readable snapshot, the decisions after it, and the effects still owed."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import msgspec

from relay.scheduler.engine import Engine
from relay.scheduler.shell.decision import Decision, decisions_of
from relay.scheduler.shell.journal import Journal, Snapshot
from relay.scheduler.snapshot import SCHEMA, restore_state, state_bytes


@dataclass(slots=True)
class Recovery:
    """An engine that stands where the journal ends."""

    engine: Engine
    seq: int = 0
    """The last decision it has seen."""
    snapshot_seq: int = 0
    """The decision the replay started from."""
    now_ms: int = 0
    """Engine time of that last decision; time goes on from here at the earliest."""
    delivered: int = 0
    """Effects of decisions up to here were carried out."""
    owed: list[Decision] = field(default_factory=list)
    """Decisions whose effects may not have been carried out."""


def recover(journal: Journal) -> Recovery:
    """Replay. Raises JournalCorrupt where the journal is damaged, JournalUnavailable where it cannot be read."""
    with _no_collections():
        return _replayed(journal)


def _replayed(journal: Journal) -> Recovery:
    recovery = _from_snapshot(journal)
    recovery.delivered = min(journal.delivered(), journal.last())
    for batch in journal.read(after=min(recovery.seq, recovery.delivered)):
        for decision in decisions_of(batch):
            if decision.seq > recovery.seq:
                recovery.engine.replay(decision.events)
                recovery.seq = decision.seq
                recovery.now_ms = decision.now_ms
            if decision.seq > recovery.delivered:
                recovery.owed.append(decision)
    return recovery


def snapshot_of(recovery: Recovery) -> Snapshot:
    """What to keep so that the next recovery starts here."""
    return Snapshot(recovery.seq, recovery.now_ms, SCHEMA, state_bytes(recovery.engine.state))


@contextmanager
def _no_collections() -> Iterator[None]:
    """A replay makes a million objects and no garbage; looking for some would take as long as the replay itself."""
    were_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if were_on:
            gc.enable()


def _from_snapshot(journal: Journal) -> Recovery:
    """One that is ahead of the journal is passed over: a power cut took its decisions, so they never were."""
    last = journal.last()
    for snapshot in journal.snapshots():
        if snapshot.schema != SCHEMA or snapshot.seq > last:
            continue
        try:
            state = restore_state(snapshot.body)
        except (msgspec.MsgspecError, LookupError, ValueError):
            continue  # written by another version under the same number; the journal can tell the same story
        return Recovery(Engine(state), seq=snapshot.seq, snapshot_seq=snapshot.seq, now_ms=snapshot.at_ms)
    return Recovery(Engine())
