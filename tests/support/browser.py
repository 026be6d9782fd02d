"""Debian's Chromium for tests, by Playwright, with fake devices fed from real clips. Nothing is ever downloaded."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

EXECUTABLE = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--auto-accept-this-tab-capture",
    "--auto-select-desktop-capture-source=Entire screen",
)


@asynccontextmanager
async def chromium(
    *, cameras: int = 1, camera_file: Path | None = None, sound_file: Path | None = None
) -> AsyncIterator[Browser]:
    """A browser with a profile of its own. The test is skipped where Chromium is not installed.

    `cameras` fake cameras show Chromium's test picture, or the clip `camera_file` (`.y4m` or `.mjpeg`), in a loop; the
    microphone gives a beep each second, or `sound_file` (`.wav`).
    """
    if not EXECUTABLE.exists():
        pytest.skip(f"{EXECUTABLE} is not installed (Debian: apt install chromium)")
    flags = [*FLAGS, f"--use-fake-device-for-media-stream=device-count={cameras}"]
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
