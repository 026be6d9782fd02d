"""Memory: whatever a life of a call needs is let go of, or lies in a book with a bound."""

import gc
from collections import Counter
from functools import partial

import httpx
import pytest

from relay import Role
from relay.client import SignallingClient
from relay.server import messages
from relay.service.record_book import RecordBook
from tests.support.offers import offer, section
from tests.support.running_relay import RunningRelay, running_relay, until
from tests.support.scenes import connected

KEPT_FOR_A_DAY = {"relay.scheduler.recent.Memory"}
"""Idempotency keys, bounded by time and number: `tests/unit/scheduler/test_recent.py`."""
BOUND = 20
"""Of each book here, so that they are full before the first census."""
LIVES = 50
SDP = offer(section("0", "audio", "sendrecv"), section("1", "video", "sendonly"))


@pytest.fixture
def small_books(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.service.ledger.RecordBook", partial(RecordBook, BOUND))
    monkeypatch.setattr("relay.service.call_quality.MAX_FINISHED", BOUND)
    monkeypatch.setattr("relay.scheduler.shell.journal.MEMORY_BYTES", 20_000)


async def live(running: RunningRelay, seat: SignallingClient, http: httpx.AsyncClient, number: int) -> None:
    """A booth wakes up, its citizen talks and is asked how it was, and it goes to sleep."""
    async with running.client(f"kiosk-{1 + number % 2}", Role.KIOSK) as kiosk:
        sections = {"0": "microphone", "1": "camera"}
        await kiosk.request(messages.Offer(sdp=SDP, sources=sections, slots={"0": "microphone"}), messages.Answer)
        call = await connected(kiosk, seat, key=f"life-{number}")
        await kiosk.request(messages.HangUp(call=call))
        await until(seat, messages.SeatState, state="wrap-up")
        await seat.request(messages.FinishWrapUp(call=call))
        assert (await http.get("/metrics")).status_code == 200


def census() -> Counter[str]:
    """What the collector knows, by type; without lists and tuples, as which timers that died wait for their minute."""
    gc.collect()
    kinds = (type(each) for each in gc.get_objects() if type(each) not in (list, tuple))
    return Counter(f"{kind.__module__}.{kind.__qualname__}" for kind in kinds)


@pytest.mark.usefixtures("small_books")
async def test_twice_as_many_lives_leave_as_many_objects() -> None:
    async with running_relay() as running, running.client("seat-4", Role.SEAT) as seat, running.http() as http:
        counted = []
        for turn in range(2):
            for number in range(LIVES):
                await live(running, seat, http, LIVES * turn + number)
            counted.append(census())
    grown = {kind: count for kind, count in (counted[1] - counted[0]).items() if count >= LIVES}
    assert grown.keys() <= KEPT_FOR_A_DAY, "more of these with every life"
