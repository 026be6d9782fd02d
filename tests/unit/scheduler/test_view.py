"""What pages and portals read."""

import pytest

from relay.scheduler import commands, view
from relay.scheduler.errors import UnknownCall, UnknownSeat
from relay.scheduler.model import CallPhase, SeatPhase
from tests.support.desk import Desk


def test_position_counts_who_competes_and_nobody_else() -> None:
    desk = Desk()
    desk.seat("s1", "tax", ready=False)
    desk.seat("s2", "hrss", ready=False)
    first = desk.request("tax.vat")
    desk.at(1).request("hrss.pension")
    second = desk.at(2).request("tax.vat")
    urgent = desk.at(3).request("tax.vat", priority="urgent")
    positions = [view.position(desk.state, call, desk.now_ms) for call in (urgent, first, second)]
    assert [position.ahead for position in positions] == [0, 1, 2]
    assert positions[1].waited_ms == 3_000
    with pytest.raises(UnknownCall):
        view.position(desk.state, "c99", desk.now_ms)


def test_the_queue_is_paged_in_the_order_of_its_keys() -> None:
    desk = Desk()
    calls = [desk.at(n).request() for n in range(5)]
    pages = [view.queue(desk.state, desk.now_ms, offset=offset, limit=2) for offset in (0, 2, 4)]
    assert [call.call for page in pages for call in page] == calls


def test_why_a_call_waits() -> None:
    desk = Desk()
    desk.seat("expert", "tax")
    desk.seat("far", "tax", regions=("110101",))
    desk.seat("other", "hrss")
    desk.seat("english", "tax", languages=("en",))
    call = desk.talk("tax.vat")
    waiting = desk.request("tax.vat")
    why = view.why_waiting(desk.state, waiting)
    assert (why.online, why.with_item, why.in_region, why.with_language, why.free) == (4, 3, 2, 1, 0)
    desk.end(call)
    desk.decline(waiting)
    assert view.why_waiting(desk.state, waiting).barred == {"expert": desk.now_ms + 30_000}
    assert view.why_waiting(desk.state, waiting).not_barred == 0


def test_census_and_details() -> None:
    desk = Desk()
    desk.seat("s1")
    desk.seat("s2", ready=False)
    call = desk.talk()
    desk.request()
    desk.at(10)
    census = view.census(desk.state, desk.now_ms)
    assert (census.waiting, census.oldest_wait_ms, census.slots, census.slots_used) == (1, 10_000, 1, 1)
    assert census.seats[SeatPhase.IN_CALL] == census.seats[SeatPhase.BREAK] == 1
    assert census.calls[CallPhase.TALKING] == 1
    detail = view.call_view(desk.state, call, desk.now_ms)
    assert (detail.seat, detail.phase, detail.waited_ms) == ("s1", CallPhase.TALKING, 0)
    assert view.seat_view(desk.state, "s1", desk.now_ms).occupancy == 1.0
    assert [seat.seat for seat in view.seats(desk.state, desk.now_ms)] == ["s1", "s2"]
    assert view.calls_of(desk.state, "k1") == (call,)
    with pytest.raises(UnknownSeat):
        view.seat_view(desk.state, "s9", desk.now_ms)


def test_a_view_changes_nothing() -> None:
    desk = Desk()
    desk.seat("s1", ready=False)
    call = desk.request()
    before = len(desk.log)
    view.position(desk.state, call, desk.now_ms)
    view.census(desk.state, desk.now_ms)
    desk.send(commands.SetReady("s1"))
    assert desk.ringing(call) == "s1"
    assert len(desk.log) == before + 2
