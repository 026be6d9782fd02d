import pytest
from playwright.async_api import expect

from relay.server.messages import CallRow, CloseCode, Failed, QueueRow, SeatRow, Wallboard, Watch
from tests.browser.conftest import OpenPage
from tests.support.page_server import ITEMS, page_server

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

OVERFLOW = "document.documentElement.scrollHeight > innerHeight || document.documentElement.scrollWidth > innerWidth"


def wallboard(at_ms: int = 0, waiting: int = 4, queues: int = 12, seats: int = 60, calls: int = 25) -> Wallboard:
    """More of everything than fits on the wall."""
    return Wallboard(
        at_ms=at_ms,
        waiting=waiting,
        in_call=calls,
        seats={"ready": 3, "in-call": calls, "offline": 4},
        answered_today=412,
        abandoned_today=17,
        service_level=0.93,
        longest_wait_s=184,
        residence_p99_ms=0.42,
        queues=[
            QueueRow(
                group=f"g{n}",
                name_zh=f"部门{n}",
                name_en=f"Department {n}",
                waiting=n,
                oldest_wait_s=10.0 * n,
                service_level=0.99 - 0.04 * n,
            )
            for n in range(queues)
        ],
        seat_rows=[
            SeatRow(seat=f"s{n}", name=f"坐席{n}", region="330203", state="ready" if n % 2 else "in-call", since_s=n)
            for n in range(seats)
        ],
        calls=[
            CallRow(
                call=f"c{n}",
                item=ITEMS[0].code,
                kiosk=f"晓屋{n}",
                seat=f"坐席{n}",
                state="connected",
                elapsed_s=60 + n,
                rtt_ms=20.0 + 5 * n,
                jitter_ms=3,
                loss=0.2 if n == 7 else 0.001,
                bitrate_bps=1.4e6,
            )
            for n in range(calls)
        ],
    )


@pytest.mark.parametrize(
    ("locale", "viewport"), [("zh-CN", (1920, 1080)), ("en-GB", (1920, 1080)), ("zh-CN", (3840, 2160))]
)
async def test_a_full_house_fits_on_the_wall(open_page: OpenPage, locale: str, viewport: tuple[int, int]) -> None:
    async with page_server("supervisor", "宁波市远程帮办中心") as server:
        page = await open_page(server, "wallboard.html", locale=locale, viewport=viewport)
        await server.expect(Watch)
        await server.say(wallboard())
        await expect(page.locator("#answered")).to_have_text("412")
        assert not await page.evaluate(OVERFLOW)
        overflowing = """[...document.querySelectorAll('.figure, .board, td, .legend li')]
            .filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.textContent)"""
        assert await page.evaluate(overflowing) == []


async def test_what_needs_help_comes_first_and_the_rest_in_turn(open_page: OpenPage) -> None:
    async with page_server("supervisor") as server:
        page = await open_page(server, "wallboard.html", frozen_clock=True)
        await server.expect(Watch)
        await server.say(wallboard())
        await expect(page.locator("#queues tr").first).to_contain_text("部门11")
        await expect(page.locator("#calls tr").first).to_contain_text("晓屋7")
        await expect(page.locator("#calls tr").first).to_contain_text("较差")
        first = await page.locator("#queues").inner_text()
        await page.clock.fast_forward(10_500)
        await expect(page.locator("#queues-page")).to_contain_text("2 /")
        assert await page.locator("#queues").inner_text() != first


async def test_the_line_of_waiting_people_grows_with_time(open_page: OpenPage) -> None:
    async with page_server("supervisor") as server:
        page = await open_page(server, "wallboard.html")
        await server.expect(Watch)
        for second in range(0, 30, 5):
            await server.say(wallboard(at_ms=second * 1000, waiting=second))
        await expect(page.locator("#waiting")).to_have_text("25")
        points = await page.locator(".spark-line").get_attribute("points")
        assert points is not None
        heights = [float(point.split(",")[1]) for point in points.split()]
        assert heights == sorted(heights, reverse=True)
        assert len(heights) == 6


async def test_a_board_without_news_says_that_it_is_not_live(open_page: OpenPage) -> None:
    async with page_server("supervisor") as server:
        page = await open_page(server, "wallboard.html", frozen_clock=True)
        await server.expect(Watch)
        await server.say(wallboard())
        await expect(page.locator("#live")).to_contain_text("实时")
        await page.clock.fast_forward(6000)
        await expect(page.locator("#live")).to_contain_text("数据已停止更新")
        await server.cut()
        await page.clock.fast_forward(2000)
        await server.expect(Watch)
        await server.say(wallboard())
        await expect(page.locator("#live")).to_contain_text("实时")


async def test_who_may_not_watch_is_told(open_page: OpenPage) -> None:
    async with page_server("supervisor") as server:
        server.refuse[Watch] = Failed(problem="forbidden", title="no", status=403)
        page = await open_page(server, "wallboard.html")
        await expect(page.get_by_text("需要督导权限")).to_be_visible()
        await server.cut(CloseCode.UNAUTHORISED)
        await expect(page.get_by_text("令牌无效或已过期")).to_be_visible()
