import asyncio

import pytest
from playwright.async_api import Page, expect

from relay.server.messages import (
    CallState,
    CloseCode,
    Failed,
    HangUp,
    Hello,
    ItemInfo,
    Offer,
    RequestCall,
    SetSource,
    Source,
    SourceChanged,
)
from tests.browser.conftest import OpenPage
from tests.support.browser import chromium, until
from tests.support.page_server import ITEMS, PageServer, page_server

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

BOOTH = "海曙区古林镇便民服务中心 1 号屋"
PENSION = ITEMS[0]
SEAT_SENDS: list[Source] = ["microphone", "camera"]


async def place_call(page: Page) -> None:
    await page.get_by_role("button", name="社会保障").click()
    await page.get_by_role("button", name=PENSION.name_zh).click()
    await page.get_by_role("button", name="呼叫工作人员").click()


async def talk(server: PageServer, page: Page) -> None:
    await place_call(page)
    await server.expect(RequestCall)
    await server.say(CallState(call="c1", state="queued", item=PENSION.code, position=1))
    await server.say(CallState(call="c1", state="connected", item=PENSION.code, party="王静", active=SEAT_SENDS))
    await expect(page.get_by_role("heading", name="王静")).to_be_visible()


async def test_the_token_goes_from_the_address_bar_into_hello(open_page: OpenPage) -> None:
    async with page_server("kiosk", BOOTH) as server:
        page = await open_page(server, "kiosk.html", token="secret-1")
        hello = await server.expect(Hello)
        assert hello.token == "secret-1"
        assert hello.session == ""
        assert "secret-1" not in page.url
        await expect(page.get_by_text(BOOTH)).to_be_visible()


async def test_media_is_negotiated_once_with_four_sources_and_slots_for_three_parties(open_page: OpenPage) -> None:
    async with page_server("kiosk") as server:
        page = await open_page(server, "kiosk.html")
        offer = await server.expect(Offer)
        everything = {"microphone", "camera", "document", "screen"}
        assert set(offer.sources.values()) == everything
        others = {"microphone-2", "camera-2", "microphone-3", "camera-3"}
        assert set(offer.slots.values()) == everything | others | {"data"}
        assert not set(offer.sources) & set(offer.slots)
        await talk(server, page)
        await page.get_by_role("button", name="展示材料").click()
        await expect(page.get_by_role("button", name="收起材料")).to_be_visible()
        assert not [message for message in server.sent if isinstance(message, Offer)]


async def test_a_codec_can_be_demanded(open_page: OpenPage) -> None:
    async with page_server("kiosk") as server:
        await open_page(server, "kiosk.html?codec=vp8")
        offer = await server.expect(Offer)
        assert "VP8/90000" in offer.sdp
        assert "H264/90000" not in offer.sdp


async def test_a_call_from_choosing_to_thanks(open_page: OpenPage) -> None:
    async with page_server("kiosk") as server:
        page = await open_page(server, "kiosk.html")
        await page.get_by_role("button", name="社会保障").click()
        await page.get_by_role("button", name=PENSION.name_zh).click()
        await page.get_by_text("请工作人员替我办理").click()
        await page.get_by_text("我已满60岁").click()
        await page.get_by_text("我有预约").click()
        await page.get_by_label("请将预约二维码对准扫码器").fill("signed-token")
        await page.get_by_role("button", name="呼叫工作人员").click()
        wish = await server.expect(RequestCall)
        assert (wish.item, wish.kind, wish.language) == (PENSION.code, "handle", "zh")
        assert (wish.priority, wish.appointment) == (["elderly"], "signed-token")

        await server.say(CallState(call="c1", state="queued", position=3, expected_wait_s=170, waited_s=61))
        await expect(page.locator("#position")).to_contain_text("3")
        await expect(page.locator("#waiting-expected")).to_have_text("约3分钟")
        await expect(page.locator("#waiting-waited")).to_have_text("1:02")
        await server.say(CallState(call="c1", state="queued", position=1, expected_wait_s=20, waited_s=90))
        await expect(page.locator("#position")).to_contain_text("下一位")
        await server.say(CallState(call="c1", state="offered", waited_s=95))
        await expect(page.get_by_role("heading", name="工作人员马上就来")).to_be_visible()

        await server.say(CallState(call="c1", state="connected", party="王静", active=SEAT_SENDS))
        await expect(page.get_by_role("heading", name="王静")).to_be_visible()
        await server.say(CallState(call="c1", state="held", party="王静", active=SEAT_SENDS))
        await expect(page.locator("#stage-notice")).to_contain_text("请稍候")
        await server.say(CallState(call="c1", state="connected", party="王静", active=SEAT_SENDS))
        await expect(page.locator("#stage-notice")).to_be_hidden()

        await page.get_by_role("button", name="结束", exact=True).click()
        await page.get_by_role("button", name="结束通话").click()
        assert (await server.expect(HangUp)).call == "c1"
        await expect(page.get_by_role("heading", name="感谢您的使用")).to_be_visible()
        await page.get_by_role("button", name="再办一件事").click()
        await expect(page.get_by_role("heading", name="您好")).to_be_visible()


async def test_devices_are_open_only_during_a_call(open_page: OpenPage) -> None:
    async with page_server("kiosk") as server:
        page = await open_page(server, "kiosk.html")
        await expect(page.get_by_role("heading", name="您好")).to_be_visible()
        live = "[...window.relay.capture.tracks.keys()].sort()"
        assert await page.evaluate(live) == []
        await talk(server, page)
        assert await page.evaluate(live) == ["camera", "microphone"]
        await server.say(CallState(call="c1", state="ended", reason="hangup"))
        await expect(page.get_by_role("heading", name="感谢您的使用")).to_be_visible()
        assert await page.evaluate(live) == []


async def test_nothing_is_sent_before_a_seat_is_asked(open_page: OpenPage) -> None:
    active = """window.relay.media.statistics().then(({ report }) =>
        [...report.values()].filter(({ type }) => type === 'outbound-rtp').map(({ active }) => active))"""
    async with page_server("kiosk") as server:
        page = await open_page(server, "kiosk.html")
        await place_call(page)
        await server.expect(RequestCall)
        await server.say(CallState(call="c1", state="queued", position=2))
        await expect(page.locator("#position")).to_contain_text("2")
        assert set(await page.evaluate(active)) == {False}
        await server.say(CallState(call="c1", state="offered"))
        await expect(page.get_by_role("heading", name="工作人员马上就来")).to_be_visible()
        await until(page, f"{active}.then((each) => each.every(Boolean))")


async def test_sources_are_switched_and_told(open_page: OpenPage) -> None:
    async with page_server("kiosk") as server:
        page = await open_page(server, "kiosk.html")
        await talk(server, page)
        server.sent.clear()
        for button, source, active in (
            ("静音", "microphone", False),
            ("取消静音", "microphone", True),
            ("关闭摄像头", "camera", False),
            ("打开摄像头", "camera", True),
            ("展示材料", "document", True),
            ("收起材料", "document", False),
            ("共享屏幕", "screen", True),
            ("停止共享", "screen", False),
        ):
            await page.get_by_role("button", name=button, exact=True).click()
            await told(server, source, active)


async def told(server: PageServer, source: str, active: bool) -> None:
    async with asyncio.timeout(5):
        while True:
            change = await server.expect(SetSource)
            if (change.source, change.active) == (source, active):
                return


async def test_what_the_seat_shares_takes_the_stage_until_another_tile_is_picked(open_page: OpenPage) -> None:
    async with page_server("kiosk") as server:
        page = await open_page(server, "kiosk.html")
        await talk(server, page)
        enlarged = page.locator("#stage [aria-pressed=true]")
        await expect(enlarged).to_have_attribute("data-slot", "camera")
        await server.say(SourceChanged(call="c1", source="screen", active=True))
        await expect(enlarged).to_have_attribute("data-slot", "screen")
        await page.get_by_role("button", name="工作人员").click()
        await expect(enlarged).to_have_attribute("data-slot", "camera")
        await server.say(SourceChanged(call="c1", source="screen", active=False))
        await server.say(SourceChanged(call="c1", source="screen", active=True))
        await expect(enlarged).to_have_attribute("data-slot", "screen")


async def test_giving_up_asks_first_and_tells_the_relay(open_page: OpenPage) -> None:
    async with page_server("kiosk") as server:
        page = await open_page(server, "kiosk.html")
        await place_call(page)
        await server.expect(RequestCall)
        await server.say(CallState(call="c1", state="queued", position=2))
        await page.get_by_role("button", name="不等了").click()
        await page.get_by_role("button", name="继续等待").click()
        await expect(page.locator("#position")).to_contain_text("2")
        await page.get_by_role("button", name="不等了").click()
        await page.locator("#question-yes").click()
        assert (await server.expect(HangUp)).reason == "abandoned"
        await expect(page.get_by_role("heading", name="您好")).to_be_visible()


async def test_a_question_about_waiting_is_withdrawn_when_the_caseworker_comes(open_page: OpenPage) -> None:
    async with page_server("kiosk") as server:
        page = await open_page(server, "kiosk.html")
        await place_call(page)
        await server.expect(RequestCall)
        await server.say(CallState(call="c1", state="queued", position=1))
        await page.get_by_role("button", name="不等了").click()
        await server.say(CallState(call="c1", state="connected", party="王静", active=SEAT_SENDS))
        await expect(page.get_by_role("heading", name="王静")).to_be_visible()
        await expect(page.locator("#question")).to_be_hidden()


async def test_a_broken_call_can_be_made_again_in_its_place(open_page: OpenPage) -> None:
    async with page_server("kiosk") as server:
        page = await open_page(server, "kiosk.html")
        await talk(server, page)
        await server.say(CallState(call="c1", state="ended", reason="kiosk-lost"))
        await expect(page.get_by_role("heading", name="通话中断了")).to_be_visible()
        await page.get_by_role("button", name="重新呼叫").click()
        again = await server.expect(RequestCall)
        assert (again.item, again.resume) == (PENSION.code, "c1")


async def test_a_lost_seat_brings_the_visitor_back_to_the_queue(open_page: OpenPage) -> None:
    async with page_server("kiosk") as server:
        page = await open_page(server, "kiosk.html")
        await talk(server, page)
        await server.say(CallState(call="c1", state="queued", position=1, waited_s=80))
        await expect(page.locator("#position")).to_contain_text("下一位")
        await expect(page.get_by_text("已为您保留位置")).to_be_visible()


async def test_a_refused_request_is_explained(open_page: OpenPage) -> None:
    async with page_server("kiosk") as server:
        server.refuse[RequestCall] = Failed(problem="limit-reached", title="full", status=429)
        page = await open_page(server, "kiosk.html")
        await place_call(page)
        await expect(page.get_by_role("alert")).to_contain_text("请过几分钟再试")


async def test_a_lost_line_is_told_and_comes_back_with_its_session(open_page: OpenPage) -> None:
    async with page_server("kiosk") as server:
        page = await open_page(server, "kiosk.html")
        await place_call(page)
        request = await server.expect(RequestCall)
        await server.say(CallState(call="c1", state="queued", position=2))
        await server.expect(Hello)
        server.refuse[Hello] = Failed(problem="unavailable", title="starting", status=503)
        await server.cut()
        await expect(page.get_by_text("您的位置会保留")).to_be_visible()
        del server.refuse[Hello]
        await server.greeted(2)
        await expect(page.locator("#banner")).to_be_hidden()
        await server.say(CallState(call="c1", state="queued", position=1))
        await expect(page.locator("#position")).to_contain_text("下一位")
        assert {hello.session for hello in server.sent if isinstance(hello, Hello)} == {"session-1"}
        assert request.idempotency_key


async def test_a_call_the_relay_forgot_is_over(open_page: OpenPage) -> None:
    async with page_server("kiosk") as server:
        page = await open_page(server, "kiosk.html", frozen_clock=True)
        await talk(server, page)
        await server.cut()
        await expect(page.locator("#banner")).to_be_visible()
        await page.clock.fast_forward(1000)
        await server.greeted(2)
        await expect(page.locator("#banner")).to_be_hidden()
        await page.clock.fast_forward(5000)
        await expect(page.get_by_role("heading", name="通话中断了")).to_be_visible()


async def test_leaving_while_the_line_is_down_is_told_later(open_page: OpenPage) -> None:
    async with page_server("kiosk") as server:
        page = await open_page(server, "kiosk.html")
        await talk(server, page)
        server.refuse[Hello] = Failed(problem="unavailable", title="starting", status=503)
        await server.cut()
        await expect(page.locator("#banner")).to_be_visible()
        await page.get_by_role("button", name="结束", exact=True).click()
        await page.get_by_role("button", name="结束通话").click()
        await expect(page.get_by_role("heading", name="感谢您的使用")).to_be_visible()
        del server.refuse[Hello]
        await server.greeted(2)
        await server.say(CallState(call="c1", state="connected", party="王静", active=SEAT_SENDS))
        assert (await server.expect(HangUp)).call == "c1"
        await expect(page.get_by_role("heading", name="感谢您的使用")).to_be_visible()


@pytest.mark.parametrize(
    ("code", "words"),
    [(CloseCode.UNAUTHORISED, "使用许可已过期"), (CloseCode.REPLACED, "另一个窗口")],
)
async def test_a_booth_that_is_put_out_says_why_and_stays_out(open_page: OpenPage, code: int, words: str) -> None:
    async with page_server("kiosk") as server:
        page = await open_page(server, "kiosk.html")
        await server.expect(Offer)
        await server.cut(code)
        await expect(page.locator("#unavailable-reason")).to_contain_text(words)
        assert server.welcomes == 1


async def test_without_a_token_the_booth_says_whom_to_ask(open_page: OpenPage) -> None:
    async with page_server("kiosk") as server:
        page = await open_page(server, "kiosk.html", token="")
        await expect(page.get_by_text("本机还没有登记")).to_be_visible()


async def test_without_permission_or_camera_there_is_a_way_on(open_page: OpenPage) -> None:
    async with chromium(cameras=0, grant_all=False) as strict, page_server("kiosk") as server:
        page = await open_page(server, "kiosk.html", using=strict, permissions=())
        await place_call(page)
        await expect(page.get_by_role("heading", name="工作人员听不到您")).to_be_visible()
        await expect(page.get_by_text("选择“允许”")).to_be_visible()
        await page.context.grant_permissions(["camera", "microphone"])
        await page.get_by_role("button", name="重试").click()
        await expect(page.get_by_role("heading", name="工作人员看不到您")).to_be_visible()
        await page.get_by_role("button", name="只用声音通话").click()
        await server.expect(RequestCall)
        await expect(page.get_by_text("没有画面，将只用声音通话")).to_be_visible()


async def test_a_visitor_who_walks_away_leaves_nothing_behind(open_page: OpenPage) -> None:
    async with page_server("kiosk") as server:
        page = await open_page(server, "kiosk.html", frozen_clock=True)
        await page.get_by_role("button", name="English").click()
        await page.get_by_role("button", name="Large text").click()
        await page.get_by_role("button", name="Social security").click()
        await page.get_by_role("button", name=PENSION.name_en).click()
        await page.get_by_text("I am 60 or older").click()
        await page.clock.fast_forward(91_000)
        await expect(page.get_by_role("heading", name="您好")).to_be_visible()
        await expect(page.get_by_role("button", name="大字")).to_have_attribute("aria-pressed", "false")
        await page.get_by_role("button", name="社会保障").click()
        await page.get_by_role("button", name=PENSION.name_zh).click()
        await expect(page.get_by_label("我已满60岁")).not_to_be_checked()


async def test_after_thanks_the_booth_is_free_again(open_page: OpenPage) -> None:
    async with page_server("kiosk") as server:
        page = await open_page(server, "kiosk.html", frozen_clock=True)
        await talk(server, page)
        await server.say(CallState(call="c1", state="ended", reason="hangup"))
        await expect(page.get_by_role("button", name="完成（20秒）")).to_be_visible()
        await page.clock.fast_forward(21_000)
        await expect(page.get_by_role("heading", name="您好")).to_be_visible()


async def test_a_closed_item_cannot_be_chosen_and_long_lists_can_be_searched(open_page: OpenPage) -> None:
    many = [*ITEMS, *(civil_item(n) for n in range(12))]
    async with page_server("kiosk", items=many) as server:
        page = await open_page(server, "kiosk.html")
        await page.get_by_role("button", name="医疗保障").click()
        await expect(page.get_by_role("button", name="城乡居民医保参保登记")).to_be_disabled()
        await page.get_by_role("button", name="返回").click()
        await page.get_by_role("button", name="民政").click()
        await page.get_by_label("输入关键字查找").fill("7")
        await expect(page.locator("#items button")).to_have_count(1)
        await page.get_by_label("输入关键字查找").fill("没有的事")
        await expect(page.get_by_text("没有找到这个事项")).to_be_visible()


def civil_item(number: int) -> ItemInfo:
    return ItemInfo(
        code=f"civil-affairs.item{number}",
        name_zh=f"民政事项 {number}",
        name_en=f"Civil matter {number}",
        group_zh="民政",
        group_en="Civil affairs",
    )


async def test_a_page_whose_scripts_did_not_arrive_loads_again(open_page: OpenPage) -> None:
    async with page_server("kiosk") as server:
        server.missing.add("i18n.js")
        page = await open_page(server, "kiosk.html", frozen_clock=True, forgiving=True)
        await page.clock.fast_forward(14_000)
        assert server.welcomes == 0
        server.missing.clear()
        await page.clock.fast_forward(2000)
        await server.greeted()
