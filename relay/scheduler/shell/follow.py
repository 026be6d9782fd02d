"""Every decision after a given one, in order, without a gap: from the journal first, then as they are made.

For consumers that must see everything and may be slow or away for a day: whoever falls behind the live stream goes on
from the journal, so nothing piles up in memory, and the scheduler never waits for him.
"""

import threading
from collections.abc import AsyncIterator, Callable
from functools import partial
from itertools import islice

from relay.scheduler.shell.decision import Decision, decisions_of
from relay.scheduler.shell.journal import Journal
from relay.scheduler.shell.one_thread import in_thread
from relay.scheduler.shell.stream import CutOff, Stream

_BREATH_S = 0.002
"""Between batches of a recount: other threads carry media."""
_CHUNK_BATCHES = 16
"""Batches read at a time; each one is a commit of up to some hundred decisions."""


async def follow(journal: Journal, stream: Stream[Decision], after: int) -> AsyncIterator[tuple[Decision, ...]]:
    """Groups of one or more decisions with numbers above `after`; ends when the stream is closed.

    Raises JournalCorrupt when a decision after `after` is no longer kept (retention), JournalUnavailable.
    """
    while True:
        subscription = stream.subscribe()
        try:
            live_from = subscription.after
            while after < live_from:
                decisions = await in_thread(partial(_read, journal, after))
                if not decisions:
                    break
                after = decisions[-1].seq
                yield decisions
            async for first in subscription:
                fresh = tuple(d for d in (first, *subscription.take_pending()) if d.seq > after)
                if fresh:
                    after = fresh[-1].seq
                    yield fresh
        except CutOff:
            continue
        finally:
            subscription.close()
        return


async def oldest_position(journal: Journal) -> int:
    """The smallest `after` from which `follow` leaves no gap."""
    return await in_thread(partial(_oldest_position, journal))


def _oldest_position(journal: Journal) -> int:
    onlooker = journal.onlooker()
    try:
        first = onlooker.first()
        return first - 1 if first else onlooker.last()
    finally:
        if onlooker is not journal:
            onlooker.close()


async def recount(journal: Journal, since_ms: int, until: int, tell: Callable[[Decision], None]) -> None:
    """Tell, in another thread, every decision that was made at or after `since_ms` and is numbered up to `until`.

    Takes its time, and ends early when it is cancelled. Raises JournalCorrupt, JournalUnavailable.
    """
    given_up = threading.Event()
    try:
        await in_thread(lambda: _recount(journal, since_ms, until, tell, given_up))
    finally:
        given_up.set()


def _recount(
    journal: Journal, since_ms: int, until: int, tell: Callable[[Decision], None], given_up: threading.Event
) -> None:
    onlooker = journal.onlooker()
    try:
        for batch in onlooker.read(_position_before(onlooker, since_ms)):
            if batch.first > until or given_up.wait(_BREATH_S):
                return
            for decision in decisions_of(batch):
                if decision.seq <= until and decision.now_ms >= since_ms:
                    tell(decision)
    finally:
        if onlooker is not journal:
            onlooker.close()


def _position_before(journal: Journal, at_ms: int) -> int:
    """A decision after which come all that were made at or after this time."""
    first = journal.first()
    low, high = (first - 1 if first else journal.last()), journal.last()
    while low < high:
        middle = (low + high) // 2
        batch = next(journal.read(middle))
        if batch.at_ms < at_ms:
            low = batch.last
        else:
            high = middle
    return low


def _read(journal: Journal, after: int) -> tuple[Decision, ...]:
    onlooker = journal.onlooker()
    try:
        batches = islice(onlooker.read(after), _CHUNK_BATCHES)
        return tuple(d for batch in batches for d in decisions_of(batch) if d.seq > after)
    finally:
        if onlooker is not journal:
            onlooker.close()
