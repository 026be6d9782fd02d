"""Booths and seats as bots: what a citizen and a caseworker do, through the public signalling and nothing else."""

import asyncio
import secrets
from contextlib import suppress
from dataclasses import dataclass, field

from loadtest.bots.shell.bot import Bot
from loadtest.bots.shell.crew import Crew
from loadtest.drive.server import RelayServer
from loadtest.engine.readings import Reception
from loadtest.measure.tally import Tally
from loadtest.scenario import Party, PlannedCall, Scenario
from relay.client import Disconnected, SignallingClient
from relay.errors import RelayError, Unavailable
from relay.server.messages import (
    AcceptOffer,
    Answer,
    CallState,
    FinishWrapUp,
    HangUp,
    OfferMade,
    RequestCall,
    SeatState,
    SetPresence,
    SetSource,
)


@dataclass(slots=True)
class Stage:
    """What all participants of a run share."""

    server: RelayServer
    crew: Crew
    tally: Tally
    scenario: Scenario
    items: list[str]
    regions: list[str]
    media: bool = True
    """False: signalling alone, for measuring the scheduler; the relay must not require media."""
    accepted_ns: dict[str, int] = field(default_factory=dict)
    """Call → when its caseworker clicked, CLOCK_REALTIME."""
    talking: int = 0
    receptions: list[Reception] = field(default_factory=list)
    """Of streams whose bots are gone."""

    def now_ns(self) -> int:
        """CLOCK_REALTIME."""
        return self.crew.clock.wall_ns()


class Participant:
    """One identity with its line (signalling) and its peer (media)."""

    def __init__(self, stage: Stage, name: str, party: Party, slots: Party) -> None:
        self.stage = stage
        self.name = name
        self.bot: Bot | None = None
        self.line: SignallingClient | None = None
        self._party = party
        self._receives = slots.sources

    async def log_in(self, role: str, region: str) -> None:
        """Signalling, then media; both must stand. Times what it takes."""
        stage = self.stage
        seat = role == "seat"
        skills = sorted({item.split(".")[0] for item in stage.items}) if seat else []
        token = await stage.server.token(self.name, "seat" if seat else "kiosk", region, skills)
        began_s = stage.crew.clock.now_s()
        self.line = await SignallingClient(stage.server.signalling_url, token, request_timeout_s=30.0).__aenter__()
        if stage.media:
            await self._connect_media(self.line)
        stage.tally.time("set_up", (stage.crew.clock.now_s() - began_s) * 1000)
        stage.tally.count("set_ups")

    async def _connect_media(self, line: SignallingClient) -> None:
        self.bot = await self.stage.crew.bot(self._party.network)
        answer = await line.request(self.bot.offer(self._party.sources, self._receives), Answer)
        await self.bot.accept(answer.sdp)
        await self.bot.connected()

    async def leave(self, *, silently: bool = False) -> None:
        """Hang up everything; what was received is kept for the report."""
        bot, self.bot = self.bot, None
        line, self.line = self.line, None
        if bot is not None:
            self.stage.receptions += [bot.reception(slot) for slot in bot.slots]
            await bot.close(silently=silently)
        if line is not None:
            await line.close()

    async def talk(self, on: bool) -> None:
        """Send all sources and look at all slots, or stop both."""
        if self.bot is None or self.line is None:
            return
        for source in self.bot.sources:
            self.bot.play(source, on)
            with suppress(RelayError):
                await self.line.request(SetSource(source=source, active=on))

    def look(self, on: bool) -> None:
        """Measure what comes from now on, or stop."""
        for slot in self.bot.slots if self.bot is not None else ():
            self.bot.expect(slot, on)  # type: ignore[union-attr]

    def note_first_frames(self, call: str, side: str) -> None:
        """From the caseworker's click to the first complete frame of each slot."""
        accepted_ns = self.stage.accepted_ns.get(call)
        if self.bot is None or accepted_ns is None:
            return
        for slot in self.bot.slots:
            reception = self.bot.reception(slot)
            if reception.first_frame_ns:
                elapsed_ms = (reception.first_frame_ns - accepted_ns) / 1e6
                self.stage.tally.time(f"first_frame_{side}_{slot}", elapsed_ms)
                if slot != "microphone":
                    self.stage.tally.time("first_frame", elapsed_ms)


class Seat(Participant):
    """Logs in, becomes ready, answers every offer after a while, and wraps up."""

    ready = False

    async def work(self, region: str) -> None:
        """Until cancelled, or the line breaks."""
        await self.log_in("seat", region)
        if self.line is None:
            return
        await self.line.request(SetPresence(state="ready"))
        self.ready = True
        async for message in self.line:
            match message:
                case OfferMade():
                    await self._answer(message)
                case CallState(state="connected", call=call):
                    await self.talk(True)
                case CallState(state="ended", call=call):
                    self.note_first_frames(call, "seat")
                    self.look(False)
                    await self.talk(False)
                case SeatState(state="wrap-up", call=call):
                    await asyncio.sleep(self.stage.scenario.wrap_up_s.draw(self.stage.crew.chance))
                    with suppress(RelayError):
                        await self.line.request(FinishWrapUp(call=call))
                case SeatState(state="break"):
                    await self.line.request(SetPresence(state="ready"))
                case _:
                    pass

    async def _answer(self, offer: OfferMade) -> None:
        await asyncio.sleep(self.stage.scenario.answer_s.draw(self.stage.crew.chance))
        if self.line is None:
            return
        self.look(True)
        self.stage.accepted_ns[offer.call] = self.stage.now_ns()
        try:
            await self.line.request(AcceptOffer(offer=offer.offer))
        except Disconnected:
            raise
        except RelayError:
            self.stage.tally.count("offers_over")
            del self.stage.accepted_ns[offer.call]


class Kiosk(Participant):
    """A booth: one citizen after another. `current` is the call that was asked for last."""

    current = ""

    async def call(self, planned: PlannedCall) -> None:
        """Ask, wait, talk for the planned time, hang up; whatever goes wrong is counted."""
        stage = self.stage
        if self.line is None:
            raise Unavailable("the booth is not logged in")
        item = planned.type.item or stage.items[stage.crew.chance.randrange(len(stage.items))]
        asked_ns = stage.now_ns()
        self.look(True)
        request = RequestCall(
            item=item,
            kind=planned.type.kind,
            priority=list(planned.type.priority),
            idempotency_key=secrets.token_hex(8),
        )
        call = (await self.line.request(request, CallState)).call
        self.current = call
        stage.tally.count("calls_requested")
        if not await self._until("connected", call):
            return
        connected_ns = stage.now_ns()
        accepted_ns = stage.accepted_ns.get(call, connected_ns)
        stage.tally.count("calls_connected")
        stage.tally.time("wait", (accepted_ns - asked_ns) / 1e6)
        stage.tally.time("pick_up", (connected_ns - accepted_ns) / 1e6)
        await self._converse(call, planned.holding_s)

    async def _converse(self, call: str, holding_s: float) -> None:
        stage = self.stage
        stage.talking += 1
        try:
            await self.talk(True)
            try:
                async with asyncio.timeout(holding_s):
                    await self._until("ended", call)
                stage.tally.count("calls_lost")
            except TimeoutError:
                if self.line is not None:
                    await self.line.request(HangUp(call=call))
                stage.tally.count("calls_completed")
        finally:
            stage.talking -= 1
            self.note_first_frames(call, "kiosk")
            self.look(False)
            await self.talk(False)

    async def drop_current(self) -> None:
        """Back after a power cut: the citizen has gone, so the call that the relay may still keep is given up."""
        if self.current and self.line is not None:
            with suppress(RelayError):
                await self.line.request(HangUp(call=self.current))

    async def _until(self, state: str, call: str) -> bool:
        """Whether the call got there; False: it ended before."""
        while self.line is not None:
            message = await self.line.next_message()
            if isinstance(message, CallState) and message.call == call:
                if message.state == state:
                    return True
                if message.state == "ended":
                    self.stage.tally.count("calls_unanswered")
                    return False
        return False
