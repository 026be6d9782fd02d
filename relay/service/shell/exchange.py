"""The running service: carries out what the switchboard wants done, and owns the scheduler and the media plane.

One failure concerns one output: it is logged and counted, and everything else goes on. All methods are to be called on
the loop that ran `start`.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Coroutine, Iterable
from typing import Any, Protocol

from relay.catalogue import Directory
from relay.clock import Clock
from relay.config import ServerSettings
from relay.errors import AtCapacity, Conflict, Refusal, RelayError, Unavailable
from relay.ids import PeerId
from relay.scheduler import commands, events, view
from relay.scheduler.effects import AnyEffect
from relay.scheduler.model import SeatProfile
from relay.scheduler.shell.decision import Decision
from relay.scheduler.shell.dispatch import CarryOut
from relay.scheduler.shell.service import SchedulerService
from relay.scheduler.shell.stream import CutOff, Subscription
from relay.service.conversations import Conversations, peers_beside
from relay.service.house import House, day_of, midnight_ms
from relay.service.ledger import Ledger, Recollection, seats_of
from relay.service.observations import Observations
from relay.service.outputs import Cause, ClosePeer, Cut, Output, Submit, Tell
from relay.service.participants import Joined, Line, Participant, Participants
from relay.service.profiles import definitions
from relay.service.records import SchedulerRecords
from relay.service.switchboard import Switchboard
from relay.service.telling import Teller
from relay.service.views import CallView
from relay.service.wiring import Route
from relay.sfu.session.events import PeerOffer, PeerStats, SfuEvent, SfuStats, SlotRef, SourceRef

_log = logging.getLogger(__name__)
_REFRESH_S = 2.0
"""Between looks at the places of waiting kiosks."""
_SLICE = 16
"""Participants looked at before the loop may turn: media shares it."""
_EXPLAINED = (events.SeatLoggedOut, events.SeatOnBreak, events.SeatDraining)
_MAX_UNREAD_DECISIONS = 100_000
_LATELY_MS = 3_600_000
"""Twice the memory of the forecast."""


class MediaPlane(Protocol):
    """What the service asks of the SFU; `relay.sfu.shell.node.Sfu` is the one."""

    async def start(self) -> None:
        """Bind the media port."""

    async def close(self) -> None:
        """Release it."""

    @property
    def address(self) -> tuple[str, int]:
        """Where it is bound; raises `Misuse` before `start`."""

    async def answer(self, peer: PeerId, offer: PeerOffer, near: Collection[PeerId] | None = None) -> str:
        """Answer an SDP offer; creates the peer, or renegotiates it. `near`: whom it is in a call with; None: in no call."""

    async def route(self, slot: SlotRef, source: SourceRef | None) -> None:
        """Feed a slot from a source, or from nothing."""

    async def remove(self, peer: PeerId) -> None:
        """Forget a peer."""

    def subscribe(self, callback: Callable[[SfuEvent], None]) -> Callable[[], None]:
        """Hear events until the returned function is called."""

    def stats(self) -> SfuStats:
        """Totals."""

    def peer_stats(self, peer: PeerId) -> PeerStats | None:
        """One peer."""


class CallOver(Conflict):
    """The idempotency key was used for a call that is over."""

    problem = "call-over"
    hint = "A new request needs a fresh key."


class Exchange:
    """Participants come to it; it joins them with the scheduler and the media plane."""

    def __init__(
        self,
        scheduler: Callable[[CarryOut], SchedulerService],
        media: MediaPlane,
        directory: Directory,
        settings: ServerSettings,
        clock: Clock,
    ) -> None:
        self.scheduler = scheduler(self._carry_out)
        self.media = media
        self.directory = directory
        self.draining = False
        """No new calls: the process is about to stop."""
        self.ledger = Ledger()
        self.observations = Observations()
        self.participants = Participants(settings.max_connections, settings.reconnect_grace_s)
        self.records = SchedulerRecords(self.scheduler, self.ledger, directory, self._catch_up)
        self.house = House(self.scheduler, self.records, self.ledger, directory)
        self.conversations = Conversations(self.participants)
        self._teller = Teller(self.participants, self.conversations, self.records)
        self._switchboard = Switchboard(
            self.participants,
            self.conversations,
            self._teller,
            self.records,
            media_required=settings.media_required,
            media_grace_s=settings.media_grace_s,
        )
        self._clock = clock
        self._wakened = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._decisions: Subscription[Decision] | None = None
        self._changed_seats: dict[str, str] = {}
        """Seats to be told how they are now, and why."""
        self._showing_seats = False

    async def start(self) -> None:
        """Start media and scheduler, and take up the conversations of a former run."""
        await self.media.start()
        self.media.subscribe(self._hear)
        await self.scheduler.start()
        self._decisions = self.scheduler.subscribe(_MAX_UNREAD_DECISIONS)
        self.ledger.resume(self.scheduler.state, self.scheduler.now_ms())
        self._switchboard.restore(self.records.conversations())
        for command in (*definitions(self.directory.catalogue), *self._nobody_is_back_yet()):
            await self.scheduler.submit(command)
        self._spawn(self._watch_time())
        self._spawn(self._watch_places())
        self._spawn(self._watch_decisions())
        self._spawn(self._recall(self._decisions.after))

    async def close(self) -> None:
        """Cut every line, and stop scheduler and media."""
        for participant in list(self.participants):
            if participant.line is not None:
                participant.line.cut(Cause.CLOSING)
        await self.scheduler.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.media.close()

    async def join(self, newcomer: Participant, session: str) -> Joined:
        """Take a login in; `session` is what its client says it had. Raises `LimitReached`."""
        joined, outputs = self._switchboard.join(newcomer, session, self._clock.now_s())
        self._wakened.set()
        await self._perform(outputs)
        return joined

    async def greet(self, participant: Participant) -> None:
        """Tell somebody who has been welcomed how things stand."""
        await self._perform(self._teller.state(participant.who))

    async def lose_line(self, line: Line) -> None:
        """A line broke or was closed."""
        await self._perform(self._switchboard.lose_line(line, self._clock.now_s()))
        self._wakened.set()

    async def heard(self, participant: Participant) -> None:
        """A heartbeat."""
        await self._perform(self._switchboard.heard(participant))

    async def answer(self, participant: Participant, offer: PeerOffer) -> str:
        """Answer a participant's SDP offer. Raises `Malformed` or a `Refusal`; its media is then as before."""
        near = peers_beside(participant.who, self.conversations, self.participants)
        if self.draining and near is None and participant.peer is None:
            raise Unavailable("This relay is about to stop.")
        negotiated, slots = participant.peer is not None, participant.slots
        peer = self.participants.negotiate(participant, frozenset(offer.slots.values()))
        try:
            answer = await self.media.answer(peer, offer, near)
        except Exception:
            participant.slots = slots
            if not negotiated:
                self.participants.lose_peer(participant)
            raise
        await self._perform(self._switchboard.negotiated(participant))
        return answer

    async def switch_source(self, participant: Participant, source: str, *, active: bool) -> None:
        """A participant starts or stops sending a source."""
        await self._perform(self._switchboard.switch_source(participant, source, active=active))

    async def submit(self, command: commands.AnyCommand) -> tuple[events.AnyEvent, ...]:
        """Put a command to the scheduler; its events once they are durable, or its refusal."""
        return await self.scheduler.submit(command)

    async def request_call(self, command: commands.RequestCall) -> CallView:
        """Ask for a call; the same key twice is one call. Raises what the scheduler refuses."""
        if self.draining:
            raise Unavailable("This relay is about to stop.")
        if view.find_call(self.scheduler.state, command.key) is None and is_full(self.media.stats()):
            raise AtCapacity
        self.observations.duplicate_requests += not await self.scheduler.submit(command)
        found = view.find_call(self.scheduler.state, command.key)
        call = self.records.call(found) if found else None
        if call is None:
            raise CallOver(f"The call of the key {command.key!r} is over.")
        return call

    async def measured(self, participant: Participant, rtt_ms: float) -> None:
        """The round trip between the relay and a participant."""
        await self._perform(self._switchboard.measured(participant, rtt_ms))

    async def log_in(self, participant: Participant, profile: SeatProfile) -> None:
        """Bring a seat online, on break, having said whether its media is ready, and how far away it is."""
        seat = participant.who.name
        await self.scheduler.submit(commands.LogIn(seat=seat, profile=profile))
        ready = self._switchboard.reachable(participant)
        await self.scheduler.submit(commands.ReportPath(seat=seat, media_ready=ready, rtt_ms=participant.path_rtt_ms))

    def _nobody_is_back_yet(self) -> list[commands.AnyCommand]:
        """Seats of a former run are offered nothing before they have come back."""
        return [commands.ReportPath(seat=seat, media_ready=False) for seat in self.scheduler.state.seats]

    async def _recall(self, until: int) -> None:
        """Count again what former runs decided today, and learn the pace of the last hour from it."""
        now_ms = self._clock.wall_ms()
        past = Recollection(day_of(now_ms), midnight_ms(now_ms))

        def tell(decision: Decision) -> None:
            for event in decision.events:
                past.observe(event, decision.seq)

        try:
            await self.scheduler.recount(min(midnight_ms(now_ms), now_ms - _LATELY_MS), until, tell)
        except RelayError as error:
            _log.warning("today's totals begin anew: %s", error)
        else:
            self.ledger.recall(past, self.scheduler.now_ms())

    async def _carry_out(self, effect: AnyEffect) -> None:
        await self._perform(self._switchboard.handle_effect(effect))

    def _hear(self, event: SfuEvent) -> None:
        self.observations.note_media(event)
        outputs = self._switchboard.handle_media(event, self._clock.now_s())
        self._wakened.set()
        if outputs:
            self._spawn(self._perform(outputs))

    async def _perform(self, outputs: Iterable[Output]) -> None:
        for output in outputs:
            try:
                await self._perform_one(output)
            except Unavailable as refusal:
                # The scheduler is closing; its next start finds out by itself who is there.
                _log.info("not carried out: %s", refusal)
            except Exception:
                self.observations.failed_outputs[type(output).__name__] += 1
                _log.exception("could not carry out %r", output)

    async def _perform_one(self, output: Output) -> None:
        match output:
            case Tell(line, notice):
                line.tell(notice)
            case Route(slot, source):
                await self.media.route(slot, source)
            case Submit(command):
                self.scheduler.post(command).add_done_callback(_note_refusal)
            case ClosePeer(peer):
                await self.media.remove(peer)
            case Cut(line, cause):
                line.cut(cause)

    async def _watch_time(self) -> None:
        while True:
            now_s = self._clock.now_s()
            await self._perform(self._switchboard.handle_timeout(now_s))
            deadline_s = self._switchboard.deadline()
            idle_s = None if deadline_s is None else max(0.0, deadline_s - now_s)
            self._wakened.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(idle_s):
                    await self._wakened.wait()

    async def _watch_places(self) -> None:
        while True:
            await asyncio.sleep(_REFRESH_S)
            for number, participant in enumerate(list(self.participants)):
                await self._perform(self._teller.place(participant))
                if number % _SLICE == 0:
                    await asyncio.sleep(0)

    async def _watch_decisions(self) -> None:
        while self._decisions is not None:
            try:
                async for decision in self._decisions:
                    self._observe(decision)
            except CutOff as cut:
                _log.warning("the totals miss decisions: %s", cut)
                self._decisions = self.scheduler.subscribe(_MAX_UNREAD_DECISIONS)
            else:
                return

    def _catch_up(self) -> None:
        for decision in self._decisions.take_pending() if self._decisions is not None else ():
            self._observe(decision)

    def _observe(self, decision: Decision) -> None:
        for event in decision.events:
            self.ledger.observe(event, decision.seq)
            for seat in seats_of(event):
                self._changed_seats[seat] = event.reason if isinstance(event, _EXPLAINED) else ""
        if self._changed_seats and not self._showing_seats:
            self._showing_seats = True
            self._spawn(self._show_seats())

    async def _show_seats(self) -> None:
        """Once for everything that has happened to a seat in this turn of the loop."""
        changed, self._changed_seats, self._showing_seats = self._changed_seats, {}, False
        await self._perform(self._teller.seats(changed))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def is_full(stats: SfuStats) -> bool:
    """Whether no media worker takes new peers: a call that is queued now would come to bad pictures."""
    states = {row.state for row in stats.workers}
    return "full" in states and not states & {"running", "draining"}


def _note_refusal(answer: "asyncio.Future[tuple[events.AnyEvent, ...]]") -> None:
    """The scheduler had decided otherwise meanwhile, as it may."""
    error = None if answer.cancelled() else answer.exception()
    if isinstance(error, Refusal):
        _log.debug("the scheduler refused: %s", error)
    elif error is not None:
        _log.error("a command failed", exc_info=error)
