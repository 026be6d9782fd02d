import pytest
from playwright.async_api import Page, expect

from relay.server.messages import (
    AcceptOffer,
    CallState,
    CloseCode,
    DeclineOffer,
    Failed,
    FinishWrapUp,
    HangUp,
    Hello,
    Hold,
    Offer,
    OfferEnded,
    OfferMade,
    SeatState,
    SetPresence,
    SetSource,
    Source,
)
from tests.browser.conftest import OpenPage
from tests.support.page_server import ITEMS, PageServer, page_server

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

BOOTH = "海曙区古林镇便民服务中心 1 号屋"
PENSION = ITEMS[0]
KIOSK_SENDS: list[Source] = ["microphone", "camera"]


def offer_made(offer: str = "o1", expires_in_ms: int = 15_000) -> OfferMade:
    return OfferMade(
        offer=offer,
        call="c1",
        item=PENSION.code,
        item_zh=PENSION.name_zh,
        item_en=PENSION.name_en,
        kind="handle",
        region="330203",
        priority=["elderly"],
        party=BOOTH,
        waited_s=47,
        expires_in_ms=expires_in_ms,
    )


async def sign_in(server: PageServer, open_page: OpenPage, *, frozen_clock: bool = False) -> Page:
    page = await open_page(server, "seat.html", frozen_clock=frozen_clock)
    await server.expect(Offer)
    await server.say(SeatState(state="offline"))
    await page.get_by_role("button", name="开始接听").click()
    assert (await server.expect(SetPresence)).state == "ready"
    await server.say(SeatState(state="ready"))
    await expect(page.get_by_role("heading", name="就绪，等待来电")).to_be_visible()
    return page


async def ring(server: PageServer, page: Page, expires_in_ms: int = 15_000) -> None:
    await server.say(SeatState(state="offered", call="c1"))
    await server.say(offer_made(expires_in_ms=expires_in_ms))
    await expect(page.get_by_role("alertdialog")).to_be_visible()


async def connect(server: PageServer, page: Page, active: list[Source] = KIOSK_SENDS) -> None:
    await server.say(OfferEnded(offer="o1", outcome="accepted"))
    await server.say(SeatState(state="in-call", call="c1"))
    await server.say(CallState(call="c1", state="connected", item=PENSION.code, party=BOOTH, active=active))
    await expect(page.get_by_role("heading", name=BOOTH)).to_be_visible()


async def test_a_token_can_be_typed_and_a_refused_one_is_told(open_page: OpenPage) -> None:
    async with page_server("seat", "王静") as server:
        page = await open_page(server, "seat.html", token="")
        server.refuse[Hello] = Failed(problem="unauthorised", title="no", status=401)
        await page.get_by_label("登录令牌").fill("old")
        await page.get_by_role("button", name="登录").click()
        await expect(page.get_by_role("alert")).to_contain_text("令牌无效或已过期")
        server.refuse.clear()
        await page.get_by_label("登录令牌").fill("new")
        await page.get_by_role("button", name="登录").click()
        await expect(page.locator("#place")).to_have_text("王静", timeout=25_000)  # a fresh page
        assert [hello.token for hello in server.sent if isinstance(hello, Hello)] == ["old", "new"]


async def test_the_desk_shows_name_skills_and_own_picture(open_page: OpenPage) -> None:
    async with page_server("seat", "王静") as server:
        page = await sign_in(server, open_page)
        await expect(page.locator("#skills")).to_contain_text("医疗保障")
        await expect(page.locator("#preview-off")).to_be_hidden()
        await expect(page.get_by_label("高拍仪")).not_to_have_value("")
        await page.get_by_text("休息", exact=True).click()
        assert (await server.expect(SetPresence)).state == "break"
        await server.say(SeatState(state="break"))
        await expect(page.get_by_text("摄像头已关闭").first).to_be_visible()


async def test_an_offer_is_accepted_and_becomes_a_call_and_a_wrap_up(open_page: OpenPage) -> None:
    async with page_server("seat", "王静") as server:
        page = await sign_in(server, open_page)
        await ring(server, page)
        card = page.get_by_role("alertdialog")
        for words in (PENSION.name_zh, "帮办", "60岁以上", BOOTH, "0:47"):
            await expect(card).to_contain_text(words)
        await page.get_by_role("button", name="接听").click()
        assert (await server.expect(AcceptOffer)).offer == "o1"
        await connect(server, page)
        await expect(card).to_be_hidden()
        await page.get_by_role("textbox", name="备注").fill("身份证已核对")

        await page.get_by_role("button", name="保持").click()
        assert (await server.expect(Hold)).held
        await server.say(CallState(call="c1", state="held", item=PENSION.code, party=BOOTH, active=KIOSK_SENDS))
        await expect(page.locator("#stage-notice")).to_contain_text("通话保持中")
        await page.get_by_role("button", name="恢复通话").click()
        assert not (await server.expect(Hold)).held
        await server.say(CallState(call="c1", state="connected", item=PENSION.code, party=BOOTH, active=KIOSK_SENDS))

        await page.get_by_role("button", name="结束").click()
        assert (await server.expect(HangUp)).call == "c1"
        await server.say(SeatState(state="wrap-up", call="c1", until_ms=45_000))
        await expect(page.locator("#wrapup-left")).to_contain_text("后自动就绪")
        await expect(page.get_by_role("textbox", name="备注")).to_have_value("身份证已核对")
        await page.get_by_text("材料不齐").click()
        await page.get_by_role("button", name="完成整理").click()
        assert (await server.expect(FinishWrapUp)).disposition == "papers-missing"
        await server.say(SeatState(state="ready"))
        await expect(page.get_by_role("heading", name="就绪，等待来电")).to_be_visible()
        await expect(page.locator("#tally-answered")).to_have_text("1")
        assert await page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('relay.notes'))") == []


async def test_an_offer_can_be_declined(open_page: OpenPage) -> None:
    async with page_server("seat") as server:
        page = await sign_in(server, open_page)
        await ring(server, page)
        await page.get_by_role("button", name="谢绝").click()
        assert (await server.expect(DeclineOffer)).offer == "o1"
        await expect(page.get_by_role("alertdialog")).to_be_hidden()


async def test_a_missed_offer_counts_and_tells_why_the_seat_is_on_break(open_page: OpenPage) -> None:
    async with page_server("seat") as server:
        page = await sign_in(server, open_page, frozen_clock=True)
        await ring(server, page)
        await page.clock.fast_forward(15_000)
        await expect(page.get_by_role("button", name="接听")).to_be_disabled()
        await server.say(OfferEnded(offer="o1", outcome="timeout"))
        await server.say(SeatState(state="break", reason="unanswered"))
        await expect(page.get_by_role("alertdialog")).to_be_hidden()
        await expect(page.locator("#tally-missed")).to_have_text("1")
        await expect(page.get_by_text("有来电未接听，系统已将您设为休息")).to_be_visible()


async def test_a_withdrawn_or_taken_offer_closes_its_card(open_page: OpenPage) -> None:
    async with page_server("seat") as server:
        page = await sign_in(server, open_page)
        await ring(server, page)
        await server.say(OfferEnded(offer="o1", outcome="withdrawn"))
        await expect(page.get_by_text("对方已取消呼叫")).to_be_visible()
        await server.say(SeatState(state="ready"))
        server.refuse[AcceptOffer] = Failed(problem="conflict", title="over", status=409)
        await ring(server, page)
        await page.get_by_role("button", name="接听").click()
        await expect(page.get_by_text("已经转给别人或已结束")).to_be_visible()
        await expect(page.get_by_role("alertdialog")).to_be_hidden()


async def test_the_title_flashes_while_it_rings(open_page: OpenPage) -> None:
    async with page_server("seat") as server:
        page = await sign_in(server, open_page)
        await ring(server, page)
        await expect(page).to_have_title("● 新的来电")
        await expect(page).to_have_title("坐席工作台 · 远程帮办")
        await page.keyboard.press("d")
        await expect(page).to_have_title("坐席工作台 · 远程帮办")


async def test_typing_does_not_answer_calls(open_page: OpenPage) -> None:
    async with page_server("seat") as server:
        page = await sign_in(server, open_page)
        await ring(server, page)
        await page.keyboard.press("Enter")
        await page.keyboard.press("Space")
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("alertdialog")).to_be_visible()
        assert not [each for each in server.sent if isinstance(each, AcceptOffer | DeclineOffer)]


async def test_a_whole_call_by_keyboard(open_page: OpenPage) -> None:
    async with page_server("seat") as server:
        page = await open_page(server, "seat.html")
        await server.expect(Offer)
        await server.say(SeatState(state="offline"))
        await expect(page.get_by_role("heading", name="您已离线")).to_be_visible()
        await page.keyboard.press("p")
        await server.expect(SetPresence)
        await server.say(SeatState(state="ready"))
        await ring(server, page)
        await page.keyboard.press("a")
        await server.expect(AcceptOffer)
        await connect(server, page, ["microphone", "camera", "document", "screen"])
        enlarged = page.locator("#stage [aria-pressed=true]")
        for key, source in (("1", "camera"), ("2", "document"), ("3", "screen")):
            await page.keyboard.press(key)
            await expect(enlarged).to_have_attribute("data-slot", source)
        await page.keyboard.press("r")
        await expect(page.locator("#stage")).to_have_attribute("data-turns", "1")
        server.sent.clear()
        await page.keyboard.press("m")
        muted = await server.expect(SetSource)
        assert (muted.source, muted.active) == ("microphone", False)
        await page.get_by_role("textbox", name="备注").focus()
        await page.keyboard.type("hmsv")
        await expect(page.get_by_role("textbox", name="备注")).to_have_value("hmsv")
        await page.get_by_role("heading", name=BOOTH).focus()
        await page.keyboard.press("h")
        assert (await server.expect(Hold)).held
        await page.keyboard.press("Shift+E")
        await server.expect(HangUp)
        await server.say(SeatState(state="wrap-up", call="c1"))
        await expect(page.get_by_role("heading", name="整理", exact=True)).to_be_focused()
        await page.keyboard.press("f")
        await server.expect(FinishWrapUp)


async def test_single_key_shortcuts_can_be_switched_off(open_page: OpenPage) -> None:
    async with page_server("seat") as server:
        page = await sign_in(server, open_page)
        await page.keyboard.press("?")
        await page.get_by_label("启用单键快捷键").uncheck()
        await page.get_by_role("button", name="关闭").click()
        await ring(server, page)
        await page.keyboard.press("a")
        await page.get_by_role("button", name="谢绝").click()
        await server.expect(DeclineOffer)
        assert not [each for each in server.sent if isinstance(each, AcceptOffer)]


async def test_a_ready_seat_is_ready_again_after_a_lost_line(open_page: OpenPage) -> None:
    async with page_server("seat") as server:
        page = await sign_in(server, open_page)
        await server.cut()
        await server.greeted(2)
        await server.say(SeatState(state="offline", reason="line-lost"))
        assert (await server.expect(SetPresence)).state == "ready"
        await server.say(SeatState(state="ready"))
        await expect(page.get_by_role("heading", name="就绪，等待来电")).to_be_visible()


async def test_a_reload_in_a_call_brings_back_case_notes_and_devices(open_page: OpenPage) -> None:
    async with page_server("seat") as server:
        page = await sign_in(server, open_page)
        await ring(server, page)
        await page.keyboard.press("a")
        await connect(server, page)
        await page.get_by_role("textbox", name="备注").fill("材料已看")
        await page.reload()
        await server.greeted(2)
        await server.say(SeatState(state="in-call", call="c1"))
        await server.say(CallState(call="c1", state="connected", item=PENSION.code, party=BOOTH, active=KIOSK_SENDS))
        await expect(page.get_by_role("textbox", name="备注")).to_have_value("材料已看")
        await expect(page.locator("#case-chips")).to_contain_text("60岁以上")
        await expect(page.get_by_role("button", name="静音", exact=True)).to_be_visible()


async def test_signing_in_elsewhere_closes_this_page_for_good(open_page: OpenPage) -> None:
    async with page_server("seat") as server:
        page = await sign_in(server, open_page)
        await server.cut(CloseCode.REPLACED)
        await expect(page.get_by_text("您已在另一个窗口登录")).to_be_visible()
        assert server.welcomes == 1
