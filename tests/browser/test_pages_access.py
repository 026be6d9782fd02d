"""What everybody needs to use the pages: names, order, contrast, size, keyboard."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from relay.server.messages import CallState, MemberInfo, Offer, RequestCall, RingingBack, SeatState, Watch
from tests.browser.conftest import OpenPage
from tests.browser.test_pages_seat import BOOTH, PENSION, offer_made
from tests.browser.test_pages_wallboard import wallboard
from tests.support.page_server import PageServer, page_server

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

INTERACTIVE = {
    "button",
    "link",
    "textbox",
    "searchbox",
    "checkbox",
    "radio",
    "combobox",
    "meter",
    "dialog",
    "alertdialog",
}
LOW_CONTRAST = """() => {
  const parse = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, n) => sum + c * [0.2126, 0.7152, 0.0722][n], 0);
  const over = (top, below) => { const a = top[3] ?? 1; return [0, 1, 2].map((n) => top[n] * a + below[n] * (1 - a)); };
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.backgroundImage.includes('gradient')) { layers.push(parse(style.backgroundImage.match(/rgba?\\([^)]+\\)/)[0])); break; }
      const colour = parse(style.backgroundColor);
      if ((colour[3] ?? 1) > 0) layers.push(colour);
      if ((colour[3] ?? 1) === 1) break;
    }
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
  };
  const low = [];
  for (const element of document.querySelectorAll('body *')) {
    const text = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join('');
    if (!text || !element.checkVisibility({ visibilityProperty: true })) continue;
    if (element.closest('.visually-hidden, :disabled, option')) continue;
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const background = behind(element);
    const [light, dark] = [luminance(over(parse(style.color), background)), luminance(background)].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    if (ratio < (large ? 3 : 4.5)) low.push(`${text} ${ratio.toFixed(2)}`);
  }
  return low;
}"""
SMALL_TARGETS = """() => [...document.querySelectorAll('button, input, label, select, a')]
  .filter((each) => each.checkVisibility() && !each.closest('label')?.contains(each.parentElement) && each.tagName !== 'INPUT')
  .map((each) => [each, each.getBoundingClientRect()])
  .filter(([, box]) => box.width < 64 || box.height < 64)
  .map(([each, box]) => `${each.textContent.trim()} ${box.width}×${box.height}`)"""
STRUCTURE = """() => ({
  ids: [...document.querySelectorAll('[id]')].map(({ id }) => id),
  mains: [...document.querySelectorAll('main')].length,
  titles: [...document.querySelectorAll('h1')].filter((each) => each.checkVisibility()).length,
  references: [...document.querySelectorAll('[aria-labelledby], [aria-describedby]')]
    .flatMap((each) => [each.getAttribute('aria-labelledby'), each.getAttribute('aria-describedby')]).filter(Boolean),
})"""


async def accessibility_tree(page: Page) -> list[dict[str, Any]]:
    session = await page.context.new_cdp_session(page)
    tree = await session.send("Accessibility.getFullAXTree")
    return [node for node in tree["nodes"] if not node.get("ignored")]


async def check(page: Page) -> None:
    """Everything that can be operated has a name; the page has one title and one main part; text can be read."""
    nameless = [
        node
        for node in await accessibility_tree(page)
        if node["role"]["value"] in INTERACTIVE and not node.get("name", {}).get("value", "").strip()
    ]
    assert nameless == []
    structure = await page.evaluate(STRUCTURE)
    assert len(structure["ids"]) == len(set(structure["ids"]))
    assert set(structure["references"]) <= set(structure["ids"])
    assert (structure["mains"], structure["titles"]) == (1, 1)
    assert await page.evaluate(LOW_CONTRAST) == []


async def kiosk_views(server: PageServer, page: Page):  # type: ignore[no-untyped-def]
    """Walk through the views of the kiosk."""
    await expect(page.locator("#groups button").first).to_be_visible()
    yield "groups"
    await page.locator("#groups button").first.click()
    yield "items"
    await page.locator("#items button").first.click()
    await page.locator("label", has=page.locator("#booked")).click()
    yield "confirm"
    await page.locator("#call").click()
    await server.expect(RequestCall)
    await server.say(CallState(call="c1", state="queued", position=2, expected_wait_s=100))
    await expect(page.locator("#position")).to_contain_text("2")
    yield "waiting"
    waits = CallState(call="c1", state="queued", item=PENSION.code, position=2, callback=True)
    await server.say(waits)
    await expect(page.locator("#callback-note")).to_be_visible()
    yield "callback noted"
    await server.say(RingingBack(call="c1", item=PENSION.code, expires_in_ms=60_000))
    await expect(page.locator("#callback-answer")).to_be_visible()
    yield "callback"
    sources = ["microphone", "camera", "screen"]
    await server.say(CallState(call="c1", state="connected", party="王静", active=sources))  # type: ignore[arg-type]
    await expect(page.get_by_role("heading", name="王静")).to_be_visible()
    yield "talk"
    await page.locator("#hang-up").click()
    yield "question"
    await page.locator("#question-yes").click()
    yield "ended"


@pytest.mark.parametrize(
    ("viewport", "locale"), [((1920, 1080), "zh-CN"), ((1080, 1920), "en-GB"), ((390, 844), "en-GB")]
)
async def test_every_view_of_the_kiosk_can_be_read_touched_and_heard(
    open_page: OpenPage, viewport: tuple[int, int], locale: str
) -> None:
    async with page_server("kiosk", "Booth 2") as server:
        page = await open_page(server, "kiosk.html", viewport=viewport, locale=locale)
        async for view in kiosk_views(server, page):
            await check(page)
            assert await page.evaluate(SMALL_TARGETS) == [], view
            assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth"), view


async def test_every_view_of_the_seat_can_be_read_and_heard(open_page: OpenPage) -> None:
    async with page_server("seat", "王静") as server:
        page = await open_page(server, "seat.html", viewport=(1366, 768))
        await server.expect(Offer)
        for state in ("offline", "ready", "break"):
            await server.say(SeatState(state=state))
            await expect(page.locator("body")).to_have_attribute("data-seat", state)
            await check(page)
        await server.say(SeatState(state="offered", call="c1"))
        await server.say(offer_made())
        await expect(page.get_by_role("alertdialog")).to_be_visible()
        await check(page)
        await server.say(SeatState(state="in-call", call="c1"))
        sources = ["microphone", "camera", "document"]
        await server.say(CallState(call="c1", state="held", item=PENSION.code, party=BOOTH, active=sources))  # type: ignore[arg-type]
        await expect(page.get_by_role("heading", name=BOOTH)).to_be_visible()
        await check(page)
        colleague = MemberInfo(who="seat-3", role="consultant", name="陈洁", place=2)
        parties = [
            MemberInfo(who="k", role="citizen", name=BOOTH),
            MemberInfo(who="somebody", role="agent", name="王静"),
        ]
        await server.say(CallState(call="c1", state="connected", party=BOOTH, members=[*parties, colleague]))
        await expect(page.locator("#merge")).to_be_visible()
        await check(page)
        await page.locator("#team-open").click()
        await expect(page.get_by_label("陈洁")).to_be_visible()
        await check(page)
        await page.locator("#team-close").click()
        await server.say(SeatState(state="wrap-up", call="c1", until_ms=30_000))
        await expect(page.locator("#wrapup")).to_be_visible()
        await check(page)
        await page.locator("#help").click()
        await check(page)


async def test_the_other_pages_can_be_read_and_heard(open_page: OpenPage) -> None:
    async with page_server("supervisor") as server:
        await check(await open_page(server, "index.html", token=""))
        await check(await open_page(server, "seat.html", token=""))
        page = await open_page(server, "wallboard.html")
        await server.expect(Watch)
        await server.say(wallboard())
        await expect(page.locator("#answered")).to_have_text("412")
        await check(page)
        await page.locator(".supervise-open:enabled").first.click()
        await expect(page.locator("#supervise-leave")).to_be_visible()
        await check(page)


async def test_a_whole_call_of_the_kiosk_by_keyboard(open_page: OpenPage) -> None:
    async with page_server("kiosk") as server:
        page = await open_page(server, "kiosk.html")
        await expect(page.get_by_role("heading", name="您好")).to_be_focused()
        await tab_to(page, "社会保障")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="社会保障")).to_be_focused()
        await tab_to(page, PENSION.name_zh)
        await page.keyboard.press("Enter")
        await tab_to(page, "咨询")
        await page.keyboard.press("ArrowRight")
        await tab_to(page, "我已满60岁")
        await page.keyboard.press("Space")
        await tab_to(page, "呼叫工作人员")
        await page.keyboard.press("Enter")
        wish = await server.expect(RequestCall)
        assert (wish.kind, wish.priority) == ("guide", ["elderly"])
        await server.say(CallState(call="c1", state="connected", party="王静", active=["camera"]))
        await expect(page.get_by_role("heading", name="王静")).to_be_focused()
        await tab_to(page, "结束")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="继续通话")).to_be_focused()
        await tab_to(page, "结束通话")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="感谢您的使用")).to_be_focused()


async def tab_to(page: Page, name: str) -> None:
    """Press Tab until what has the focus bears the name, and see that the focus shows."""
    focused = """() => {
      const at = document.activeElement;
      const shown = at.matches('.card-choice input, .chip-choice input') ? at.parentElement : at;
      return [(at.labels?.[0] ?? at).textContent.trim(), parseFloat(getComputedStyle(shown).outlineWidth)];
    }"""
    for _ in range(40):
        await page.keyboard.press("Tab")
        text, outline = await page.evaluate(focused)
        if name in text:
            assert outline >= 3, f"the focus on {text!r} does not show"
            return
    raise AssertionError(f"{name!r} cannot be reached with Tab")


async def test_live_regions_tell_what_changes(open_page: OpenPage) -> None:
    async with page_server("kiosk") as server:
        page = await open_page(server, "kiosk.html")
        async for view in kiosk_views(server, page):
            if view == "waiting":
                assert await page.locator("#position p").get_attribute("aria-live") == "polite"
                break
        roles = {node["role"]["value"] for node in await accessibility_tree(page)}
        assert "main" in roles


async def test_reduced_motion_is_respected(open_page: OpenPage) -> None:
    async with page_server("seat") as server:
        page = await open_page(server, "seat.html")
        await server.expect(Offer)
        await server.say(SeatState(state="ready"))
        await expect(page.locator("#desk-title")).to_be_visible()
        name = "getComputedStyle(document.querySelector('.desk-pulse')).animationName"
        assert await page.evaluate(name) == "none"
        await page.emulate_media(reduced_motion="no-preference")
        assert await page.evaluate(name) == "breathe"
