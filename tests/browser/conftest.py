"""One browser for all page tests; each test has a context of its own, and fails on anything the browser complains about."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from relay.server.pages import WEB
from tests.support.browser import NETWORK_CHANGED, chromium, load
from tests.support.page_server import PATIENCE_S, PageServer

OpenPage = Callable[..., Awaitable[Page]]
COMPLAINTS = {"error", "warning"}
"""Lines of the console that fail a test; a violation of the content security policy is an error too."""

expect.set_options(timeout=PATIENCE_S * 1000)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Two cameras, so that one of them is the document camera; few frames, for every pixel is painted without a GPU."""
    # The threads of the session's loop begin here: those that one test starts are looked for when it ends.
    await asyncio.to_thread(int)
    async with chromium(cameras=2, frames_per_s=5) as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: Browser) -> AsyncIterator[OpenPage]:
    """Open a page of a `PageServer`, logged in: `await open_page(server, "kiosk.html")`."""
    complaints: list[str] = []
    contexts = []

    async def open_(
        server: PageServer,
        path: str,
        *,
        locale: str = "zh-CN",
        token: str = "token",
        viewport: tuple[int, int] = (1280, 800),
        using: Browser | None = None,
        permissions: tuple[str, ...] = ("camera", "microphone"),
        frozen_clock: bool = False,
        forgiving: bool = False,
    ) -> Page:
        width, height = viewport
        context = await (using or browser).new_context(
            viewport={"width": width, "height": height},
            locale=locale,
            permissions=[*permissions],
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_S * 1000)

        def note(text: str) -> None:
            # When the server is gone, the page rightly complains that nobody answers.
            if server.is_open and not forgiving and NETWORK_CHANGED not in text:
                complaints.append(f"{path}: {text}")

        page.on("pageerror", lambda error: note(str(error)))
        page.on("console", lambda line: note(line.text) if line.type in COMPLAINTS else None)
        if frozen_clock:
            await page.clock.install()
        await load(page, f"{server.url}{path}{f'#token={token}' if token else ''}")
        return page

    yield open_
    for context in contexts:
        await context.close()
    assert complaints == []


@pytest.fixture
def web_text() -> dict[str, str]:
    """Every page and script by its path."""
    return {
        str(file.relative_to(WEB)): file.read_text("utf-8")
        for file in WEB.rglob("*")
        if file.suffix in {".js", ".html"}
    }
