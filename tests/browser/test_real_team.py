"""More than two in a call, in real pages with real media: who sees and hears whom, and who must not."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from relay import Role
from relay.server import messages
from tests.browser.test_real_call import ask_for_help
from tests.support.browser import chromium, load, until
from tests.support.running_relay import RunningRelay, running_relay
from tests.support.running_relay import until as message
from tests.support.scenes import ready_seat

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
PATIENCE_S = 30.0
SHOTS = os.environ.get("RELAY_SCREENSHOTS", "")
"""A folder for pictures of every state, to be looked at by people."""

LOUDNESS = """async (voice) => {
  const audio = document.querySelector(voice);
  if (!audio?.srcObject?.getAudioTracks().length) return 0;
  const context = (window.loudnessContext ??= new AudioContext());
  await context.resume();
  const analyser = new AnalyserNode(context, {fftSize: 2048});
  const source = context.createMediaStreamSource(audio.srcObject);
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let loudest = 0;
  for (const end = performance.now() + 1800; performance.now() < end; ) {
    analyser.getFloatTimeDomainData(samples);
    loudest = Math.max(loudest, ...samples.map(Math.abs));
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  source.disconnect();
  return loudest;
}"""
"""Of what a player is given, over more than a second: the fake microphone beeps once a second."""
AUDIBLE = 0.01
FIRST, SECOND, THIRD = "#voice", "[data-voice='2']", "[data-voice='3']"


async def hears(page: Page, voice: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while await page.evaluate(LOUDNESS, voice) < AUDIBLE:
            pass


async def hears_nothing(page: Page, voice: str) -> None:
    """Twice in a row, for what was on its way when the routes changed."""
    async with asyncio.timeout(PATIENCE_S):
        quiet = 0
        while quiet < 2:
            quiet = quiet + 1 if await page.evaluate(LOUDNESS, voice) < AUDIBLE else 0


async def sees(page: Page, tile: str) -> None:
    await until(page, f'document.querySelector("{tile} video").videoWidth > 0', PATIENCE_S)
    await expect(page.locator(tile)).to_be_visible(timeout=PATIENCE_S * 1000)


async def shoot(page: Page, name: str) -> None:
    if SHOTS:
        await page.bring_to_front()
        keep(name, await page.screenshot())


def keep(name: str, picture: bytes) -> None:
    Path(SHOTS, f"{name}.png").write_bytes(picture)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office() -> AsyncIterator[Browser]:
    async with chromium(cameras=1, frames_per_s=5) as browser:
        yield browser


@asynccontextmanager
async def page_of(
    browser: Browser,
    running: RunningRelay,
    page: str,
    token: str,
    *,
    locale: str = "zh-CN",
    size: tuple[int, int] = (1280, 800),
) -> AsyncIterator[Page]:
    width, height = size
    context = await browser.new_context(
        viewport={"width": width, "height": height}, permissions=["camera", "microphone"], locale=locale
    )
    opened = await context.new_page()
    opened.set_default_timeout(PATIENCE_S * 1000)
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    await load(opened, f"{running.url}/{page}#token={token}")
    yield opened
    await context.close()
    assert complaints == []


@asynccontextmanager
async def conversation(office: Browser, running: RunningRelay) -> AsyncIterator[tuple[Page, Page]]:
    """A kiosk and seat-4 who see and hear each other."""
    async with (
        page_of(office, running, "kiosk", running.token("kiosk-1", Role.KIOSK)) as kiosk,
        page_of(office, running, "seat", running.token("seat-4", Role.SEAT)) as seat,
    ):
        await seat.click("#go-ready")
        await ask_for_help(kiosk)
        await seat.click("#accept")
        for page in (kiosk, seat):
            await sees(page, "[data-slot=camera]")
            await hears(page, FIRST)
        yield kiosk, seat


async def ask_in(seat: Page, action: str, name: str) -> None:
    await seat.click("#team-open")
    await seat.click(f"label:has([name=team-action][value={action}])")
    await seat.locator("#team-list label", has_text=name).click()
    await shoot(seat, f"seat-team-{action}")
    await seat.click("#team-go")


async def test_consult_conference_and_warm_transfer(office: Browser) -> None:
    async with (
        running_relay() as running,
        conversation(office, running) as (kiosk, seat),
        page_of(office, running, "seat", running.token("seat-3", Role.SEAT)) as colleague,
    ):
        await colleague.click("#go-ready")
        await expect(colleague.locator("#go-ready")).to_be_hidden()
        await ask_in(seat, "consult", "陈洁")
        await expect(seat.locator("#inviting")).to_contain_text("陈洁")
        await expect(colleague.locator("#offer")).to_contain_text("同事请您会商")
        await shoot(colleague, "seat-offer-consult")
        await colleague.click("#accept")

        # The citizen hears the caseworker, and not whom the caseworker consults.
        await expect(seat.locator("#members")).to_contain_text("陈洁")
        await hears(seat, SECOND)
        await sees(seat, "[data-party='2']")
        await hears(colleague, SECOND)
        await expect(kiosk.locator("[data-party='2']")).to_be_hidden()
        await hears_nothing(kiosk, SECOND)
        await expect(colleague.locator("#hang-up")).to_be_hidden()
        await shoot(seat, "seat-consult")

        await seat.click("#hold")
        await hears_nothing(kiosk, FIRST)
        await shoot(kiosk, "kiosk-held")

        # Merged, all three see and hear each other.
        await seat.click("#merge")
        for page in (kiosk, seat, colleague):
            await sees(page, "[data-slot=camera]")
            await sees(page, "[data-party='2']")
            await hears(page, FIRST)
            await hears(page, SECOND)
        await expect(kiosk.locator("[data-party='2']")).to_contain_text("陈洁")
        await shoot(seat, "seat-conference")
        await shoot(kiosk, "kiosk-conference")

        # Handed over, the colleague goes on alone with the citizen.
        await seat.click("#hand-over")
        await expect(seat.locator("#wrapup")).to_be_visible()
        await expect(colleague.locator("#hang-up")).to_be_visible()
        await hears(kiosk, FIRST)
        await expect(kiosk.locator("#talk-title")).to_contain_text("陈洁")
        await expect(kiosk.locator("[data-party='2']")).to_be_hidden()
        await hears_nothing(kiosk, SECOND)
        await shoot(seat, "seat-wrapup")


async def test_a_cold_transfer_to_a_seat_and_to_an_item(office: Browser) -> None:
    async with (
        running_relay() as running,
        conversation(office, running) as (kiosk, seat),
        page_of(office, running, "seat", running.token("seat-3", Role.SEAT)) as colleague,
        running.client("seat-1", Role.SEAT) as medical,
    ):
        await colleague.click("#go-ready")
        await ask_in(seat, "transfer", "陈洁")
        await expect(seat.locator("#wrapup")).to_be_visible()
        await colleague.click("#accept")
        await expect(kiosk.locator("#talk-title")).to_contain_text("陈洁")
        await hears(kiosk, FIRST)

        await ready_seat(medical)
        await colleague.click("#team-open")
        await colleague.click("label:has([name=team-action][value=transfer])")
        await colleague.click("label:has([name=team-kind][value=item])")
        await colleague.locator("#team-search").fill("医保参保")
        await colleague.locator("#team-list label").click()
        await colleague.locator("#team-reason").fill("需要医保同事")
        await shoot(colleague, "seat-team-item")
        await colleague.click("#team-go")
        offer = await message(medical, messages.OfferMade)
        assert offer.item == "medical-insurance.enrol"
        await medical.request(messages.AcceptOffer(offer=offer.offer))
        await expect(kiosk.locator("#talk-title")).to_contain_text("王静")
        await expect(colleague.locator("#wrapup")).to_be_visible()


async def test_a_supervisor_listens_then_whispers_then_barges_in(office: Browser) -> None:
    async with (
        running_relay() as running,
        conversation(office, running) as (kiosk, seat),
        page_of(office, running, "wallboard", running.token("boss", Role.SUPERVISOR), size=(1920, 1080)) as board,
    ):
        await board.click(".supervise-open:enabled")
        for place in (1, 2):
            await sees(board, f"#supervise [data-party='{place}']")
            await hears(board, f"#supervise [data-voice='{place}']")
        assert await board.evaluate("window.relay.capture.tracks.size") == 0, "monitoring opens no microphone"
        await expect(kiosk.locator("[data-party]:visible")).to_have_count(0)
        await hears_nothing(kiosk, SECOND)
        await hears_nothing(seat, SECOND)
        await shoot(board, "wallboard-monitor")

        await board.click("label:has([name=supervise-mode][value=whisper])")
        await hears(seat, SECOND)
        await hears_nothing(kiosk, SECOND)
        await hears_nothing(kiosk, THIRD)
        await expect(kiosk.locator("[data-party]:visible")).to_have_count(0)
        await expect(seat.locator("#members")).to_contain_text("督导指导")
        await shoot(seat, "seat-whispered")
        await shoot(board, "wallboard-whisper")

        await board.click("label:has([name=supervise-mode][value=barge])")
        for page in (kiosk, seat):
            await sees(page, "[data-party='2']")
            await hears(page, SECOND)
        await shoot(kiosk, "kiosk-barged")

        await board.click("#supervise-leave")
        await expect(kiosk.locator("[data-party]:visible")).to_have_count(0)
        await hears_nothing(kiosk, SECOND)
        assert await board.evaluate("window.relay.media.state") == "idle"


async def test_a_citizen_is_rung_back_in_the_place_that_was_kept(office: Browser) -> None:
    async with (
        running_relay() as running,
        page_of(office, running, "kiosk", running.token("kiosk-1", Role.KIOSK), size=(1080, 1920)) as kiosk,
        page_of(office, running, "seat", running.token("seat-4", Role.SEAT)) as seat,
    ):
        await ask_for_help(kiosk)
        await shoot(kiosk, "kiosk-waiting-portrait")
        await kiosk.click("#callback")
        await shoot(kiosk, "kiosk-callback-question")
        await kiosk.click("#question [value=yes]")
        await expect(kiosk.locator("#callback-note")).to_contain_text("下一位就是您")
        await expect(kiosk.locator("[data-view=groups]")).to_be_visible()
        assert await kiosk.evaluate("window.relay.capture.tracks.size") == 0, "nobody is filmed meanwhile"
        await shoot(kiosk, "kiosk-callback-pending")
        await seat.click("#go-ready")
        await seat.click("#accept")
        await expect(kiosk.locator("[data-view=callback]")).to_be_visible()
        await shoot(kiosk, "kiosk-callback-ringing")
        await kiosk.click("#callback-answer")
        for page in (kiosk, seat):
            await sees(page, "[data-slot=camera]")
            await hears(page, FIRST)
        await expect(kiosk.locator("#callback-note")).to_be_hidden()
        await shoot(kiosk, "kiosk-talk-portrait")


async def test_a_declined_call_says_why(office: Browser) -> None:
    async with (
        running_relay() as running,
        page_of(office, running, "kiosk", running.token("kiosk-1", Role.KIOSK)) as kiosk,
        page_of(office, running, "seat", running.token("seat-4", Role.SEAT), locale="en-GB") as seat,
        running.http() as http,
    ):
        await seat.click("#go-ready")
        await ask_for_help(kiosk)
        await expect(seat.locator("#offer")).to_contain_text("Haishu")
        await shoot(seat, "seat-offer-en")
        call = await seat.evaluate("window.relay.offer.call")
        await seat.locator("#decline-reason").select_option("conflict-of-interest")
        await seat.click("#decline")
        await expect(seat.locator("#offer")).to_be_hidden()
        decisions = (await http.get(f"/api/calls/{call}/decisions")).json()
        reasons = [
            event["reason"] for each in decisions for event in each["events"] if event["type"] == "OfferDeclined"
        ]
        assert reasons == ["conflict-of-interest"]
