"""Calls of real pages over paths that are not plain UDP: TCP to the relay's own port, and a TURN server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page

from relay import Role
from tests.support.browser import load, until
from tests.support.running_relay import RunningRelay, running_relay

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
PATIENCE_S = 30.0
PICTURES = "document.querySelector('[data-slot=camera] video').getVideoPlaybackQuality().totalVideoFrames"
KEEP_CONNECTION = """
const Original = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Original {
  constructor(...options) { super(...options); window.connection = this; }
};"""
NO_UDP = """
const set = RTCPeerConnection.prototype.setRemoteDescription;
RTCPeerConnection.prototype.setRemoteDescription = function (description) {
  const lines = description.sdp.split('\\r\\n').filter((line) => !/^a=candidate:\\S+ 1 udp /i.test(line));
  return set.call(this, { type: description.type, sdp: lines.join('\\r\\n') });
};"""
"""As in a network that lets no UDP through: the relay's UDP candidates are not heard of."""
SELECTED = """async () => {
  const stats = await window.connection.getStats();
  const transport = [...stats.values()].find(({type}) => type === 'transport');
  const pair = stats.get(transport.selectedCandidatePairId);
  return {local: stats.get(pair.localCandidateId), remote: stats.get(pair.remoteCandidateId)};
}"""


@asynccontextmanager
async def call(browser: Browser, running: RunningRelay, script: str) -> AsyncIterator[tuple[Page, Page]]:
    """A kiosk and a seat, in a call that each sees the other in."""
    pages = []
    errors: list[str] = []
    for path, role in (("kiosk", Role.KIOSK), ("seat", Role.SEAT)):
        context = await browser.new_context(permissions=["camera", "microphone"], reduced_motion="reduce")
        await context.add_init_script(KEEP_CONNECTION + script)
        page = await context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        await load(page, f"{running.url}/{path}#token={running.token(f'{path}-1', role)}")
        pages.append(page)
    kiosk, seat = pages
    await seat.click("#go-ready")
    await kiosk.click("#groups button")
    await kiosk.click("#items button")
    await kiosk.click("#call")
    await seat.click("#accept", timeout=PATIENCE_S * 1000)
    for page in pages:
        await until(page, f"{PICTURES} > 10", PATIENCE_S)
        await until(page, "(window.relay.quality?.slots.microphone?.audio_energy ?? 0) > 0", PATIENCE_S)
    yield kiosk, seat
    for page in pages:
        await page.context.close()
    assert errors == []


async def test_pages_see_and_hear_each_other_over_tcp_where_udp_is_blocked(browser: Browser) -> None:
    async with running_relay() as running, call(browser, running, NO_UDP) as pages:
        for page in pages:
            selected = await page.evaluate(SELECTED)
            assert [selected[end]["protocol"] for end in ("local", "remote")] == ["tcp", "tcp"]
            assert selected["remote"]["tcpType"] == "passive"
        assert running.relay._exchange.media.stats().tcp_connections >= 2
        for page in pages:
            seen = await page.evaluate(PICTURES)
            await page.evaluate("window.relay.media.restart()")
            await until(page, f"{PICTURES} > {seen} + 10", PATIENCE_S)
