"""One decision as it is kept and told: the command, when it was decided, and what it made happen."""

import msgspec

from relay.scheduler.commands import AnyCommand
from relay.scheduler.events import AnyEvent
from relay.scheduler.shell.journal import Batch, JournalCorrupt


class Decision(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Decision number `seq`; its events are whole: all of them happened, in this order."""

    seq: int
    now_ms: int
    """Engine time at which it was decided."""
    command: AnyCommand
    """Kept for `relay replay`: it shows, and can verify, why these events came out."""
    events: tuple[AnyEvent, ...]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Decision])
_json_encoder = msgspec.json.Encoder()


def batch_of(decisions: list[Decision]) -> Batch:
    """Decisions in sequence (at least one) as what a journal appends."""
    first, last = decisions[0], decisions[-1]
    return Batch(first.seq, len(decisions), last.now_ms, _encoder.encode(decisions))


def decisions_of(batch: Batch) -> list[Decision]:
    """Raises JournalCorrupt when the body is not what the batch says, or was written by an unknown version."""
    try:
        decisions = _decoder.decode(batch.body)
    except msgspec.MsgspecError as error:
        raise JournalCorrupt(f"decisions {batch.first}..{batch.last} cannot be read: {error}") from error
    if [decision.seq for decision in decisions] != list(range(batch.first, batch.last + 1)):
        raise JournalCorrupt(f"the batch of decisions {batch.first}..{batch.last} holds other numbers")
    return decisions


def json_line(decision: Decision) -> bytes:
    """The decision as one JSON object without a newline: `seq`, `at_ms`, `command`, `events`."""
    return _json_encoder.encode(
        {"seq": decision.seq, "at_ms": decision.now_ms, "command": decision.command, "events": decision.events}
    )
