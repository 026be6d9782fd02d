"""What goes wrong in a call and must come back by itself, with real pages and a real relay."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial

import pytest
from playwright.async_api import Browser, Page, WebSocketRoute

from relay import Role, Settings, SfuSettings
from relay.sfu.shell.pool import SfuPool
from tests.support.browser import load, until
from tests.support.running_relay import ON_ANY_MACHINE, RunningRelay, running_relay, settings_for_tests

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
PATIENCE_S = 20.0
PICTURES = "document.querySelector('[data-slot=camera] video').getVideoPlaybackQuality().totalVideoFrames"


@dataclass(frozen=True)
class Call:
    kiosk: Page
    seat: Page
    lines: tuple[list[WebSocketRoute], list[WebSocketRoute]]
    """The signalling connections of each page, the present one last."""
    running: RunningRelay

    async def flows(self) -> None:
        """Return once both sides have seen new pictures from now on."""
        for page in (self.kiosk, self.seat):
            seen = await page.evaluate(PICTURES)
            # A player that was fed anew counts from the beginning.
            await until(page, f"{PICTURES} > {seen} + 2 || ({PICTURES} < {seen} && {PICTURES} > 2)", PATIENCE_S)


def _relayed(lines: list[WebSocketRoute], line: WebSocketRoute) -> None:
    line.connect_to_server()
    lines.append(line)


@asynccontextmanager
async def call(browser: Browser, settings: Settings | None = None) -> AsyncIterator[Call]:
    """A kiosk and a seat that see each other; nothing may go wrong unseen in either page."""
    errors: list[str] = []
    async with running_relay(settings) as running:
        pages = []
        lines: dict[str, list[WebSocketRoute]] = {"kiosk": [], "seat": []}
        for path, token in (
            ("kiosk", running.token("kiosk-1", Role.KIOSK)),
            ("seat", running.token("seat-1", Role.SEAT)),
        ):
            context = await browser.new_context(permissions=["camera", "microphone"], reduced_motion="reduce")
            page = await context.new_page()
            page.on("pageerror", lambda error: errors.append(str(error)))
            await page.route_web_socket("**/signal", partial(_relayed, lines[path]))
            await load(page, f"{running.url}/{path}#token={token}")
            pages.append(page)
        kiosk, seat = pages
        await seat.click("#go-ready")
        await kiosk.click("#groups button")
        await kiosk.click("#items button")
        await kiosk.click("#call")
        await seat.click("#accept", timeout=PATIENCE_S * 1000)
        established = Call(kiosk, seat, (lines["kiosk"], lines["seat"]), running)
        await established.flows()
        yield established
        for page in pages:
            await page.context.close()
    assert errors == []


async def test_either_page_may_be_reloaded_in_a_call(browser: Browser) -> None:
    async with call(browser) as established:
        for page in (established.kiosk, established.seat):
            await page.reload(wait_until="domcontentloaded")
            await established.flows()
        await established.seat.keyboard.press("Shift+E")
        await established.kiosk.wait_for_selector("#ended-title", state="visible")


async def test_a_new_path_or_a_new_connection_brings_the_pictures_back(browser: Browser) -> None:
    async with call(browser) as established:
        for page in (established.kiosk, established.seat):
            await page.evaluate("window.relay.media.restart()")
            await established.flows()
            await page.evaluate("window.relay.media.open()")
            await established.flows()


async def test_a_lost_signalling_line_leaves_the_pictures_alone(browser: Browser) -> None:
    async with call(browser) as established:
        for page, lines in zip((established.kiosk, established.seat), established.lines, strict=True):
            assert not await page.evaluate("window.relay.welcome.resumed")
            await lines[-1].close(code=1001)
            await until(page, "window.relay.signalling.state === 'online' && window.relay.welcome.resumed", PATIENCE_S)
            await established.flows()
            assert await page.evaluate("[window.relay.call.state, window.relay.media.state]") == [
                "connected",
                "connected",
            ]


async def test_the_pictures_come_back_when_media_workers_are_killed(browser: Browser) -> None:
    settings = replace(settings_for_tests(), sfu=SfuSettings(host="127.0.0.1", workers=2, **ON_ANY_MACHINE))
    async with call(browser, settings) as established:
        pool = established.running.relay._exchange.media
        assert isinstance(pool, SfuPool)
        assert [row.peers for row in pool.stats().workers] == [1, 1]
        for worker in (0, 1):
            os.kill(pool.pid_of(worker), signal.SIGKILL)
            for page in (established.kiosk, established.seat):
                await until(page, "window.relay.media.state === 'connected'", PATIENCE_S)
            await established.flows()
        assert await established.kiosk.evaluate("window.relay.call.state") == "connected"
        assert sum(row.lost for row in pool.stats().workers) == 2
