"""What must be true of any journal, however often its relay was killed."""

from collections import Counter

from relay.scheduler import events as ev
from relay.scheduler.shell.decision import decisions_of
from relay.scheduler.shell.sqlite_journal import SqliteJournal


def history(journal: SqliteJournal) -> list[ev.Event]:
    return [event for batch in journal.read(0) for decision in decisions_of(batch) for event in decision.events]


ENDS_OFFER = (ev.OfferDeclined, ev.OfferTimedOut, ev.OfferWithdrawn, ev.CallAccepted)


def check_exclusive(events: list[ev.Event]) -> None:
    """A call rings at one seat at a time, a seat has one thing at a time, and an offer is made once and ends once."""
    ringing_at: dict[str, str] = {}
    busy: Counter[str] = Counter()
    made, over = Counter(), Counter()
    for event in events:
        if isinstance(event, ev.CallOffered):
            assert event.call not in ringing_at
            ringing_at[event.call] = event.seat
            busy[event.seat] += 1
            made[event.offer] += 1
        elif isinstance(event, ENDS_OFFER):
            assert ringing_at.pop(event.call) == event.seat
            over[event.offer] += 1
            busy[event.seat] -= not isinstance(event, ev.CallAccepted)
        elif isinstance(event, ev.CallEnded):
            busy[event.seat] -= 1
        assert max(busy.values(), default=0) <= 1
    assert set(made.values()) | set(over.values()) <= {1}
