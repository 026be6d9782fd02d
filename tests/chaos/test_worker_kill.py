"""kill -9 of a media worker in the middle of calls: its call comes back, the other one never notices, no ticket is lost."""

import asyncio
import dataclasses
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import pytest

from relay import Role, SfuSettings
from relay.client import SignallingClient
from relay.client.clip import ClipTrack
from relay.client.webrtc import Participant
from relay.server import messages
from relay.service.participants import Desk, Who
from relay.sfu.shell.pool import SfuPool
from tests.support.clips import sound, video
from tests.support.running_relay import ON_ANY_MACHINE, RunningRelay, running_relay, settings_for_tests
from tests.support.scenes import request_call

pytestmark = pytest.mark.calls
SLOTS: list[messages.Source] = ["microphone", "camera"]


async def until(condition: Callable[[], bool], timeout_s: float = 30.0) -> None:
    """Return when the condition holds; the time-out only bounds a failing test."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.02)


@dataclass
class Party:
    """A client that begins anew when the relay says that its media is lost, as the pages do."""

    signalling: SignallingClient
    media: Participant
    heard: list[messages.ServerMessage] = field(default_factory=list)
    renewed: int = 0
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    async def follow(self) -> None:
        await self.media.join(self.signalling)
        self.ready.set()
        async for message in self.signalling:
            self.heard.append(message)
            if isinstance(message, messages.MediaLost):
                await self.media.close()
                self.media = participant()
                await self.media.join(self.signalling)
                self.renewed += 1

    @property
    def frames(self) -> int:
        """Of the slot that has had fewest."""
        return min(self.media.received[slot].frames for slot in SLOTS)

    def last(self, kind: type[messages.Reply]) -> messages.Reply | None:
        return next((each for each in reversed(self.heard) if isinstance(each, kind)), None)


def participant() -> Participant:
    return Participant({"microphone": ClipTrack(sound()), "camera": ClipTrack(video("VP8"))}, SLOTS)


@asynccontextmanager
async def party(running: RunningRelay, subject: str, role: Role) -> AsyncIterator[Party]:
    async with running.client(subject, role) as signalling:
        entered = Party(signalling, participant())
        following = asyncio.create_task(entered.follow())
        await entered.ready.wait()
        try:
            yield entered
        finally:
            failed = following.exception() if following.done() else None
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            await entered.media.close()
        assert failed is None


async def talk(kiosk: Party, seat: Party) -> str:
    """Bring the two into a call; its id."""
    await seat.signalling.request(messages.SetPresence(state="ready"))
    call = (await request_call(kiosk.signalling, key=kiosk.signalling.welcome.identity)).call
    await until(lambda: seat.last(messages.OfferMade) is not None)
    offer = seat.last(messages.OfferMade)
    assert isinstance(offer, messages.OfferMade)
    assert offer.call == call
    await seat.signalling.request(messages.AcceptOffer(offer=offer.offer))
    await until(lambda: kiosk.frames > 3 and seat.frames > 3)
    return call


def worker_of(running: RunningRelay, desk: Desk, name: str) -> int | None:
    """The media worker somebody is at."""
    found = running.relay._exchange.participants.find(Who(desk, name))
    pool = running.relay._exchange.media
    assert isinstance(pool, SfuPool)
    return pool.worker_of(found.peer) if found is not None and found.peer is not None else None


async def test_a_call_survives_its_worker() -> None:
    settings = settings_for_tests(media_required=True)
    settings = dataclasses.replace(settings, sfu=SfuSettings(host="127.0.0.1", workers=2, **ON_ANY_MACHINE))
    async with running_relay(settings) as running, AsyncExitStack() as stack:
        pool = running.relay._exchange.media
        assert isinstance(pool, SfuPool)
        # Each worker gets a kiosk and a seat, in turn: two calls, one at each.
        kiosk, other_kiosk, seat, other_seat = [
            await stack.enter_async_context(party(running, subject, role))
            for subject, role in (
                ("kiosk-1", Role.KIOSK),
                ("kiosk-2", Role.KIOSK),
                ("seat-3", Role.SEAT),
                ("seat-4", Role.SEAT),
            )
        ]
        call, other_call = await talk(kiosk, seat), await talk(other_kiosk, other_seat)
        victim = worker_of(running, Desk.KIOSK, "kiosk-1")
        assert victim is not None
        assert worker_of(running, Desk.SEAT, "seat-3") == victim
        assert worker_of(running, Desk.KIOSK, "kiosk-2") == worker_of(running, Desk.SEAT, "seat-4") == 1 - victim
        heard = other_seat.frames
        os.kill(pool.pid_of(victim), signal.SIGKILL)
        await until(lambda: kiosk.renewed == 1 and kiosk.frames > 5 and seat.frames > 5)
        await until(lambda: other_seat.frames > heard + 5)
        assert {call, other_call} <= {view.call for view in running.relay.calls() if view.state == "connected"}
        assert (other_kiosk.renewed, other_seat.renewed) == (0, 0)
        assert all(not isinstance(each, messages.CallState) or each.state != "ended" for each in kiosk.heard)

        # It ends like any other.
        await kiosk.signalling.request(messages.HangUp(call=call))
        await until(
            lambda: isinstance(end := kiosk.last(messages.CallState), messages.CallState) and end.state == "ended"
        )
        assert {view.call for view in running.relay.calls() if view.state == "connected"} == {other_call}
