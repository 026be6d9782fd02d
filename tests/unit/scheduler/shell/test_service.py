"""The service with real parts: engine, journals, time moved by hand; only the disk is made to fail."""

import asyncio
from collections.abc import Iterator

import pytest

from relay.clock import FakeClock
from relay.errors import InvariantError, Misuse, Refusal, Unavailable
from relay.scheduler import commands as ask
from relay.scheduler import events as ev
from relay.scheduler.effects import AnyEffect, ConnectMedia, Notify, Ring
from relay.scheduler.errors import OfferExpired, UnknownOffer
from relay.scheduler.model import CallPhase, SeatProfile, ServiceItem, Skill
from relay.scheduler.settings import SchedulerSettings
from relay.scheduler.shell.decision import Decision, decisions_of
from relay.scheduler.shell.journal import Batch, JournalCorrupt, JournalUnavailable, MemoryJournal
from relay.scheduler.shell.mailbox import Overloaded
from relay.scheduler.shell.recovery import recover
from relay.scheduler.shell.round import Deciding
from relay.scheduler.shell.service import SchedulerService, ServiceOptions
from relay.scheduler.shell.sqlite_journal import SqliteJournal
from relay.scheduler.snapshot import digest

PROFILE = SeatProfile(skills=(Skill("hrss"),), regions=("330000",))
QUICK = ServiceOptions(probe_pause_s=0.001)


class Disk(MemoryJournal):
    """A journal in memory whose disk can be full, or lie."""

    def __init__(self) -> None:
        super().__init__()
        self.full = False
        self.lying = False
        """The commit reaches the disk and is reported as failed."""

    def append(self, batch: Batch, delivered: int) -> None:
        self._refuse()
        super().append(batch, delivered)
        if self.lying:
            self.lying = False
            raise JournalUnavailable("fsync failed")

    def deliver(self, delivered: int) -> None:
        self._refuse()
        super().deliver(delivered)

    def _refuse(self) -> None:
        if self.full:
            raise JournalUnavailable("the disk is full")


class World:
    """Carries effects out by writing them down."""

    def __init__(self) -> None:
        self.effects: list[AnyEffect] = []

    async def __call__(self, effect: AnyEffect) -> None:
        self.effects.append(effect)

    def of(self, kind: type) -> list:
        return [effect for effect in self.effects if isinstance(effect, kind)]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def service(journal=None, clock=None, settings=None, world=None, options=QUICK) -> SchedulerService:
    return SchedulerService(
        settings or SchedulerSettings(),
        journal,
        clock=clock or FakeClock(),
        carry_out=world or World(),
        options=options,
    )


async def staffed(running: SchedulerService, *seats: str) -> None:
    await running.submit(ask.DefineItems((ServiceItem("hrss"),)))
    for seat in seats:
        await running.submit(ask.LogIn(seat, PROFILE, ready=True))


def call(n: int) -> ask.RequestCall:
    return ask.RequestCall(f"key-{n}", f"kiosk-{n}", "hrss", "330106")


async def turned() -> None:
    """Let everything that is ready run."""
    for _ in range(20):
        await asyncio.sleep(0)


def stored(journal: MemoryJournal) -> Iterator[ev.Event]:
    return (event for batch in journal.read(0) for decision in decisions_of(batch) for event in decision.events)


async def test_a_call_from_request_to_notes():
    world, journal = World(), MemoryJournal()
    async with service(journal, world=world) as running:
        await staffed(running, "s1")
        requested, offered = await running.submit(call(1))
        (accepted,) = await running.submit(ask.AcceptOffer(offered.offer, "s1"))
        (ended,) = await running.submit(ask.HangUp(requested.call))
        await running.submit(ask.FinishWrapUp(requested.call, "s1"))
        assert [type(e) for e in (requested, offered, accepted, ended)] == [
            ev.CallRequested,
            ev.CallOffered,
            ev.CallAccepted,
            ev.CallEnded,
        ]
    assert [effect.seat for effect in world.of(Ring)] == ["s1"]
    assert len(world.of(ConnectMedia)) == 1
    assert journal.delivered() == journal.last() == 6


async def test_a_refusal_reaches_its_caller_and_changes_nothing():
    async with service() as running:
        await staffed(running)
        before = digest(running.state)
        with pytest.raises(UnknownOffer):
            await running.submit(ask.AcceptOffer("o9", "s1"))
        assert digest(running.state) == before
        assert running.counters.refusals == {"unknown-offer": 1}


async def test_repeating_a_request_is_one_call_even_within_a_round():
    async with service() as running:
        await staffed(running)
        first, second = await asyncio.gather(running.submit(call(1)), running.submit(call(1)))
        assert len(first) == 1
        assert second == ()
        assert len(running.state.calls) == 1


async def test_all_commands_of_a_round_share_one_commit():
    journal = MemoryJournal()
    async with service(journal) as running:
        await staffed(running)
        before = len(list(journal.read(0)))
        await asyncio.gather(*(running.submit(call(n)) for n in range(300)))
        assert len(list(journal.read(0))) == before + 1


async def test_timers_fire_without_commands():
    """An offer that nobody answers goes to the next seat at its deadline, by the clock alone."""
    clock, world = FakeClock(), World()
    async with service(
        clock=clock, world=world, settings=SchedulerSettings(seat_lease_ms=0, kiosk_lease_ms=0)
    ) as running:
        await staffed(running, "s1", "s2")
        _, offered = await running.submit(call(1))
        clock.advance(20.0)
        subscription = running.subscribe()
        running._mailbox.wake()
        decision = await anext(subscription)
        assert [type(e) for e in decision.events] == [ev.OfferTimedOut, ev.CallOffered]
        assert decision.events[0].at_ms == offered.deadline_ms
        with pytest.raises(OfferExpired):
            await running.submit(ask.AcceptOffer(offered.offer, "s1"))


async def test_due_timers_come_before_commands():
    clock = FakeClock()
    async with service(clock=clock, settings=SchedulerSettings(seat_lease_ms=0, kiosk_lease_ms=0)) as running:
        await staffed(running, "s1")
        _, offered = await running.submit(call(1))
        clock.advance(30.0)
        with pytest.raises(OfferExpired):
            await running.submit(ask.AcceptOffer(offered.offer, "s1"))


async def test_nothing_is_told_before_it_is_durable():
    """Look at the world from inside the commit."""
    seen: list[tuple[bool, int]] = []
    world = World()

    class Watching(MemoryJournal):
        def append(self, batch: Batch, delivered: int) -> None:
            seen.append((answer.done() if answer else False, len(world.effects)))
            super().append(batch, delivered)

    answer: asyncio.Future | None = None
    async with service(Watching(), world=world) as running:
        await staffed(running, "s1")
        await turned()
        told = len(world.effects)
        seen.clear()
        answer = running.post(call(1))
        await answer
        assert seen == [(False, told)]


async def test_a_failed_commit_refuses_the_whole_round_and_undoes_it():
    disk, world = Disk(), World()
    async with service(disk, world=world) as running:
        await staffed(running, "s1")
        await running.submit(call(1))
        await turned()
        before, told = digest(running.state), len(world.effects)
        disk.full = True
        outcomes = await asyncio.gather(
            running.submit(call(2)),
            running.submit(call(2)),
            running.submit(ask.AcceptOffer("o9", "s1")),
            return_exceptions=True,
        )
        assert [type(outcome) for outcome in outcomes] == [JournalUnavailable] * 3
        assert all(isinstance(outcome, Refusal) for outcome in outcomes)
        with pytest.raises(JournalUnavailable, match="disk is full"):
            await running.submit(call(3))
        assert not running.health().ready
        disk.full = False
        while not running.health().ready:
            await asyncio.sleep(0.001)
        await turned()
        state = running.state
        assert set(state.calls) == {"c1"}
        assert len(world.effects) == told
        assert digest(state) == before
        assert digest(recover(disk).engine.state) == before
        assert running.counters.commit_failures == 1
        assert [type(e) for e in (await running.submit(call(2)))] == [ev.CallRequested]


async def test_leases_do_not_run_out_while_the_disk_is_full():
    clock, disk = FakeClock(), Disk()
    async with service(disk, clock=clock) as running:
        await staffed(running, "s1")
        disk.full = True
        with pytest.raises(JournalUnavailable):
            await running.submit(call(1))
        clock.advance(600.0)
        disk.full = False
        while not running.health().ready:
            await asyncio.sleep(0.001)
        assert "s1" in running.state.seats


async def test_a_commit_that_failed_after_reaching_the_disk_is_carried_out_once():
    disk, world = Disk(), World()
    async with service(disk, world=world) as running:
        await staffed(running, "s1")
        disk.lying = True
        with pytest.raises(JournalUnavailable):
            await running.submit(call(1))
        while not running.health().ready:
            await asyncio.sleep(0.001)
        await turned()
        assert await running.submit(call(1)) == ()
        assert [ring.call for ring in world.of(Ring)] == ["c1"]


async def test_a_restart_stands_where_the_journal_ends_and_repeats_only_undelivered_effects(tmp_path):
    path, world = tmp_path / "journal.db", World()

    async def stuck(effect: AnyEffect) -> None:
        if isinstance(effect, Ring):
            await asyncio.Event().wait()

    options = ServiceOptions(drain_s=0.01)
    async with service(SqliteJournal(path), world=stuck, options=options) as running:
        await staffed(running, "s1")
        await running.submit(call(1))
        await running.submit(call(2))
    async with service(SqliteJournal(path), world=world) as running:
        assert {c.phase for c in running.state.calls.values()} == {CallPhase.OFFERED, CallPhase.WAITING}
        await running._dispatcher.drained()
        assert [type(effect) for effect in world.effects] == [Ring, Notify]
        repeated = world.effects[0]
        assert (repeated.id, repeated.call) == ("o1:ring", "c1")
    async with service(SqliteJournal(path), world=(later := World())) as running:
        await running._dispatcher.drained()
        assert later.of(Ring) == []


async def test_a_snapshot_and_a_replay_give_the_same_state(tmp_path):
    path = tmp_path / "journal.db"
    async with service(SqliteJournal(path)) as running:
        await staffed(running, "s1", "s2")
        for n in range(5):
            await running.submit(call(n))
        clock_ms = running.state.clock_ms
    snapshots = list(tmp_path.glob("*.snapshot-*"))
    assert len(snapshots) == 1

    async def reopened() -> str:
        clock = FakeClock(wall_ms=clock_ms)
        async with service(SqliteJournal(path), clock=clock) as running:
            return digest(running.state)

    with_snapshot = await reopened()
    for snapshot in tmp_path.glob("*.snapshot-*"):
        snapshot.unlink()
    assert await reopened() == with_snapshot


async def test_background_snapshots_bound_the_journal(tmp_path):
    """Every twenty decisions another process leaves a snapshot, and old batches go when two snapshots stand."""
    journal = SqliteJournal(tmp_path / "journal.db", retain_ms=-1)
    options = ServiceOptions(snapshot_every=20, snapshot_pause_s=0.0)
    async with service(journal, options=options) as running:
        await staffed(running)
        n = 0
        for _ in range(3):
            for _ in range(25):
                n += 1
                await running.submit(call(n))
            await running._keeper.close()
            await running.submit(ask.KioskSeen("kiosk-1"))
        assert len(journal.snapshot_numbers()) == 2
        kept = await running._disk.run(lambda disk: [batch.first for batch in disk.read(min(disk.snapshot_numbers()))])
        assert kept
        with pytest.raises(JournalCorrupt, match="decision 1 is missing"):
            await running._disk.run(lambda disk: list(disk.read(0)))
        assert running._keeper.failures_total == 0
    async with service(SqliteJournal(tmp_path / "journal.db")) as running:
        assert len(running.state.calls) == 75


async def test_a_journal_in_memory_does_not_grow_for_ever():
    journal = MemoryJournal()
    async with service(journal, options=ServiceOptions(snapshot_every=10, snapshot_pause_s=0.0)) as running:
        await staffed(running)
        for n in range(200):
            await running.submit(call(n))
            await turned()
        assert sum(batch.count for batch in journal._batches) < 60
        assert len(recover(journal).engine.state.calls) == 200


async def test_a_journal_in_memory_stays_small_however_few_decisions_a_snapshot_is_due_after(monkeypatch):
    monkeypatch.setattr("relay.scheduler.shell.journal.MEMORY_BYTES", 20_000)
    journal, held = MemoryJournal(), []
    async with service(journal, options=ServiceOptions()) as running:
        await staffed(running, "s1")
        for n in range(300):
            made = await running.submit(call(n))
            await running.submit(ask.HangUp(made[0].call))
            await turned()
            held.append(sum(200 + len(batch.body) for batch in journal.read(0)))
        # Two snapshots stand, and what was appended since the older one: four times its size at most, or the room there is.
        newest = max(len(snapshot.body) for snapshot in journal.snapshots())
        assert max(held) < 3 * max(20_000, 4 * newest)
        assert len(journal.snapshot_numbers()) == 2
        assert recover(journal).engine.state.calls.keys() == running.state.calls.keys()


async def test_a_bug_in_a_decision_costs_one_command_and_a_rebuild(monkeypatch):
    real = Deciding.decision
    monkeypatch.setattr(Deciding, "decision", lambda d, c, n: 1 / 0 if isinstance(c, ask.KioskSeen) else real(d, c, n))
    async with service() as running:
        await staffed(running, "s1")
        good, bad, later = await asyncio.gather(
            running.submit(call(1)), running.submit(ask.KioskSeen("k")), running.submit(call(2)), return_exceptions=True
        )
        assert type(good[0]) is ev.CallRequested
        assert type(bad) is InvariantError
        assert type(later) is Unavailable
        assert running.counters.faults == 1
        assert set(running.state.calls) == {"c1"}
        await running.submit(call(2))


async def test_a_bug_in_the_shell_answers_everybody_and_goes_on(monkeypatch):
    journal = MemoryJournal()
    async with service(journal) as running:
        await staffed(running, "s1")
        monkeypatch.setattr(journal, "append", lambda *_: 1 / 0)
        with pytest.raises(Unavailable, match="being rebuilt"):
            await running.submit(call(1))
        monkeypatch.undo()
        while not running.health().ready:
            await asyncio.sleep(0.001)
        await running.submit(call(1))


async def test_a_bug_in_a_timer_does_not_stop_commands(monkeypatch):
    real, clock = Deciding.decision, FakeClock()
    monkeypatch.setattr(Deciding, "decision", lambda d, c, n: 1 / 0 if isinstance(c, ask.Tick) else real(d, c, n))
    async with service(clock=clock) as running:
        await staffed(running, "s1")
        await running.submit(call(1))
        clock.advance(25.0)
        running._mailbox.wake()
        await turned()
        assert running.counters.faults == 1
        await running.submit(call(2))
        assert running.counters.faults == 1
        clock.advance(25.0)  # the rebuilt state gives its seats and offers their time again
        running._mailbox.wake()
        await turned()
        assert running.counters.faults == 2


async def test_a_caller_who_gave_up_before_the_decision_has_not_asked():
    async with service() as running:
        await staffed(running)
        given_up = running.post(call(1))
        given_up.cancel()
        await running.submit(call(2))
        assert [c.kiosk for c in running.state.calls.values()] == ["kiosk-2"]


async def test_overload_is_refused_not_queued():
    async with service(options=ServiceOptions(max_commands=3)) as running:
        answers = [running.post(call(n)) for n in range(3)]
        with pytest.raises(Overloaded, match="3 commands"):
            await running.submit(call(9))
        await asyncio.gather(*answers, return_exceptions=True)


async def test_a_world_that_does_not_keep_up_stops_new_commands():
    gate = asyncio.Event()

    async def slow(_: AnyEffect) -> None:
        await gate.wait()

    async with service(world=slow, options=ServiceOptions(max_undelivered=4)) as running:
        await staffed(running)
        for n in range(5):
            await running.submit(call(n))
        with pytest.raises(Overloaded, match="effects"):
            await running.submit(call(9))
        gate.set()
        await running._dispatcher.drained()
        await running.submit(call(20))


async def test_effects_may_submit_commands_and_failing_ones_do_not_stop_the_rest():
    attempts: list[str] = []

    async def eager(effect: AnyEffect) -> None:
        if isinstance(effect, Ring):
            await running.submit(ask.AcceptOffer(effect.offer, effect.seat))
        if isinstance(effect, ConnectMedia):
            attempts.append(effect.id)
            raise OSError("the media plane is down")

    async with service(world=eager) as running:
        await staffed(running, "s1")
        await running.submit(call(1))
        await running._dispatcher.drained()
        while not attempts:
            await asyncio.sleep(0)
        await running._dispatcher.drained()
        assert attempts == ["c1:media:1"] * 3
        assert running.health().effects_given_up_total == 1
        assert running.state.calls["c1"].phase is CallPhase.TALKING


async def test_a_cancelled_task_of_the_world_does_not_end_the_effects():
    async def cancelled(effect: AnyEffect) -> None:
        if isinstance(effect, Notify):
            raise asyncio.CancelledError
        carried.append(effect)

    carried: list[AnyEffect] = []
    async with service(world=cancelled) as running:
        await staffed(running)
        await running.submit(call(1))
        await running._dispatcher.drained()
        assert running.health().effects_given_up_total == 1
        await running.submit(ask.LogIn("s1", PROFILE, ready=True))
        await running._dispatcher.drained()
        assert [type(effect) for effect in carried] == [Ring]


async def test_an_effect_that_hangs_is_left_behind():
    clock, carried = FakeClock(), []

    async def hangs(effect: AnyEffect) -> None:
        if isinstance(effect, Notify):
            await asyncio.Event().wait()
        carried.append(effect)

    settings, options = SchedulerSettings(seat_lease_ms=0, kiosk_lease_ms=0), ServiceOptions(drain_s=0.01)
    async with service(clock=clock, world=hangs, settings=settings, options=options) as running:
        await staffed(running)
        await running.submit(call(1))
        await running.submit(ask.LogIn("s1", PROFILE, ready=True))
        while not running.health().effects_given_up_total:
            clock.advance(4.0)
            running._mailbox.wake()
            await asyncio.sleep(0.001)
        await turned()
        assert isinstance(carried[0], Ring)


async def test_a_clock_that_is_set_back_does_not_stop_the_scheduler():
    class Machine(FakeClock):
        def set_wall(self, by_ms: int) -> None:
            self._wall_ms += by_ms

    machine = Machine()
    async with service(clock=machine) as running:
        await staffed(running, "s1")
        machine.set_wall(-3_600_000)
        await running.submit(call(1))
        assert running.counters.refusals == {}


async def test_a_restart_after_the_clock_was_set_back_goes_on_from_the_last_decision(tmp_path):
    path = tmp_path / "journal.db"
    async with service(SqliteJournal(path), clock=FakeClock(wall_ms=1_800_000_000_000)) as running:
        await staffed(running, "s1")
    async with service(SqliteJournal(path), clock=FakeClock(wall_ms=1_700_000_000_000)) as running:
        assert running.now_ms() >= 1_800_000_000_000
        await running.submit(call(1))


async def test_every_decision_can_be_followed_from_any_point(tmp_path):
    async with service(SqliteJournal(tmp_path / "journal.db")) as running:
        await staffed(running)
        for n in range(40):
            await running.submit(call(n))
        seen: list[int] = []

        async def reader() -> None:
            async for group in running.follow(after=5):
                seen.extend(decision.seq for decision in group)

        reading = asyncio.create_task(reader())
        for n in range(40, 80):
            await running.submit(call(n))
    await reading
    assert seen == list(range(6, 82))


async def test_a_follower_who_was_cut_off_goes_on_from_the_journal(monkeypatch):
    async with service() as running:
        await staffed(running)
        real = running._stream.subscribe
        monkeypatch.setattr(running._stream, "subscribe", lambda: real(max_pending=2))
        follower = running.follow(after=0)
        seen = [decision.seq for decision in await anext(follower)]
        for n in range(10):
            await running.submit(call(n))
        await running.submit(call(50))
        while seen[-1] < 12:
            seen += [decision.seq for decision in await anext(follower)]
        assert seen == list(range(1, 13))
        assert running.health().cut_off_total >= 1


async def test_before_the_start_and_after_the_end_nothing_is_taken():
    stopped = service()
    with pytest.raises(Misuse, match="start the service"):
        await stopped.submit(call(1))
    await stopped.start()
    with pytest.raises(Misuse, match="started before"):
        await stopped.start()
    last = stopped.post(ask.DefineItems((ServiceItem("hrss"),)))
    await stopped.close()
    assert len(await last) == 1
    await stopped.close()
    with pytest.raises(Unavailable, match="closing"):
        await stopped.submit(call(1))


async def test_the_loop_shows_that_it_is_alive():
    clock = FakeClock()
    async with service(clock=clock) as running:
        await running.submit(ask.DefineItems((ServiceItem("hrss"),)))
        clock.advance(7.0)
        running._mailbox.wake()
        await turned()
        assert running.health().counters.last_run_s == clock.now_s()


@pytest.mark.parametrize("since", [0, 1, 7, 19, 20, 21, 22, 99])
async def test_a_recount_begins_at_its_time_and_ends_at_its_number(tmp_path, since):
    clock = FakeClock()
    async with SchedulerService(SchedulerSettings(), SqliteJournal(tmp_path / "j.db"), clock=clock) as running:
        for n in range(20):
            clock.advance(1.0)
            await running.submit(ask.DefineItems((ServiceItem(f"d{n}"),)))
        start_ms = FakeClock().wall_ms()
        told: list[Decision] = []
        await running.recount(start_ms + 1000 * since, 18, told.append)
        assert [decision.seq for decision in told] == list(range(max(1, since), 19))
