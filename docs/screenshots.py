"""Takes the pictures of the README from a real call: `.venv/bin/python docs/screenshots.py` (Chromium, extra `test`)."""

import asyncio
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Browser, Page

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
sys.path.insert(0, str(ROOT))

from relay import Role  # noqa: E402  the laboratory is beside the package, not in it
from tests.support.browser import chromium, load, until  # noqa: E402
from tests.support.films import film_y4m  # noqa: E402
from tests.support.running_relay import RunningRelay, running_relay  # noqa: E402

SETTLED_S = 8
"""A call's picture needs a moment to reach its full size."""


async def opened(browser: Browser, running: RunningRelay, page: str, token: str, size: tuple[int, int]) -> Page:
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]}, locale="zh-CN", permissions=["camera", "microphone"]
    )
    tab = await context.new_page()
    await load(tab, f"{running.url}/{page}#token={token}")
    return tab


async def shoot(page: Page, name: str) -> None:
    await page.bring_to_front()
    await page.screenshot(path=IMAGES / f"{name}.png")


async def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        citizen = film_y4m("carphone_pristine.mp4", Path(folder, "citizen.y4m"), frames=75)
        caseworker = film_y4m("bigbuckbunny.mp4", Path(folder, "caseworker.y4m"), frames=75)
        async with (
            running_relay() as running,
            chromium(cameras=1, camera_file=citizen) as booth,
            chromium(cameras=1, camera_file=caseworker) as office,
        ):
            await call(running, booth, office)


async def call(running: RunningRelay, booth: Browser, office: Browser) -> None:
    board = await opened(office, running, "wallboard", running.token("wall", Role.SUPERVISOR), (1920, 1080))
    seat = await opened(office, running, "seat", running.token("seat-4", Role.SEAT), (1440, 900))
    kiosk = await opened(booth, running, "kiosk", running.token("kiosk-1", Role.KIOSK), (1280, 800))
    await kiosk.click("#groups button")
    await shoot(kiosk, "kiosk-choose")
    await kiosk.click("#items button")
    await kiosk.click("#confirm button[type=submit]")
    await kiosk.wait_for_selector("[data-view=waiting]", state="visible")
    await shoot(kiosk, "kiosk-wait")
    await seat.bring_to_front()
    await seat.click("#go-ready")
    await seat.wait_for_selector("#accept", state="visible")
    await shoot(seat, "seat-offer")
    await seat.click("#accept")
    await until(seat, "document.querySelector('[data-slot=camera] video').videoWidth > 0", 20)
    await asyncio.sleep(SETTLED_S)
    await shoot(seat, "seat-talk")
    await shoot(kiosk, "kiosk-talk")
    await board.bring_to_front()
    await asyncio.sleep(2)
    await shoot(board, "wallboard")


if __name__ == "__main__":
    asyncio.run(main())
