"""The main job, whole: Chromium pages and aiortc clients through a real relay, media and all."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import Browser, Page

from relay import Role
from relay.client.clip import ClipTrack
from relay.client.webrtc import Participant, VideoCodec
from relay.server import messages
from relay.service.call_quality import CallQuality, PartyQuality
from tests.support.browser import chromium, load, until
from tests.support.clips import sound, video
from tests.support.films import film_y4m
from tests.support.running_relay import RunningRelay, running_relay
from tests.support.running_relay import until as message

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
PATIENCE_S = 30.0
ITEM = "housing.title.transfer"


@asynccontextmanager
async def page_of(
    browser: Browser, running: RunningRelay, page: str, token: str, query: str = ""
) -> AsyncIterator[Page]:
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, permissions=["camera", "microphone"])
    await context.add_init_script(KEEP_CONNECTION)
    opened = await context.new_page()
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    await load(opened, f"{running.url}/{page}{query}#token={token}")
    yield opened
    await context.close()
    assert complaints == []


async def ask_for_help(kiosk: Page) -> None:
    await kiosk.click("#groups button")
    await kiosk.click("#items button")
    await kiosk.click("#confirm button[type=submit]")


def playing(slot: str) -> str:
    return f"document.querySelector('[data-slot={slot}] video').videoWidth > 0"


KEEP_CONNECTION = """
const Original = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Original {
  constructor(...options) { super(...options); window.connection = this; }
};"""
OUTGOING_BPS = """async () => {
  const pairs = [...(await window.connection.getStats()).values()].filter(({availableOutgoingBitrate}) => availableOutgoingBitrate);
  return Math.max(0, ...pairs.map(({availableOutgoingBitrate}) => availableOutgoingBitrate));
}"""
WELL_ABOVE_START_BPS = 600_000
"""Chromium's estimate starts at 300 kbit/s, and falls without feedback that it accepts."""

PICTURE = """slot => {
  const video = document.querySelector(`[data-slot=${slot}] video`);
  const canvas = new OffscreenCanvas(32, 24);
  const context = canvas.getContext('2d', {willReadFrequently: true});
  context.drawImage(video, 0, 0, 32, 24);
  return [...context.getImageData(0, 0, 32, 24).data];
}"""


async def moves(page: Page, slot: str) -> None:
    """Return once the decoded picture has changed, in more than noise."""
    first = await page.evaluate(PICTURE, slot)
    async with asyncio.timeout(PATIENCE_S):
        while True:
            now = await page.evaluate(PICTURE, slot)
            if sum(abs(a - b) > 16 for a, b in zip(first, now, strict=True)) > 50:
                return
            await asyncio.sleep(0.05)


async def hears(page: Page) -> None:
    await until(page, "(window.relay.quality?.slots.microphone?.audio_energy ?? 0) > 0", PATIENCE_S)


async def heard_by_both(running: RunningRelay, call: str) -> dict[str, PartyQuality]:
    """The record of the call, once both ways have been measured from mouth to ear."""
    async with asyncio.timeout(PATIENCE_S), running.http() as http:
        while True:
            answer = await http.get(f"/api/calls/{call}/quality")
            parties = msgspec.json.decode(answer.content, type=CallQuality).parties if answer.is_success else ()
            if len([party for party in parties if party.latency_max_ms]) == 2:
                return {party.desk: party for party in parties}
            await asyncio.sleep(0.1)


@pytest.fixture(scope="module")
def face(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A person talking, for the fake camera."""
    return film_y4m("carphone_pristine.mp4", tmp_path_factory.mktemp("film") / "face.y4m")


async def test_a_citizen_and_a_caseworker_see_and_hear_each_other(
    face: Path, record_property: Callable[[str, object], None]
) -> None:
    async with (
        running_relay() as running,
        chromium(cameras=1, camera_file=face) as booth,
        chromium(cameras=1) as office,
        page_of(booth, running, "kiosk", running.token("kiosk-1", Role.KIOSK)) as kiosk,
        page_of(office, running, "seat", running.token("seat-4", Role.SEAT)) as seat,
    ):
        await seat.click("#go-ready")
        await ask_for_help(kiosk)
        await seat.click("#accept", timeout=PATIENCE_S * 1000)
        for page in (kiosk, seat):
            await until(page, playing("camera"), PATIENCE_S)
            await moves(page, "camera")
            await hears(page)
        await until(seat, "window.relay.firstFrames.camera > 0", PATIENCE_S)
        record_property("pick_up_to_first_frame_ms", await seat.evaluate("window.relay.firstFrames.camera"))

        await until(kiosk, f"({OUTGOING_BPS})().then((bps) => bps > {WELL_ABOVE_START_BPS})", PATIENCE_S)

        call = await seat.evaluate("window.relay.call.call")
        parties = await heard_by_both(running, call)
        assert {(size.slot, size.width > 0) for size in parties["seat"].sizes} >= {("camera", True)}
        assert parties["seat"].score_least is not None

        await kiosk.click("[data-source=screen]")
        await until(seat, playing("screen"), PATIENCE_S)
        await kiosk.click("#hang-up")
        await kiosk.click("#question [value=yes]")
        await seat.wait_for_selector("#wrapup", state="visible", timeout=PATIENCE_S * 1000)


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_an_aiortc_kiosk_is_seen_on_a_seat_page(codec: VideoCodec) -> None:
    sources = {"microphone": ClipTrack(sound()), "camera": ClipTrack(video(codec)), "screen": ClipTrack(video(codec))}
    async with (
        running_relay() as running,
        chromium(cameras=1) as office,
        page_of(office, running, "seat", running.token("seat-4", Role.SEAT)) as seat,
        running.client("kiosk-1", Role.KIOSK) as signalling,
        Participant(sources, ["microphone", "camera"], video_codec=codec) as kiosk,
    ):
        await kiosk.join(signalling)
        await seat.click("#go-ready")
        state = await signalling.request(messages.RequestCall(item=ITEM, idempotency_key="k"), messages.CallState)
        await seat.click("#accept", timeout=PATIENCE_S * 1000)
        await message(signalling, messages.CallState, call=state.call, state="connected")
        for source in ("microphone", "camera", "screen"):
            await signalling.request(messages.SetSource(source=source, active=True))
        for slot in ("camera", "screen"):
            await until(seat, playing(slot), PATIENCE_S)
            await moves(seat, slot)
        await hears(seat)
        await seen(kiosk, "camera")


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_a_kiosk_page_is_seen_by_an_aiortc_seat(codec: VideoCodec, face: Path) -> None:
    sources = {"microphone": ClipTrack(sound()), "camera": ClipTrack(video(codec))}
    async with (
        running_relay() as running,
        chromium(cameras=1, camera_file=face) as booth,
        page_of(booth, running, "kiosk", running.token("kiosk-1", Role.KIOSK), f"?codec={codec.lower()}") as kiosk,
        running.client("seat-4", Role.SEAT) as signalling,
        Participant(sources, ["microphone", "camera"], video_codec=codec) as seat,
    ):
        await seat.join(signalling)
        await signalling.request(messages.SetPresence(state="ready"))
        await ask_for_help(kiosk)
        offer = await message(signalling, messages.OfferMade)
        await signalling.request(messages.AcceptOffer(offer=offer.offer))
        for source in ("microphone", "camera"):
            await signalling.request(messages.SetSource(source=source, active=True))
        await seen(seat, "camera")
        await seen(seat, "microphone")
        await until(kiosk, playing("camera"), PATIENCE_S)
        await moves(kiosk, "camera")


async def seen(participant: Participant, slot: messages.Source, frames: int = 10) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while participant.received[slot].frames < frames:
            await asyncio.sleep(0.05)
