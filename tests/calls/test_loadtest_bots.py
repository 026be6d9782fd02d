"""The load test's bots are WebRTC peers that relay takes for real: through the SFU, with loss, after a move."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from loadtest.bots.shell.bot import Bot
from loadtest.bots.shell.crew import Crew, CrewMedia
from loadtest.impair import Conditions, Profile
from relay.config import SfuSettings
from relay.errors import Unavailable
from relay.ids import PeerId
from relay.sfu import PathChanged, PeerOffer, SfuEvent, SlotRef, SourceRef
from relay.sfu.shell.node import Sfu
from tests.support.small_media import use_small_clips

pytestmark = pytest.mark.calls


@pytest.fixture(autouse=True)
def small_clips(monkeypatch: pytest.MonkeyPatch) -> None:
    use_small_clips(monkeypatch)


@pytest.fixture
async def sfu() -> AsyncIterator[Sfu]:
    node = Sfu(SfuSettings(host="127.0.0.1"))
    await node.start()
    yield node
    await node.close()


async def until(condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
    """Return when the condition holds; the time-out only bounds a failing test."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.01)


async def join(sfu: Sfu, bot: Bot, name: str, sources: list[str], slots: list[str]) -> None:
    offer = bot.offer(sources, slots)  # type: ignore[arg-type]
    await bot.accept(await sfu.answer(PeerId(name), PeerOffer(offer.sdp, dict(offer.sources), dict(offer.slots))))
    await bot.connected()


@asynccontextmanager
async def talk(
    sfu: Sfu,
    up: Profile | None = None,
    down: Profile | None = None,
    *,
    media: CrewMedia | None = None,
    engines: int = 1,
) -> AsyncIterator[tuple[Crew, Bot, Bot]]:
    """A kiosk that sends sound and camera to a seat."""
    names = ["microphone", "camera"]
    async with Crew(media=media, engines=engines) as crew:
        await crew.prepare(["microphone", "camera"])
        kiosk, seat = await crew.bot(up), await crew.bot(down)
        await asyncio.gather(join(sfu, kiosk, "kiosk", names, []), join(sfu, seat, "seat", [], names))
        for name in names:
            seat.expect(name)  # type: ignore[arg-type]
            await sfu.route(SlotRef(PeerId("seat"), name), SourceRef(PeerId("kiosk"), name))
            kiosk.play(name)  # type: ignore[arg-type]
        yield crew, kiosk, seat


async def test_media_passes_whole_and_is_measured(sfu: Sfu) -> None:
    async with talk(sfu) as (crew, kiosk, seat):
        await until(lambda: seat.reception("camera").frames > 10 and seat.reception("microphone").frames > 20)
        camera, sent, latency = seat.reception("camera"), kiosk.transmission("camera"), crew.latency(["camera"])

    assert camera.first_frame_ns > 0
    assert camera.broken_frames == 0
    assert sent.packets >= camera.packets - camera.duplicates  # probes repeat what was sent
    assert latency.count > 0.9 * (camera.packets - camera.duplicates)
    assert kiosk.setup_ms is not None


async def test_the_relay_asks_for_a_keyframe_and_gets_it(sfu: Sfu) -> None:
    async with talk(sfu) as (_, kiosk, seat):
        await until(lambda: seat.reception("camera").frames > 10)
        await sfu.route(SlotRef(PeerId("seat"), "camera"), None)
        asked = kiosk.transmission("camera").keyframe_requests
        seat.expect("camera")
        await sfu.route(SlotRef(PeerId("seat"), "camera"), SourceRef(PeerId("kiosk"), "camera"))
        await until(lambda: seat.reception("camera").first_frame_ns > 0)
        assert kiosk.transmission("camera").keyframe_requests > asked


async def test_loss_on_the_uplink_is_repaired_by_the_bots_answer(sfu: Sfu) -> None:
    async with talk(sfu, up=Profile(uplink=Conditions(loss=0.2))) as (_, kiosk, seat):
        await until(lambda: kiosk.transmission("camera").retransmitted > 5 and seat.reception("camera").frames > 15)


async def test_loss_on_the_downlink_is_asked_for_again(sfu: Sfu) -> None:
    async with talk(sfu, down=Profile(downlink=Conditions(loss=0.3))) as (_, _kiosk, seat):
        await until(lambda: seat.reception("camera").repaired > 10)
        camera = seat.reception("camera")

    assert camera.repaired / camera.missing > 0.5
    assert camera.nacks >= camera.repaired


async def test_latency_shows_the_emulated_delay(sfu: Sfu) -> None:
    async with talk(sfu, up=Profile(uplink=Conditions(delay_ms=40))) as (crew, _, seat):
        await until(lambda: seat.reception("camera").packets > 20)
        fastest = crew.latency(["camera"]).cdf()[0][0]

    assert fastest >= 40


async def test_a_bot_that_moves_keeps_its_call(sfu: Sfu) -> None:
    moved: list[SfuEvent] = []
    sfu.subscribe(lambda event: moved.append(event) if isinstance(event, PathChanged) else None)
    async with talk(sfu) as (_, kiosk, seat):
        await until(lambda: seat.reception("camera").frames > 5)
        kiosk.move()
        await until(lambda: bool(moved))
        before = seat.reception("camera").frames
        await until(lambda: seat.reception("camera").frames > before + 10)


async def test_nobody_there_is_said(sfu: Sfu) -> None:
    async with Crew() as crew:
        await crew.prepare(["camera"])
        bot = await crew.bot(Profile(uplink=Conditions(loss=1.0)))
        offer = bot.offer(["camera"], [])
        answer = await sfu.answer(PeerId("x"), PeerOffer(offer.sdp, dict(offer.sources), dict(offer.slots)))
        await bot.accept(answer)
        with pytest.raises(Unavailable):
            await bot.connected(timeout_s=0.2)


async def test_relay_tells_the_bots_what_arrived_of_their_packets(sfu: Sfu) -> None:
    async with talk(sfu, up=Profile(uplink=Conditions(loss=0.1))) as (crew, _, seat):
        await until(lambda: seat.reception("camera").frames > 10 and crew.totals()["reported_lost"] > 3)
        totals = crew.totals()
    assert totals["feedback_received"] > 0
    assert totals["reported_received"] > totals["reported_lost"]


@pytest.mark.parametrize(
    "media", [CrewMedia("H264"), CrewMedia(simulcast=True), CrewMedia("H264", simulcast=True)], ids=repr
)
async def test_other_media_pass_whole(sfu: Sfu, media: CrewMedia) -> None:
    """A server that takes no simulcast gets the largest layer."""
    async with talk(sfu, media=media) as (_, _kiosk, seat):
        await until(lambda: seat.reception("camera").frames > 20)
        assert seat.reception("camera").broken_frames == 0


async def test_bots_of_several_engines_meet_and_are_measured_together(sfu: Sfu) -> None:
    async with talk(sfu, engines=2) as (crew, kiosk, seat):
        assert kiosk.engine is not seat.engine
        await until(lambda: seat.reception("camera").frames > 20)
        totals, latency = crew.totals(), crew.latency(["camera"])
    assert totals["packets_sent"] > 20 < totals["packets_received"]
    assert latency.count > 20
