"""A caseworker points at the citizen's screen share: over data channels, through a real relay, from page to page."""

import pytest

from relay import Role
from tests.browser.test_real_call import PATIENCE_S, ask_for_help, page_of, playing
from tests.support.browser import chromium, until
from tests.support.running_relay import running_relay

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

MARK = "document.querySelector('[data-own=screen] .pointer-mark')"


async def test_the_caseworkers_pointer_shows_on_the_citizens_screen_share() -> None:
    async with (
        running_relay() as running,
        chromium(cameras=1) as booth,
        chromium(cameras=1) as office,
        page_of(booth, running, "kiosk", running.token("kiosk-1", Role.KIOSK)) as kiosk,
        page_of(office, running, "seat", running.token("seat-4", Role.SEAT)) as seat,
    ):
        await seat.click("#go-ready")
        await ask_for_help(kiosk)
        await seat.click("#accept", timeout=PATIENCE_S * 1000)
        await kiosk.click("[data-source=screen]")
        await until(seat, playing("screen"), PATIENCE_S)
        await until(seat, "document.querySelector('[data-slot=screen]').classList.contains('is-main')", PATIENCE_S)
        box = await seat.locator("[data-slot=screen] video").bounding_box()
        assert box is not None

        await seat.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        await until(kiosk, f"{MARK} && !{MARK}.hidden", PATIENCE_S)
        await until(kiosk, f"Math.abs(parseFloat({MARK}.style.left) - 50) < 2", PATIENCE_S)
        assert await kiosk.text_content("#announcer")

        await seat.mouse.move(2, 2)
        await until(kiosk, f"{MARK}.hidden", PATIENCE_S)

        heard = "window.heard ??= []; window.relay.addEventListener('message', ({detail}) => window.heard.push(detail))"
        await kiosk.evaluate(heard)
        strokes = "for (let stroke = 0; stroke < 100; stroke++) window.relay.say('annotation', String(stroke))"
        await seat.evaluate(strokes)
        await until(kiosk, "window.heard.filter(({label}) => label === 'annotation').length === 100", PATIENCE_S)
        told = await kiosk.evaluate("window.heard.filter(({label}) => label === 'annotation').map(({data}) => data)")
        assert told == [str(stroke) for stroke in range(100)]

        await seat.click("#hold")
        await until(kiosk, "window.relay.call.state === 'held'", PATIENCE_S)
        await seat.evaluate("window.relay.media.channels.send('annotation', 'on hold')")
        await seat.click("#hold")
        await until(kiosk, "window.relay.call.state === 'connected'", PATIENCE_S)
        await seat.evaluate("window.relay.say('annotation', 'again')")
        await until(kiosk, "window.heard.at(-1).data === 'again'", PATIENCE_S)
        assert not await kiosk.evaluate("window.heard.some(({data}) => data === 'on hold')")
