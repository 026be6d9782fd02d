"""Colleagues, reasons, outcomes and callbacks as the pages show them, and what they say to the relay."""

import pytest
from playwright.async_api import Page, expect

from relay.server.messages import (
    AnswerCallback,
    CallState,
    DeclineOffer,
    Failed,
    FinishWrapUp,
    HandOver,
    HangUp,
    Invite,
    Leave,
    MemberInfo,
    Merge,
    RequestCall,
    RequestCallback,
    RingingBack,
    SeatState,
    StopSupervising,
    Supervise,
    Transfer,
    Watch,
)
from tests.browser.conftest import OpenPage
from tests.browser.test_pages_seat import BOOTH, PENSION, connect, ring, sign_in
from tests.browser.test_pages_wallboard import wallboard
from tests.support.page_server import PageServer, page_server

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CITIZEN = MemberInfo(who="kiosk-1", role="citizen", name=BOOTH, place=1)
ME = MemberInfo(who="somebody", role="agent", name="王静")


async def in_call(server: PageServer, open_page: OpenPage) -> Page:
    page = await sign_in(server, open_page)
    await ring(server, page)
    await connect(server, page)
    await members(server, CITIZEN, ME)
    return page


async def members(server: PageServer, *parties: MemberInfo) -> None:
    await server.say(
        CallState(call="c1", state="connected", item=PENSION.code, party=BOOTH, active=["camera"], members=[*parties])
    )


@pytest.mark.parametrize(
    ("kind", "choice", "target"),
    [
        ("坐席", "陈洁", {"seat": "seat-3"}),
        ("事项", "异地就医报销", {"item": "medical-insurance.reimburse.remote"}),
        ("区划", "宁海县", {"region": "330226"}),
    ],
)
async def test_a_call_is_passed_on_to_a_seat_an_item_or_a_region(open_page, kind, choice, target) -> None:
    async with page_server("seat", "王静") as server:
        page = await in_call(server, open_page)
        await page.keyboard.press("t")
        dialog = page.get_by_role("dialog", name="转接与会商")
        await dialog.get_by_text("直接转接").click()
        await expect(dialog).to_contain_text("您随即进入整理")
        await dialog.get_by_text(kind, exact=True).click()
        await expect(dialog.locator("#team-list")).not_to_contain_text("王静")
        await dialog.get_by_role("searchbox").fill(choice[:2])
        await expect(dialog.locator("#team-go")).to_be_disabled()
        await dialog.get_by_label(choice).check()
        await dialog.get_by_label("转接说明").fill("请核对材料")
        await dialog.get_by_role("button", name="转接").click()
        asked = await server.expect(Transfer)
        given = {name: value for name in ("seat", "item", "region") if (value := getattr(asked.target, name))}
        assert (asked.call, given, asked.reason) == ("c1", target, "请核对材料")
        await expect(dialog).to_be_hidden()


async def test_a_colleague_is_consulted_merged_and_handed_the_call(open_page: OpenPage) -> None:
    async with page_server("seat", "王静") as server:
        page = await in_call(server, open_page)
        await page.get_by_role("button", name="转接 / 会商").click()
        await page.get_by_label("陈洁").check()
        await page.get_by_role("button", name="邀请会商").click()
        asked = await server.expect(Invite)
        assert (asked.purpose, asked.target.seat) == ("consult", "seat-3")
        panel = page.get_by_role("region", name="通话成员")
        await expect(panel).to_contain_text("正在邀请 陈洁")
        await panel.get_by_role("button", name="取消邀请").click()
        assert (await server.expect(HangUp)).call == "i1"

        await members(server, CITIZEN, ME, MemberInfo(who="seat-3", role="consultant", name="陈洁", place=2))
        await expect(page.locator("[data-party='2']")).to_contain_text("会商同事 陈洁")
        await panel.get_by_role("button", name="合并为三方通话").click()
        assert (await server.expect(Merge)).call == "c1"
        await members(server, CITIZEN, ME, MemberInfo(who="seat-3", role="member", name="陈洁", place=2))
        await expect(panel.get_by_role("button", name="合并为三方通话")).to_be_hidden()
        await panel.get_by_role("button", name="转交给同事").click()
        assert (await server.expect(HandOver)).to == "seat-3"


async def test_a_seat_that_was_asked_in_can_only_leave(open_page: OpenPage) -> None:
    async with page_server("seat", "王静") as server:
        page = await in_call(server, open_page)
        other = MemberInfo(who="seat-3", role="agent", name="陈洁", place=2)
        await members(server, CITIZEN, other, MemberInfo(who="somebody", role="member", name="王静"))
        await expect(page.get_by_role("button", name="结束")).to_be_hidden()
        await expect(page.get_by_role("button", name="转接 / 会商")).to_be_hidden()
        await page.get_by_role("button", name="离开通话").click()
        assert (await server.expect(Leave)).call == "c1"


async def test_what_cannot_be_is_said_in_the_dialog(open_page: OpenPage) -> None:
    async with page_server("seat", "王静") as server:
        page = await in_call(server, open_page)
        server.refuse[Invite] = Failed(problem="conference-full", title="full", status=429)
        await page.keyboard.press("t")
        await page.get_by_label("周伟").check()
        await page.get_by_role("button", name="邀请会商").click()
        await expect(page.get_by_role("alert").filter(has_text="通话成员已满")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog", name="转接与会商")).to_be_hidden()


async def test_a_decline_carries_its_reason(open_page: OpenPage) -> None:
    async with page_server("seat", "王静") as server:
        page = await sign_in(server, open_page)
        await ring(server, page)
        await page.get_by_label("谢绝原因").select_option("不属于我的业务")
        await page.get_by_role("button", name="谢绝").click()
        assert (await server.expect(DeclineOffer)).reason == "not-my-field"


async def test_the_outcomes_are_those_of_the_relay(open_page: OpenPage) -> None:
    async with page_server("seat", "王静") as server:
        server.dispositions = ["follow-up", "转人工窗口"]
        page = await in_call(server, open_page)
        await server.say(SeatState(state="wrap-up", call="c1", until_ms=60_000))
        outcomes = page.get_by_role("group", name="办理结果")
        await expect(outcomes.get_by_role("radio")).to_have_count(2)
        await expect(outcomes.get_by_label("需后续跟进")).to_be_checked()
        await outcomes.get_by_label("转人工窗口").check()
        await page.get_by_role("button", name="完成整理").click()
        assert (await server.expect(FinishWrapUp)).disposition == "转人工窗口"


async def test_a_visitor_leaves_the_booth_and_is_rung_back(open_page: OpenPage) -> None:
    async with page_server("kiosk", BOOTH) as server:
        page = await open_page(server, "kiosk.html", viewport=(1080, 1920))
        await page.click("#groups button")
        await page.click("#items button")
        await page.click("#confirm button[type=submit]")
        await server.expect(RequestCall)
        await server.say(CallState(call="c1", state="queued", item=PENSION.code, position=3))
        await page.get_by_role("button", name="轮到我时再回拨").click()
        await page.get_by_role("button", name="好，到时响铃").click()
        assert (await server.expect(RequestCallback)).call == "c1"
        await server.say(CallState(call="c1", state="queued", item=PENSION.code, position=3, callback=True))
        await expect(page.get_by_text("前面还有 2 位")).to_be_visible()
        await expect(page.locator("[data-view=groups]")).to_be_visible()
        await server.say(RingingBack(call="c1", item=PENSION.code, expires_in_ms=30_000))
        await expect(page.get_by_role("heading", name="轮到您了")).to_be_visible()
        await page.get_by_role("button", name="我在，接通").click()
        assert (await server.expect(AnswerCallback)).answered
        await server.say(CallState(call="c1", state="connected", item=PENSION.code, party="王静"))
        await expect(page.get_by_role("heading", name="王静")).to_be_visible()


async def test_a_callback_is_given_up_by_the_visitor_or_by_time(open_page: OpenPage) -> None:
    async with page_server("kiosk", BOOTH) as server:
        page = await open_page(server, "kiosk.html")
        waits = CallState(call="c1", state="queued", item=PENSION.code, position=1, callback=True)
        await server.greeted()
        await server.say(waits)
        await expect(page.get_by_text("下一位就是您")).to_be_visible()
        await server.say(RingingBack(call="c1", item=PENSION.code, expires_in_ms=300))
        await expect(page.get_by_role("heading", name="轮到您了")).to_be_visible()
        await expect(page.locator("[data-view=groups]")).to_be_visible()
        await server.say(waits)
        await page.get_by_role("button", name="取消回拨").click()
        assert (await server.expect(HangUp)).call == "c1"
        await expect(page.locator("#callback-note")).to_be_hidden()


async def test_news_of_a_callback_do_not_disturb_the_visitor_who_is_here(open_page: OpenPage) -> None:
    async with page_server("kiosk", BOOTH) as server:
        page = await open_page(server, "kiosk.html")
        away = CallState(call="c1", state="queued", item=PENSION.code, position=2, callback=True)
        await server.greeted()
        await server.say(away)
        await expect(page.get_by_text("前面还有 1 位")).to_be_visible()
        await server.say(CallState(call="c2", state="queued", item=PENSION.code, position=2))
        await expect(page.locator("[data-view=waiting]")).to_be_visible()
        await server.say(CallState(call="c1", state="queued", item=PENSION.code, position=1, callback=True))
        await expect(page.get_by_text("下一位就是您")).to_have_count(1)
        await expect(page.locator("[data-view=waiting]")).to_be_visible()
        await server.say(CallState(call="c2", state="connected", item=PENSION.code, party="王静"))
        await expect(page.get_by_role("heading", name="王静")).to_be_visible()
        await server.say(away)
        await server.say(CallState(call="c1", state="ended", reason="answered-elsewhere"))
        await expect(page.locator("#callback-note")).to_be_hidden()
        await expect(page.get_by_role("heading", name="王静")).to_be_visible()
        await page.evaluate("window.relay.hangUp()")
        assert (await server.expect(HangUp)).call == "c2"


async def test_a_supervisor_chooses_a_call_and_how_to_be_in_it(open_page: OpenPage) -> None:
    async with page_server("supervisor", "督导") as server:
        page = await open_page(server, "wallboard.html")
        await server.expect(Watch)
        await server.say(wallboard())
        await page.locator(".supervise-open:enabled").first.click()
        asked = await server.expect(Supervise)
        assert asked.mode == "monitor"
        dialog = page.get_by_role("dialog", name="督导")
        await expect(dialog).to_contain_text("没有人听得到您")
        await dialog.get_by_text("指导坐席").click()
        assert (await server.expect(Supervise)).mode == "whisper"
        await expect(dialog).to_contain_text("群众听不到")
        await dialog.get_by_text("强插").click()
        assert (await server.expect(Supervise)).mode == "barge"
        await page.keyboard.press("Escape")
        assert (await server.expect(StopSupervising)).call == asked.call
        await expect(dialog).to_be_hidden()
        assert await page.evaluate("window.relay.capture.tracks.size") == 0
