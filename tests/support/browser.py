"""Debian's Chromium for tests, by Playwright, with fake devices fed from real clips. Nothing is ever downloaded."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright
from playwright.async_api import Error as PlaywrightError

EXECUTABLE = Path("/usr/bin/chromium")
INSTALLED = EXECUTABLE.exists()
NETWORK_CHANGED = "ERR_NETWORK_CHANGED"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--auto-accept-this-tab-capture",
    "--auto-select-desktop-capture-source=Entire screen",
)


@asynccontextmanager
async def chromium(
    *,
    cameras: int = 1,
    frames_per_s: int = 20,
    camera_file: Path | None = None,
    sound_file: Path | None = None,
    grant_all: bool = True,
) -> AsyncIterator[Browser]:
    """A browser with a profile of its own. The test is skipped where Chromium is not installed.

    `cameras` fake cameras show Chromium's test picture, or the clip `camera_file` (`.y4m` or `.mjpeg`), in a loop; the
    microphone gives a beep each second, or `sound_file` (`.wav`). Every wish for a device is granted, or with
    `grant_all=False` only what the context has permission for.
    """
    if not INSTALLED:
        pytest.skip(f"{EXECUTABLE} is not installed (Debian: apt install chromium)")
    flags = [*FLAGS, f"--use-fake-device-for-media-stream=device-count={cameras},fps={frames_per_s}"]
    if grant_all:
        flags.append("--use-fake-ui-for-media-stream")
    if camera_file:
        flags.append(f"--use-file-for-fake-video-capture={camera_file}")
    if sound_file:
        flags.append(f"--use-file-for-fake-audio-capture={sound_file}")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=EXECUTABLE, headless=True, args=flags)
        try:
            yield browser
        finally:
            await browser.close()


async def load(page: Page, url: str, attempts: int = 3) -> None:
    """Open a page with all it needs. Chromium aborts what it is loading when an interface of the machine comes or goes
    (`ERR_NETWORK_CHANGED`), be it one that carries none of it; then once more.
    """
    aborted: list[str] = []
    page.on("requestfailed", lambda request: aborted.append(request.failure or ""))
    for _ in range(attempts):
        aborted.clear()
        try:
            await (page.reload() if page.url == url else page.goto(url))
        except PlaywrightError as error:
            if NETWORK_CHANGED not in error.message:
                raise
        else:
            if not any(NETWORK_CHANGED in reason for reason in aborted):
                return
    raise AssertionError(f"the network of this machine changed {attempts} times while {url} was loading")


async def until(page: Page, condition: str, patience_s: float = 8.0) -> None:
    """Wait until a JavaScript expression (or its promise) is true. Playwright's own way needs `eval`, which pages forbid."""
    async with asyncio.timeout(patience_s):
        while not await page.evaluate(condition):
            await asyncio.sleep(0.05)
