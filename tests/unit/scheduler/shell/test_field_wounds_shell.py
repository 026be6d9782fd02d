"""What users of other call-distribution engines complain about, shown not to happen here: the part of the shell.

The numbers are those of the scheduling anchors, section 2; the engine's own part is in test_field_wounds.py.
"""

import asyncio

import pytest

from relay.clock import FakeClock
from relay.errors import Refusal
from relay.scheduler import commands as ask
from relay.scheduler import events as ev
from relay.scheduler.effects import AnyEffect, ConnectMedia, Ring, StopRinging
from relay.scheduler.errors import OfferExpired
from relay.scheduler.model import CallPhase, SeatProfile, ServiceItem, Skill
from relay.scheduler.reports import Report
from relay.scheduler.settings import SchedulerSettings
from relay.scheduler.shell.journal import Batch, JournalUnavailable, MemoryJournal
from relay.scheduler.shell.round import Deciding
from relay.scheduler.shell.service import SchedulerService, ServiceOptions

PROFILE = SeatProfile(skills=(Skill("hrss"),), regions=("330000",))


class House:
    """A running service, a clock in the hand, and everything it told the world."""

    def __init__(self, settings: SchedulerSettings | None = None, journal: MemoryJournal | None = None) -> None:
        self.clock = FakeClock()
        self.effects: list[AnyEffect] = []
        self.journal = journal or MemoryJournal()
        self.service = SchedulerService(
            settings or SchedulerSettings(),
            self.journal,
            clock=self.clock,
            carry_out=self._carry_out,
            options=ServiceOptions(probe_pause_s=0.001),
        )

    async def __aenter__(self) -> "House":
        await self.service.start()
        await self.service.submit(ask.DefineItems((ServiceItem("hrss"),)))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.service.close()

    async def _carry_out(self, effect: AnyEffect) -> None:
        self.effects.append(effect)

    async def seats(self, *names: str) -> None:
        for name in names:
            await self.service.submit(ask.LogIn(name, PROFILE, ready=True))

    async def call(self, key: str) -> tuple[ev.Event, ...]:
        return await self.service.submit(ask.RequestCall(key, f"kiosk-{key}", "hrss", "330106"))

    async def later(self, seconds: float) -> None:
        """Time passes; whatever is due happens."""
        self.clock.advance(seconds)
        self.service._mailbox.wake()
        for _ in range(20):
            await asyncio.sleep(0)

    def of(self, kind: type) -> list:
        return [effect for effect in self.effects if isinstance(effect, kind)]


async def test_1_16_24_a_seat_that_fell_silent_is_free_of_its_call_and_not_counted_as_there():
    """Stuck in Reserved, stuck in call for a lost BYE, "available" behind a closed browser: leases need no message."""
    async with House() as house:
        await house.seats("s1", "s2")
        first = (await house.call("a"))[-1]
        await house.service.submit(ask.AcceptOffer(first.offer, first.seat))
        second = (await house.call("b"))[-1]
        assert {first.seat, second.seat} == {"s1", "s2"}
        await house.later(16.0)
        assert house.service.state.seats == {}
        assert {call.phase for call in house.service.state.calls.values()} == {CallPhase.WAITING}
        assert [stop.offer for stop in house.of(StopRinging) if stop.reason != "accepted"] == [second.offer]


async def test_2_a_call_that_was_hung_up_is_never_answered_afterwards():
    """ "Answered" hours after the hang-up was a race of two threads: here both meet in one mailbox, in some order."""
    async with House() as house:
        await house.seats("s1")
        offered = (await house.call("a"))[-1]
        hang_up = house.service.post(ask.HangUp(offered.call))
        accept = house.service.post(ask.AcceptOffer(offered.offer, "s1"))
        assert [type(event) for event in await hang_up][-1] is ev.CallAbandoned
        with pytest.raises(OfferExpired):
            await accept
        assert house.of(ConnectMedia) == []


async def test_3_a_late_acceptance_is_told_so():
    async with House() as house:
        await house.seats("s1", "s2")
        offered = (await house.call("a"))[-1]
        await house.service.submit(ask.SeatSeen("s1"))
        await house.later(14.0)
        await house.service.submit(ask.SeatSeen(offered.seat))
        await house.later(7.0)
        with pytest.raises(OfferExpired) as caught:
            await house.service.submit(ask.AcceptOffer(offered.offer, offered.seat))
        assert caught.value.status == 409
        assert house.service.counters.refusals["offer-expired"] == 1


async def test_5_a_dispatcher_cannot_die_silently(monkeypatch):
    """Neither a bug in a decision nor one in the shell stops the loop, and its heartbeat shows that it turns."""
    real = Deciding.decision
    monkeypatch.setattr(Deciding, "decision", lambda d, c, n: 1 / 0 if isinstance(c, ask.ReportPath) else real(d, c, n))
    async with House() as house:
        await house.seats("s1")
        for _ in range(3):
            with pytest.raises(Exception, match=r"bug|rebuilt"):
                await house.service.submit(ask.ReportPath("s1"))
        await house.later(5.0)
        assert house.service.counters.last_run_s == house.clock.now_s()
        assert (await house.call("a"))[-1].seat == "s1"


async def test_6_load_costs_commits_not_calls():
    """20 calls a second brought a database to its knees: here 200 at once are one commit, and no query at all."""
    commits: list[int] = []

    class Counting(MemoryJournal):
        def append(self, batch: Batch, delivered: int) -> None:
            commits.append(batch.count)
            super().append(batch, delivered)

    async with House(journal=Counting()) as house:
        commits.clear()
        await asyncio.gather(*(house.call(f"{n}") for n in range(200)))
        assert commits == [200]


async def test_10_two_seats_cannot_answer_one_call():
    async with House(SchedulerSettings(seat_lease_ms=0, kiosk_lease_ms=0)) as house:
        await house.seats("s1", "s2")
        first = (await house.call("a"))[-1]
        await house.later(20.0)
        second = house.of(Ring)[-1]
        assert second.seat != first.seat
        outcomes = await asyncio.gather(
            house.service.submit(ask.AcceptOffer(first.offer, first.seat)),
            house.service.submit(ask.AcceptOffer(second.offer, second.seat)),
            return_exceptions=True,
        )
        assert [isinstance(outcome, Refusal) for outcome in outcomes] == [True, False]
        (connected,) = house.of(ConnectMedia)
        assert {participant.who for participant in connected.participants} == {"kiosk-a", second.seat}


async def test_12_nothing_is_counted_twice_however_often_it_is_asked_or_retried():
    """A double increment made fewest-calls wrong: repeated commands, a lying disk and a rebuild count once."""

    class Lying(MemoryJournal):
        lies = 0

        def append(self, batch: Batch, delivered: int) -> None:
            super().append(batch, delivered)
            if self.lies:
                self.lies -= 1
                raise JournalUnavailable("fsync failed")

    journal, report = Lying(), Report()
    async with House(journal=journal) as house:
        subscription = house.service.subscribe()
        await house.seats("s1")
        journal.lies = 1
        with pytest.raises(JournalUnavailable):
            await house.call("a")
        while not house.service.health().ready:
            await asyncio.sleep(0.001)
        assert await house.call("a") == ()
        offer = house.of(Ring)[0].offer
        await asyncio.gather(*(house.service.submit(ask.AcceptOffer(offer, "s1")) for _ in range(3)))
        for decision in subscription.take_pending():
            for event in decision.events:
                report.observe(event)
    total = report.tallies.total()
    assert (total.offered, total.answered, total.offers["accepted"]) == (1, 1, 1)


async def test_13_heartbeats_do_not_flood_the_journal():
    """A hundred signs of life of a seat within its lease are a few events, not a hundred."""
    async with House() as house:
        await house.seats("s1")
        before = house.service.health().seq
        for _ in range(100):
            await house.service.submit(ask.SeatSeen("s1"))
            await house.later(0.1)
        assert house.service.health().seq - before <= 5


async def test_20_capacity_that_falls_free_goes_to_the_oldest_even_while_new_calls_arrive():
    async with House() as house:
        await house.seats("s1")
        offered = (await house.call("a"))[-1]
        await house.service.submit(ask.AcceptOffer(offered.offer, "s1"))
        await house.call("b")
        await house.service.submit(ask.HangUp(offered.call))
        wrapped = house.service.post(ask.FinishWrapUp(offered.call, "s1"))
        newcomer = house.service.post(ask.RequestCall("c", "kiosk-c", "hrss", "330106"))
        assert [event.call for event in await wrapped if isinstance(event, ev.CallOffered)] == ["c2"]
        assert [type(event) for event in await newcomer] == [ev.CallRequested]


async def test_15_what_carries_effects_out_may_ask_for_more_without_a_deadlock():
    """Walking all queues under their locks deadlocked: here there is one writer, and whoever it calls may call back."""
    async with House(SchedulerSettings(kiosk_calls=0)) as house:
        answers: list[object] = []

        async def accept_and_ask_again(effect: AnyEffect) -> None:
            house.effects.append(effect)
            if isinstance(effect, Ring) and len(answers) < 20:
                answers.append(await house.service.submit(ask.AcceptOffer(effect.offer, effect.seat)))
                answers.append(await house.service.submit(ask.HangUp(effect.call)))
                answers.append(await house.service.submit(ask.FinishWrapUp(effect.call, effect.seat)))
                await house.call(f"again-{effect.call}")

        house.service._dispatcher._carry_out = accept_and_ask_again
        await house.seats("s1", "s2", "s3")
        async with asyncio.timeout(5):
            await asyncio.gather(*(house.call(f"{n}") for n in range(5)))
            while len(answers) < 20:
                await asyncio.sleep(0)


async def test_21_limits_are_decided_without_reading_what_is_stored():
    """A count in the database for each conversation was the bottleneck: counters are in memory."""

    class Unread(MemoryJournal):
        reads = 0

        def read(self, after: int):
            self.reads += 1
            return super().read(after)

    journal = Unread()
    async with House(SchedulerSettings(kiosk_calls=1), journal) as house:
        journal.reads = 0
        for n in range(50):
            await house.call(f"{n}")
            with pytest.raises(Refusal, match="kiosk"):
                await house.service.submit(ask.RequestCall(f"more-{n}", f"kiosk-{n}", "hrss", "330106"))
        assert journal.reads == 0
