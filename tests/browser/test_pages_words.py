"""Both languages say everything, and nothing is kept that nobody says."""

import re

import msgspec
import pytest
from playwright.async_api import expect

from relay.server import messages
from relay.server.pages import WEB
from tests.browser.conftest import OpenPage
from tests.support.page_server import ITEMS, page_server

HAN = re.compile(r"[\u4e00-\u9fff]")
ENTRY = re.compile(r"^  '(?P<key>[\w.-]+)': \[", re.MULTILINE)
STATIC = re.compile(r"""(?:data-(?:i18n[\w-]*|on|off)="|['"`])(?P<key>[a-z]+(?:[.-][a-z-]+)+)["'`]""")
FAMILY = re.compile(r"`(?P<stem>[a-z.-]+\.)\$\{[^`]+\}(?P<tail>[a-z.-]*)`")
FAMILIES = {
    "devices.": ["denied", "missing", "busy", "insecure", "off"],
    "problem.": ["microphone", "camera", "document", "screen"],
    "quality.": ["good", "fair", "poor", "none"],
    "wallboard.quality.": ["calm", "busy", "bad", "none"],
    "kiosk.ended.": ["thanks", "trouble", "unserved", "thanks.text", "trouble.text", "unserved.text"],
    "unavailable.": ["replaced", "unauthorised"],
    "seat.state.": ["offline", "ready", "offered", "in-call", "wrap-up", "break"],
    "seat.desk.": [*(state + tail for state in ("ready", "break", "offline") for tail in ("", ".text"))],
    "seat.kind.": ["consult", "guide", "handle"],
    "seat.priority.": ["elderly", "disabled", "appointment", "urgent"],
    "seat.language.": ["en"],
    "seat.purpose.": ["consult", "conference"],
    "seat.team.": [action + tail for action in ("consult", "conference", "transfer") for tail in (".text", ".go")],
    "disposition.": ["done", "papers-missing", "follow-up", "other-department", "citizen-left", "technical"],
    "role.": ["citizen", "agent", "consultant", "member", "monitor", "whisper", "barge"],
    "supervise.": [mode + ".text" for mode in ("monitor", "whisper", "barge")],
}
"""The words that scripts put together from a stem and a value, with all values there are."""


def dictionary() -> list[str]:
    return ENTRY.findall((WEB / "words.js").read_text("utf-8"))


def test_every_key_is_there_once() -> None:
    keys = dictionary()
    assert len(keys) > 200
    assert len(keys) == len(set(keys))


def test_every_word_that_a_page_says_exists(web_text: dict[str, str]) -> None:
    keys = set(dictionary())
    namespaces = {key.partition(".")[0] for key in keys}
    said = {
        (path, key)
        for path, text in web_text.items()
        if path != "words.js"
        for key in STATIC.findall(text)
        if key.partition(".")[0] in namespaces and "." in key and not key.endswith((".js", ".html", ".svg", ".css"))
    }
    protocol = {message.__struct_config__.tag for message in (messages.ClientMessage | messages.ServerMessage).__args__}
    stored = re.compile(r"^relay\.")
    missing = {(path, key) for path, key in said if key not in keys and key not in protocol and not stored.match(key)}
    assert missing == set()


def test_every_family_of_words_is_known_and_complete(web_text: dict[str, str]) -> None:
    keys = set(dictionary())
    scripts = {path: text for path, text in web_text.items() if path.endswith(".js")}
    stems = {stem for text in scripts.values() for stem, _ in FAMILY.findall(text)} - {"relay.device.", "relay.token."}
    assert stems - {"relay.notes."} == set(FAMILIES)
    assert {stem + value for stem, values in FAMILIES.items() for value in values} <= keys


def test_no_word_is_left_over(web_text: dict[str, str]) -> None:
    everything = "\n".join(text for path, text in web_text.items() if path != "words.js")
    families = {stem + value for stem, values in FAMILIES.items() for value in values}
    left_over = {
        key
        for key in dictionary()
        if key not in families and not re.search(rf"""["'`]{re.escape(key)}["'`]""", everything)
    }
    assert left_over == set()


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="session")
async def test_both_languages_say_everything_with_the_same_blanks(open_page: OpenPage) -> None:
    async with page_server("kiosk") as server:
        page = await open_page(server, "index.html", token="")
        words = await page.evaluate("import('./words.js').then(({ WORDS }) => WORDS)")
    blanks = re.compile(r"\{\w+\}")
    for key, texts in words.items():
        zh, en = texts
        assert zh.strip(), key
        assert en.strip(), key
        assert sorted(blanks.findall(zh)) == sorted(blanks.findall(en)), key
        assert HAN.search(zh) or key == "language.other", key
        assert not HAN.search(en) or key == "language.other", key


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("path", ["index.html", "kiosk.html", "seat.html", "wallboard.html"])
async def test_an_english_page_has_no_chinese_word_and_switches_back(open_page: OpenPage, path: str) -> None:
    async with page_server("kiosk", "Booth 2") as server:
        page = await open_page(server, path, locale="en-US", token="token" if path == "kiosk.html" else "")
        if path == "kiosk.html":
            await expect(page.get_by_role("button", name="Social security")).to_be_visible()
        hidden_too = await page.evaluate(
            """[...document.body.querySelectorAll('*')].flatMap((each) => [each.getAttribute('aria-label'),
            each.getAttribute('placeholder'), each.title,
            ...[...each.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data)])
            .filter((text) => text && /[\\u4e00-\\u9fff]/.test(text)).map((text) => text.trim())"""
        )
        assert hidden_too == ["中文"]
        assert not HAN.search(await page.title())
        assert await page.evaluate("document.documentElement.lang") == "en-GB"
        await page.get_by_role("button", name="中文").click()
        await expect(page.get_by_role("button", name="English")).to_be_visible()
        assert await page.evaluate("document.documentElement.lang") == "zh-CN"
        if path == "kiosk.html":
            await expect(page.get_by_role("button", name=ITEMS[0].group_zh)).to_be_visible()


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="session")
async def test_the_pages_know_the_defaults_of_the_messages(open_page: OpenPage) -> None:
    async with page_server("kiosk") as server:
        page = await open_page(server, "index.html", token="")
        known = await page.evaluate("import('./client/messages.js').then(({ DEFAULTS }) => DEFAULTS)")
    stated = {}
    for message in messages.ServerMessage.__args__:
        defaults = {
            field.name: msgspec.to_builtins(
                field.default_factory() if field.default is msgspec.NODEFAULT else field.default
            )
            for field in msgspec.structs.fields(message)
            if field.name != "re" and not field.required
        }
        if defaults:
            stated[message.__struct_config__.tag] = defaults
    assert known == stated
