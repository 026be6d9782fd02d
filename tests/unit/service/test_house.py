"""Ledger, records and house over a real engine, moved by hand."""

from collections import Counter
from dataclasses import dataclass, field

import pytest

from relay.catalogue import Directory
from relay.demo_catalogue import DEMO_CATALOGUE
from relay.scheduler import commands
from relay.scheduler.engine import Engine
from relay.scheduler.events import AnyEvent
from relay.scheduler.model import SeatProfile, Skill
from relay.scheduler.state import State
from relay.service.house import House
from relay.service.ledger import Ledger, Recollection
from relay.service.profiles import definitions
from relay.service.records import SchedulerRecords, round_wait_s

ITEM = "housing.title.transfer"
START_MS = 1_700_000_000_000


@dataclass
class Hall:
    """An engine with everything that reads it."""

    engine: Engine = field(default_factory=Engine)
    clock_ms: int = START_MS
    history: list[AnyEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.directory = Directory(DEMO_CATALOGUE)
        self.ledger = Ledger()
        self.records = SchedulerRecords(self, self.ledger, self.directory, lambda: None)
        self.house = House(self, self.records, self.ledger, self.directory)
        for command in definitions(DEMO_CATALOGUE):
            self.do(command)

    @property
    def state(self) -> State:
        return self.engine.state

    def now_ms(self) -> int:
        return self.clock_ms

    def do(self, command: commands.AnyCommand, after_ms: int = 0) -> None:
        self.clock_ms += after_ms
        for event in self.engine.handle_command(command, self.clock_ms):
            self.ledger.observe(event)
            self.history.append(event)

    def restart(self) -> None:
        """What reads the engine begins anew; the engine stands where it stood."""
        self.ledger = Ledger()
        self.ledger.resume(self.state, self.clock_ms)
        self.records = SchedulerRecords(self, self.ledger, self.directory, lambda: None)
        self.house = House(self, self.records, self.ledger, self.directory)

    def seat_ready(self, seat: str = "s1", skill: str = "housing") -> None:
        profile = SeatProfile((Skill(skill, 5),), ("330200",), name="王静")
        self.do(commands.LogIn(seat, profile))
        self.do(commands.SetReady(seat))

    def ask(self, kiosk: str, after_ms: int = 0, item: str = ITEM) -> str:
        self.do(commands.RequestCall(kiosk, kiosk, item, "330203"), after_ms)
        return self.state.keys.get(kiosk, self.clock_ms) or ""


@pytest.fixture
def hall() -> Hall:
    return Hall()


def test_a_waiting_call_is_seen_from_every_side(hall):
    call = hall.ask("k1")
    hall.clock_ms += 7_000
    view = hall.records.call(call)
    assert (view.state, view.position, view.waited_s, view.members) == ("queued", 1, 7.0, ())
    assert hall.records.calls_of_kiosk("k1") == [view]
    assert hall.records.calls_of_kiosk("other") == []
    totals = hall.house.totals(day=1)
    assert (totals.waiting, totals.in_call, totals.longest_wait_s) == (1, 0, 7.0)
    row = next(row for row in hall.house.queues(day=1) if row.group == "housing")
    assert (row.waiting, row.oldest_wait_s, row.name_zh) == (1, 7.0, "不动产登记")


def test_a_conversation_is_seen_from_every_side(hall):
    call = hall.ask("k1")
    hall.seat_ready()
    offer = hall.records.seat("s1")
    assert (offer.state, hall.records.calls_of_seat("s1")[0].call) == ("offered", call)
    hall.do(commands.AcceptOffer(hall.records.call(call).offer, "s1"), after_ms=3_000)
    hall.clock_ms += 10_000
    view = hall.records.call(call)
    assert (view.state, view.seat, view.waited_s, view.talk_s) == ("connected", "s1", 3.0, 10.0)
    assert [(member.who, member.role) for member in view.members] == [("k1", "citizen"), ("s1", "agent")]
    seat = hall.records.seat("s1")
    assert (seat.state, seat.call, seat.since_s, seat.name) == ("in-call", call, 10.0, "王静")
    assert [conversation.call for conversation in hall.records.conversations()] == [call]
    assert hall.house.talking() == 1
    assert hall.house.totals(1).service_level == 1.0


def test_wrap_up_counts_down_and_is_over_for_the_kiosk(hall):
    call = hall.ask("k1")
    hall.seat_ready()
    hall.do(commands.AcceptOffer(hall.records.call(call).offer, "s1"))
    hall.do(commands.HangUp(call), after_ms=5_000)
    hall.clock_ms += 20_000
    seat = hall.records.seat("s1")
    assert (seat.state, seat.until_s) == ("wrap-up", 40.0)
    assert hall.records.calls_of_kiosk("k1") == []
    assert hall.records.calls_of_seat("s1") == []
    assert [view.state for view in hall.house.conversations()] == ["wrap-up"]
    assert hall.house.talking() == 0


def test_a_seat_that_is_offline_is_known_from_the_catalogue(hall):
    seat = hall.records.seat("seat-1")
    assert (seat.state, seat.name, seat.region) == ("offline", "王静", "330203")
    assert hall.house.seats() == []


def test_queues_count_ready_seats_where_they_serve(hall):
    hall.seat_ready("s1", "housing")
    hall.seat_ready("s2", "*")
    ready = {row.group: row.seats_ready for row in hall.house.queues(day=1)}
    assert ready["housing"] == 2
    assert ready["market"] == 1
    assert hall.house.seats_by_state() == {"ready": 2}


def test_a_requeued_call_waits_with_the_age_it_has(hall):
    first = hall.ask("k1")
    hall.ask("k2", after_ms=2_000)
    hall.seat_ready()
    hall.do(commands.AcceptOffer(hall.records.call(first).offer, "s1"), after_ms=1_000)
    assert hall.house.totals(1).longest_wait_s == 1.0
    hall.do(commands.LogOut("s1", force=True))
    assert hall.house.totals(1).longest_wait_s == 3.0
    assert hall.house.totals(1).waiting == 2


def test_a_day_begins_at_nothing(hall):
    hall.seat_ready()
    assert hall.ledger.today(1) == {}
    call = hall.ask("k1")
    hall.do(commands.HangUp(call))
    assert hall.ledger.today(1)["housing"] == Counter(offered=1, abandoned=1, answered=0, within=0)
    assert hall.ledger.today(2)["housing"]["abandoned"] == 0
    hall.do(commands.HangUp(hall.ask("k2")))
    assert hall.ledger.today(2)["housing"]["abandoned"] == 1


def test_after_a_restart_the_ledger_goes_on_with_what_is_there(hall):
    talking = hall.ask("k1")
    hall.seat_ready()
    hall.do(commands.AcceptOffer(hall.records.call(talking).offer, "s1"))
    waiting = hall.ask("k2", 4_000)
    hall.restart()
    assert (hall.house.totals(1).waiting, hall.house.talking()) == (1, 1)
    assert hall.records.call(waiting).position == 1
    assert hall.ledger.forecast.expect(waiting, hall.now_ms()).position == 1
    assert hall.ledger.report.seats.by_phase() == {"in_call": 1}
    assert hall.ledger.seat_changed_ms["s1"] == START_MS
    hall.do(commands.HangUp(talking))
    hall.do(commands.FinishWrapUp(talking, "s1"))
    hall.do(commands.AcceptOffer(hall.records.call(waiting).offer, "s1"), 5_000)
    total = hall.ledger.report.tallies.total()
    assert (total.offered, total.carried, total.answered, total.answered_within) == (0, 2, 1, 1)
    assert total.service_level().of_offered == 0.5, "of those that were answered or could have been"
    assert (hall.house.totals(1).waiting, hall.house.talking()) == (0, 1)


def test_a_restart_forgets_neither_the_day_nor_the_pace(hall):
    """Told again what was decided before, the ledger is as if nothing had happened."""
    hall.seat_ready()
    for n in range(6):
        hall.do(commands.SeatSeen("s1"))
        call = hall.ask(f"k{n}", 1_000)
        hall.do(commands.AcceptOffer(hall.records.call(call).offer, "s1"), 2_000)
        hall.do(commands.HangUp(call), 8_000)
        hall.do(commands.FinishWrapUp(call, "s1"), 2_000)
    hall.do(commands.HangUp(hall.ask("gone")), 1_000)
    hall.ask("talks")
    waiting = [hall.ask(f"w{n}", 1_000) for n in range(3)]
    before = hall.ledger.today(1)
    forecasts = [hall.ledger.forecast.expect(call, hall.now_ms()) for call in waiting]
    hall.restart()
    past = Recollection(day=1, midnight_ms=START_MS)
    for event in hall.history:
        past.observe(event)
    hall.ledger.recall(past, hall.now_ms())
    assert hall.ledger.today(1) == before
    assert before["housing"]["answered"] == 6
    for call, expected in zip(waiting, forecasts, strict=True):
        again = hall.ledger.forecast.expect(call, hall.now_ms())
        assert again.position == expected.position
        assert again.mean_s == pytest.approx(expected.mean_s, rel=0.02)
    assert hall.ledger.today(2)["housing"]["answered"] == 0, "another day"


def test_what_was_decided_yesterday_is_not_counted_today(hall):
    hall.do(commands.HangUp(hall.ask("k1")))
    hall.restart()
    past = Recollection(day=1, midnight_ms=START_MS + 1)
    for event in hall.history:
        past.observe(event)
    hall.ledger.recall(past, hall.now_ms())
    assert hall.ledger.today(1) == {}


def test_a_forecast_is_as_precise_as_it_is():
    assert [round_wait_s(value) for value in (0.0, 1.0, 15.0, 16.0, 299.0, 301.0)] == [0, 15, 15, 30, 300, 360]
