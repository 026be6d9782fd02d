"""The scheduler as a running service: one mailbox, one writer, and nothing told to anybody that is not durable.

A round takes what waits in the mailbox (and the timers that are due), decides each command on the engine's state, which
moves on at once so that the next command of the round sees it, and commits all decisions of the round together. Only
then are callers answered, effects carried out and subscribers told. While one commit is on its way to the disk, the next
rounds are decided, which share the next commit. When a commit fails, the engine is rebuilt from the journal, so that nothing of these rounds has happened,
and their callers get `JournalUnavailable`.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Self

from relay.clock import Clock
from relay.errors import Misuse, RelayError, Unavailable
from relay.scheduler.commands import AnyCommand, Configure, Recover
from relay.scheduler.distribution import MACHINE_BOUNDS_S, Distribution
from relay.scheduler.effects import AnyEffect
from relay.scheduler.settings import SchedulerSettings
from relay.scheduler.shell.decision import Decision, batch_of
from relay.scheduler.shell.dispatch import CarryOut, Dispatcher
from relay.scheduler.shell.follow import follow, oldest_position, recount
from relay.scheduler.shell.health import Health, ServiceCounters
from relay.scheduler.shell.journal import Journal, JournalUnavailable, MemoryJournal, Snapshot
from relay.scheduler.shell.journal_thread import JournalThread
from relay.scheduler.shell.keeper import Keeper
from relay.scheduler.shell.mailbox import Answer, Mailbox, Overloaded
from relay.scheduler.shell.recovery import Recovery, recover
from relay.scheduler.shell.round import Deciding, Flight, Round
from relay.scheduler.shell.steady_clock import SteadyClock
from relay.scheduler.shell.stream import Stream, Subscription
from relay.scheduler.snapshot import SCHEMA, state_bytes
from relay.scheduler.state import State

_log = logging.getLogger(__name__)
_HEARTBEAT_S = 1.0
"""The loop turns at least this often, so that `last_run_s` tells a stuck scheduler from an idle one."""
_FAULT_PAUSE_S = 1.0
"""After a bug in a timer, commands go on at once, timers after this."""


@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """Bounds of the shell; what decides is in `SchedulerSettings`."""

    max_commands: int = 20_000
    """Commands waiting for their round; more are refused (Overloaded)."""
    max_undelivered: int = 100_000
    """Decisions waiting for their effects; above it commands are refused (Overloaded) until the world catches up."""
    round_limit: int = 512
    """Commands of one round: the more, the cheaper a commit each; a round keeps the event loop for some milliseconds."""
    commit_limit: int = 4_096
    """Commands that are decided ahead of the disk for the next commit, in as many rounds: a slow disk has larger commits."""
    probe_pause_s: float = 0.5
    """Between looks whether a journal that failed can be written again."""
    snapshot_every: int = 200_000
    """Decisions between snapshots: what a start has to replay, at some hundred thousand a second."""
    snapshot_pause_s: float = 60.0
    """At least this between two of them, whatever the load."""
    drain_s: float = 10.0
    """How long `close` waits for effects; those left over are done after the next start."""


async def _ignore(_: AnyEffect) -> None:
    """For services without a world."""


class SchedulerService:
    """Submit commands, get their events back once durable. Use as `async with`, or `start` and `close`.

    `carry_out` is awaited for every effect, in order, at least once, and may submit commands itself.
    """

    def __init__(
        self,
        settings: SchedulerSettings,
        journal: Journal | None = None,
        *,
        clock: Clock,
        carry_out: CarryOut = _ignore,
        options: ServiceOptions = ServiceOptions(),
    ) -> None:
        self.counters = ServiceCounters()
        self.commit_seconds = Distribution(MACHINE_BOUNDS_S)
        self.round_seconds = Distribution(MACHINE_BOUNDS_S)
        self._settings = settings
        self._clock = clock
        self._options = options
        self._disk = JournalThread(journal if journal is not None else MemoryJournal())
        self._mailbox = Mailbox(options.max_commands)
        self._mailbox.shut = Misuse("start the service before submitting commands")
        self._stream: Stream[Decision] = Stream()
        self._dispatcher = Dispatcher(carry_out)
        self._keeper = Keeper(self._disk, options.snapshot_every, options.snapshot_pause_s)
        self._tasks: list[asyncio.Task[None]] = []
        self._flight: Flight | None = None
        self._next = Round()
        """Decided since the flight took off."""
        self._closing = False
        self._told = 0
        self._last_trouble = ""
        self._ticks_from_s = 0.0
        self._deciding: Deciding
        self._time: SteadyClock

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def state(self) -> State:
        """The engine's state, to look at (`relay.scheduler.view`), never to change; at most two commits ahead of the disk."""
        return self._deciding.engine.state

    def now_ms(self) -> int:
        """Engine time."""
        return self._time.now_ms()

    async def start(self) -> None:
        """Replay the journal, take up its unfinished effects, and run. Raises JournalUnavailable or JournalCorrupt."""
        if self._tasks:
            raise Misuse("the service was started before")
        try:
            await self._take_up()
        except RelayError:
            await self._disk.run(lambda journal: journal.close())
            self._disk.close()
            raise
        self._mailbox.shut = None
        self._tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._dispatcher.run())]

    async def close(self) -> None:
        """Decide what was submitted, let effects finish for a while, and release the journal."""
        if self._closing or not self._tasks:
            return
        self._closing = True
        self._mailbox.shut = Unavailable("the scheduler is closing")
        self._mailbox.wake()
        run, dispatch = self._tasks
        await asyncio.wait([run])
        try:
            async with asyncio.timeout(self._options.drain_s):
                await self._dispatcher.drained()
        except TimeoutError:
            _log.warning("the effects of %d decisions are left to the next start", len(self._dispatcher))
        dispatch.cancel()
        self._stream.close()
        await self._keeper.close()
        await self._disk.run(self._leave)
        self._disk.close()

    def post(self, command: AnyCommand) -> "asyncio.Future[Answer]":
        """Queue a command; the future gives its events once they are durable, or its refusal."""
        if len(self._dispatcher) > self._options.max_undelivered:
            raise Overloaded(f"the effects of {len(self._dispatcher)} decisions are still to be carried out")
        return self._mailbox.post(command)

    async def submit(self, command: AnyCommand) -> Answer:
        """The events of this command, durable; () when it changed nothing. Raises its typed refusal.

        A caller that is cancelled before its command was decided takes it back; afterwards, it stands.
        """
        return await self.post(command)

    def subscribe(self, max_pending: int = 1_000) -> Subscription[Decision]:
        """Durable decisions from now on; one who reads too slowly is cut off (CutOff), and nobody waits for him."""
        return self._stream.subscribe(max_pending)

    @property
    def position(self) -> int:
        """Number of the newest durable decision."""
        return self._told

    def follow(self, after: int) -> AsyncIterator[tuple[Decision, ...]]:
        """Every decision numbered above `after`, from the journal and then live, for consumers that may be slow."""
        return follow(self._disk.journal, self._stream, after)

    async def oldest_position(self) -> int:
        """The smallest `after` that `follow` can serve: what is older was dropped from the journal."""
        return await oldest_position(self._disk.journal)

    async def recount(self, since_ms: int, until: int, tell: Callable[[Decision], None]) -> None:
        """Call `tell`, in another thread, with the decisions made since then and numbered up to `until`.

        Raises JournalCorrupt, JournalUnavailable.
        """
        await recount(self._disk.journal, since_ms, until, tell)

    def health(self) -> Health:
        """Numbers of the shell."""
        shut = self._mailbox.shut
        return Health(
            ready=shut is None,
            reason="" if shut is None else str(shut),
            seq=self._deciding.seq,
            commands_waiting=len(self._mailbox),
            undelivered=len(self._dispatcher),
            effects_given_up_total=self._dispatcher.given_up_total,
            cut_off_total=self._stream.cut_off_total,
            counters=self.counters,
        )

    async def _take_up(self) -> None:
        """Stand where the journal ends."""
        recovery = await self._disk.run(recover)
        self._adopt(recovery)
        self._time = SteadyClock(self._clock, recovery.now_ms)
        self._dispatcher.resume(recovery.owed, recovery.delivered)
        self._keeper.resume(recovery.snapshot_seq)
        self._told = recovery.seq
        self._stream.resume(recovery.seq)
        await self._greet(restarted=recovery.seq > 0)

    async def _run(self) -> None:
        while not (self._closing and not len(self._mailbox) and self._flight is None and self._next.is_empty()):
            try:
                await self._mailbox.arrival(self._idle_s())
                self.counters.last_run_s = self._clock.now_s()
                self._dispatcher.look(self.counters.last_run_s)
                await self._turn()
            except Exception as fault:
                _log.exception("the scheduler met a bug outside of a decision")
                error = Unavailable(f"the scheduler is being rebuilt: {fault!r}")
                self._next.undo(error)
                self._next = Round()
                await self._rebuild(error)
                await asyncio.sleep(self._options.probe_pause_s)

    async def _turn(self) -> None:
        """Decide a round; when the commit before it has landed, or enough is decided, send it to the disk."""
        if self._flight is not None and (self._flight.landed.done() or self._snapshot_due()):
            await self._land(self._flight)
        started_s = self._clock.now_s()
        ticks = started_s >= self._ticks_from_s
        decided = self._deciding.round(self._mailbox.take(), self._time.now_ms(), ticks=ticks)
        if not decided.is_empty():
            self.round_seconds.observe(self._clock.now_s() - started_s)
            self.counters.refusals.update(decided.refusals)
            self._next.take_in(decided)
        if self._next.is_empty():
            return
        if self._flight is not None and (self._may_decide_on() or not await self._land(self._flight)):
            return
        decided, self._next = self._next, Round()
        self.counters.rounds += 1
        self._flight = Flight(decided, asyncio.ensure_future(self._commit(decided.decisions)))
        if decided.fault is not None or self._flight.landed.done():
            await self._land(self._flight)
        else:
            self._flight.landed.add_done_callback(lambda _: self._mailbox.wake())

    def _may_decide_on(self) -> bool:
        """Whether what comes meanwhile can share the next commit."""
        return (
            self._next.fault is None
            and max(len(self._next.outcomes), len(self._next.decisions)) < self._options.commit_limit
            and not self._snapshot_due()
        )

    async def _land(self, flight: Flight) -> bool:
        """Wait until a commit is durable and answer it. When it cannot be, undo it and what was decided since, and go back."""
        decided = flight.decided
        try:
            await flight.landed
        except Exception as fault:
            _log.error("nothing is decided until the journal can be written", exc_info=fault)
            error = fault if isinstance(fault, JournalUnavailable) else Unavailable(f"being rebuilt: {fault!r}")
            for undone in (decided, self._next):
                undone.undo(error)
            self._flight, self._next = None, Round()
            await self._rebuild(error)
            return False
        self._flight = None
        self._tell(decided.decisions)
        decided.settle()
        if decided.fault is not None:
            _log.error("a decision met a bug and was refused", exc_info=decided.fault)
            self.counters.faults += 1
            if decided.tick_failed:
                self._ticks_from_s = self._clock.now_s() + _FAULT_PAUSE_S
            await self._rebuild(Unavailable("the scheduler is being rebuilt after a bug; retry"))
        elif self._snapshot_due() and self._told == self._deciding.seq:
            self._keeper.begin(self._deciding.seq, self._clock.now_s(), self._time.now_ms(), self._snapshot)
        return True

    def _snapshot_due(self) -> bool:
        return self._keeper.due(self._deciding.seq, self._clock.now_s())

    async def _commit(self, decisions: list[Decision]) -> None:
        """Make them durable. Raises JournalUnavailable: then they have not happened."""
        if not decisions:
            return
        started_s = self._clock.now_s()
        delivered = self._dispatcher.delivered
        try:
            await self._disk.run(lambda journal: journal.append(batch_of(decisions), delivered))
        except JournalUnavailable:
            self.counters.commit_failures += 1
            raise
        self.commit_seconds.observe(self._clock.now_s() - started_s)

    def _tell(self, decisions: list[Decision]) -> None:
        for decision in decisions:
            if decision.seq > self._told:
                self._told = decision.seq
                self._dispatcher.put(decision)
                self._stream.publish(decision)

    async def _rebuild(self, error: RelayError) -> None:
        """Go back to what is durable; meanwhile nothing is taken. Returns when the journal can be written."""
        if not self._closing:
            self._mailbox.shut = error
        self._mailbox.refuse_all(error)
        self.counters.rebuilds += 1
        while not await self._rebuilt():
            self.counters.last_run_s = self._clock.now_s()
            if self._closing:
                return
            await asyncio.sleep(self._options.probe_pause_s)
        if not self._closing:
            self._mailbox.shut = None

    async def _rebuilt(self) -> bool:
        """One attempt."""
        try:
            recovery = await self._disk.run(self._probe)
            self._adopt(recovery)
            self._tell(recovery.owed)  # a commit that reported failure, and had reached the disk
            await self._greet(restarted=True)
        except RelayError as still:
            if str(still) != self._last_trouble:
                self._last_trouble = str(still)
                _log.warning("the journal is still unusable: %s", still)
            return False
        except Exception:
            _log.exception("the engine cannot be rebuilt")  # and still this loop must not die
            return False
        self._last_trouble = ""
        return True

    def _probe(self, journal: Journal) -> Recovery:
        journal.deliver(self._dispatcher.delivered)
        return recover(journal)

    def _adopt(self, recovery: Recovery) -> None:
        self._deciding = Deciding(recovery.engine, recovery.seq, self._options.round_limit)

    async def _greet(self, *, restarted: bool) -> None:
        """The first decisions: nobody could send heartbeats meanwhile, and the settings may be new."""
        decisions = []
        for command in (Recover(), Configure(self._settings))[not restarted :]:
            decision = self._deciding.decision(command, self._time.now_ms())
            decisions += [decision] if decision.events else []
        await self._commit(decisions)
        self._tell(decisions)

    def _snapshot(self) -> Snapshot:
        return Snapshot(self._deciding.seq, self._time.now_ms(), SCHEMA, state_bytes(self.state))

    def _idle_s(self) -> float:
        due_ms = self._deciding.engine.next_wake_ms()
        if due_ms is None:
            return _HEARTBEAT_S
        pause_s = self._ticks_from_s - self._clock.now_s()
        return min(_HEARTBEAT_S, max(0.0, pause_s, (due_ms - self._time.now_ms()) / 1000.0))

    def _leave(self, journal: Journal) -> None:
        """A snapshot makes the next start short; a disk that refuses now only costs a replay and repeated effects."""
        try:
            journal.deliver(self._dispatcher.delivered)
            if self._told == self._deciding.seq:
                journal.save(self._snapshot())
        except JournalUnavailable as error:
            _log.warning("the journal was left without a snapshot: %s", error)
        journal.close()
