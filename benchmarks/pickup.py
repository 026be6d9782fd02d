"""Pick-up to first decoded frame, beside a fresh WHEP negotiation of the same camera: Chromium on both sides, no network delay.

A kiosk page calls, and a seat page accepts; its browser says how long the first camera frame took from the touch of the
button, the way of the acceptance through relay and scheduler included. While they talk, a third page negotiates the same camera by WHEP and says how long that took from the making of
its connection. In turns, in one run; the relay is in this process, its clients share the machine.

    python benchmarks/pickup.py [--rounds 20] [--json FILE] [--plot FILE]
"""

import argparse
import asyncio
import statistics
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Page
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.compare import keep
from loadtest.measure.histogram import Histogram
from loadtest.report import Curve, Plot
from loadtest.report.svg import to_svg
from relay import Grants, Role
from tests.support.browser import chromium
from tests.support.running_relay import RunningRelay, running_relay

PATIENCE_S = 30.0
ACCEPT = """() => new Promise((resolve) => {
  const began = performance.now();
  window.relay.addEventListener('first-frame', ({detail}) => {
    if (detail.slot === 'camera') resolve(performance.now() - began);
  });
  document.querySelector('#accept').click();
})"""
WATCH = """async ([url, token]) => {
  const began = performance.now();
  const connection = new RTCPeerConnection();
  connection.addTransceiver('video', {direction: 'recvonly'});
  const player = Object.assign(document.createElement('video'), {muted: true, autoplay: true});
  document.body.append(player);
  connection.ontrack = ({track}) => (player.srcObject = new MediaStream([track]));
  await connection.setLocalDescription(await connection.createOffer());
  const headers = {authorization: `Bearer ${token}`, 'content-type': 'application/sdp'};
  const created = await fetch(url, {method: 'POST', headers, body: connection.localDescription.sdp});
  if (created.status !== 201) throw new Error(await created.text());
  const session = new URL(created.headers.get('location'), url).href;
  await connection.setRemoteDescription({type: 'answer', sdp: await created.text()});
  const elapsedMs = await new Promise((resolve) => player.requestVideoFrameCallback((nowMs) => resolve(nowMs - began)));
  await fetch(session, {method: 'DELETE', headers: {authorization: `Bearer ${token}`}});
  connection.close();
  player.remove();
  return elapsedMs;
}"""


@asynccontextmanager
async def page_of(browser: Browser, url: str) -> AsyncIterator[Page]:
    context = await browser.new_context(permissions=["camera", "microphone"], viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_S * 1000)
    await page.goto(url)
    yield page
    await context.close()


async def pick_up(kiosk: Page, seat: Page) -> float:
    """One call is made and accepted; milliseconds to the seat's first frame."""
    for selector in ("#groups button", "#items button", "#confirm button[type=submit]"):
        await kiosk.click(selector)
    await seat.wait_for_selector("#accept", state="visible")
    return float(await seat.evaluate(ACCEPT))


async def hang_up(kiosk: Page, seat: Page) -> None:
    """The call ends, is wrapped up, and both are as before it."""
    await kiosk.click("#hang-up")
    await kiosk.click("#question [value=yes]")
    await seat.click("#wrapup button[type=submit]")
    await kiosk.reload()


async def measure(rounds: int) -> dict[str, list[float]]:
    """Times of both, in turns; milliseconds."""
    times: dict[str, list[float]] = {"pick_up": [], "whep": []}
    async with AsyncExitStack() as stack:
        running: RunningRelay = await stack.enter_async_context(running_relay())
        browser = await stack.enter_async_context(chromium(cameras=1, frames_per_s=30))
        kiosk, seat, watcher = [
            await stack.enter_async_context(page_of(browser, f"{running.url}/{path}"))
            for path in (
                f"kiosk#token={running.token('kiosk-1', Role.KIOSK)}",
                f"seat#token={running.token('seat-4', Role.SEAT)}",
                "healthz",
            )
        ]
        token = running.token("watcher", Role.MEDIA, grants=Grants(watch=("kiosks/kiosk-1",)))
        await seat.click("#go-ready")
        for _ in range(rounds):
            times["pick_up"].append(await pick_up(kiosk, seat))
            address = f"{running.url}/whep/kiosks/kiosk-1"
            times["whep"].append(float(await watcher.evaluate(WATCH, [address, token])))
            await hang_up(kiosk, seat)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="an SVG")
    options = parser.parse_args()
    times = asyncio.run(measure(options.rounds))
    figures: dict[str, float] = {"rounds": options.rounds}
    table = Table(title="To the first decoded frame, ms")
    for heading in ("", "p50", "p95", "most"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, measured in times.items():
        p50, p95 = statistics.median(measured), statistics.quantiles(measured, n=20)[-1]
        figures |= {f"{name}_p50_ms": round(p50, 1), f"{name}_p95_ms": round(p95, 1)}
        table.add_row(name, f"{p50:.0f}", f"{p95:.0f}", f"{max(measured):.0f}")
    figures["ratio_whep_to_pick_up"] = round(figures["whep_p50_ms"] / figures["pick_up_p50_ms"], 2)
    Console().print(table)
    if options.json:
        keep("pickup", figures, options.json)
    if options.plot:
        options.plot.write_text(_drawn(times), "utf-8")


def _drawn(times: dict[str, list[float]]) -> str:
    curves = []
    for name, measured in times.items():
        histogram = Histogram()
        for value in measured:
            histogram.observe_ms(value)
        curves.append(Curve(name, tuple(histogram.cdf())))
    plot = Plot("To the first decoded frame", "ms", "share up to", tuple(curves), "log")
    return to_svg(plot).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)


if __name__ == "__main__":
    main()
