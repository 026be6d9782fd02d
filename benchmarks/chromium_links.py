"""Chromium over recorded networks: through the relay, with its uplink or its downlink emulated, beside Chromium to Chromium directly.

    python benchmarks/chromium_links.py                     three recordings, 30 s each: a table, a JSON file, plots
    python benchmarks/chromium_links.py --names all         every recording that binds a picture of 2.5 Mbit/s
    python benchmarks/chromium_links.py --names "fade_C up" --ways direct,down

A page sends sound and one picture that uses up to 2.5 Mbit/s (a clip of noise, so that it needs what it gets), another one plays
them. One way after the other, each over a link of its own that follows the same recording; the other direction has the same
delay and no bottleneck. In real time: the machine takes part, and `late` says by how much the emulator was late.

`use`: bits of the picture that arrived (no retransmissions, no padding) to what the link, or the picture, could have had.
`filled`: all that passed the link, likewise. `queue`: what packets waited before the bottleneck while the link exceeded
300 kbit/s. `frozen`: Chromium's own count (totalFreezesDuration), to the time in which the link exceeded 300 kbit/s; `gaps`:
the share of that time in gaps between frames of more than 200 ms, which counts also what Chromium does not call a freeze.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from playwright.async_api import Browser, Page, async_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.compare import RESULTS, keep  # noqa: E402
from loadtest.impair import Conditions, Fate, Link  # noqa: E402
from loadtest.impair.profiles import Profile  # noqa: E402
from loadtest.impair.shell.path import ImpairedPath  # noqa: E402
from loadtest.measure.histogram import Histogram  # noqa: E402
from relay.clock import SystemClock  # noqa: E402
from relay.config import SfuSettings  # noqa: E402
from relay.ids import PeerId  # noqa: E402
from relay.sfu import PeerOffer  # noqa: E402
from relay.sfu.shell.node import Sfu  # noqa: E402
from tests.support.browser import EXECUTABLE, FLAGS  # noqa: E402
from tests.support.sfu_calls import connect, running_sfu  # noqa: E402
from tests.support.trace_calls import DELAY_S, USABLE_BPS, Recording, recordings  # noqa: E402

NAMES = ("verizon_cell_driving_fade_C up", "tmobile_umts_driving_C up", "tmobile_lte_B up")
DEVELOPED_ON = frozenset({"verizon_cell_driving_fade_C up", "tmobile_umts_driving_C down"})
"""Looked at while the relay's side of this was written; what holds of the others was found afterwards."""
WAYS = ("direct", "up", "down")
CEILING_BPS = 2_500_000
SOUND_BPS = 45_000
WIDTH, HEIGHT, FRAMES_PER_S, CLIP_FRAMES = 480, 272, 25, 50
GAP_S, STEP_S = 0.2, 0.1
CONNECT_S = 20.0

SCRIPT = (
    """
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
async function gathered(connection) {
  while (connection.iceGatheringState !== 'complete') await sleep(20);
  return connection.localDescription.sdp;
}
async function sender(ceiling) {
  const media = await navigator.mediaDevices.getUserMedia({audio: {echoCancellation: false, noiseSuppression: false},
    video: {width: WIDTH, height: HEIGHT, frameRate: FRAMES_PER_S}});
  window.connection = new RTCPeerConnection();
  for (const track of media.getTracks()) {
    const sendEncodings = track.kind === 'video' ? [{maxBitrate: ceiling}] : [{}];
    connection.addTransceiver(track, {direction: 'sendonly', streams: [media], sendEncodings});
  }
}
function receiver() {
  window.connection = new RTCPeerConnection();
  const stream = new MediaStream();
  window.frames = [];
  window.picture = Object.assign(document.createElement('video'), {muted: true, srcObject: stream, autoplay: true});
  document.body.append(picture);
  connection.ontrack = ({track}) => stream.addTrack(track);
  const note = (now) => { window.frames.push((performance.timeOrigin + now) / 1000); picture.requestVideoFrameCallback(note); };
  picture.requestVideoFrameCallback(note);
}
async function offered() {
  if (!connection.getTransceivers().length) for (const kind of ['audio', 'video']) connection.addTransceiver(kind, {direction: 'recvonly'});
  await connection.setLocalDescription(await connection.createOffer());
  return gathered(connection);
}
async function answered(sdp) {
  await connection.setRemoteDescription({type: 'offer', sdp});
  await connection.setLocalDescription(await connection.createAnswer());
  return gathered(connection);
}
const accept = (sdp) => connection.setRemoteDescription({type: 'answer', sdp});
async function statistics() {
  const all = [...(await connection.getStats()).values()];
  const is = (each, type) => each.type === type && (each.kind ?? 'video') === 'video' && !each.nominated === (type !== 'candidate-pair');
  const of = (type) => all.find((each) => is(each, type)) ?? {};
  const {bytesReceived = 0, retransmittedBytesReceived = 0, headerBytesReceived = 0, freezeCount = 0, totalFreezesDuration = 0,
    framesDecoded = 0, nackCount = 0, pliCount = 0} = of('inbound-rtp');
  const {targetBitrate = 0, framesEncoded = 0, qualityLimitationReason = ''} = of('outbound-rtp');
  const {availableOutgoingBitrate = 0} = of('candidate-pair');
  return {bytesReceived, retransmittedBytesReceived, headerBytesReceived, freezeCount, totalFreezesDuration, framesDecoded, nackCount,
    pliCount, targetBitrate, framesEncoded, qualityLimitationReason, availableOutgoingBitrate};
}
""".replace("WIDTH", str(WIDTH))
    .replace("HEIGHT", str(HEIGHT))
    .replace("FRAMES_PER_S", str(FRAMES_PER_S))
)
PAGE = f"<!doctype html><title>link</title><body><script>{SCRIPT}</script>"


class MeasuredLink(Link):
    """Keeps what each datagram waited before the bottleneck."""

    def __init__(self, recording: Recording) -> None:
        super().__init__(
            Conditions(rate_bps=50e6, delay_ms=DELAY_S * 1000),
            1,
            recording.trace,
            uplink=recording.uplink,
            started=SystemClock().now_s(),
        )
        self.waits: list[tuple[float, float]] = []
        self.size_bytes = 0
        self._since_s = SystemClock().now_s()

    def handle_datagram(self, size_bytes: int, now: float) -> Fate:
        fate = super().handle_datagram(size_bytes, now)
        for arrives_s in fate.arrivals[:1]:
            self.size_bytes += size_bytes
            self.waits.append((now - self._since_s, arrives_s - now - DELAY_S))
        return fate


@dataclass
class Run:
    """What one way of one recording came to."""

    way: str
    use: float = 0.0
    filled: float = 0.0
    queue_p50_ms: float = 0.0
    queue_p95_ms: float = 0.0
    frozen: float = 0.0
    gaps: float = 0.0
    lost_before_bottleneck: int = 0
    late_p95_ms: float = 0.0
    receiver: dict[str, Any] = field(default_factory=dict)
    sender: dict[str, Any] = field(default_factory=dict)
    series: list[tuple[float, float]] = field(default_factory=list)
    """(s, bit/s): what the sender of the emulated hop thinks of it."""


class Way:
    """Two pages, and the emulated link between them."""

    def __init__(self, name: str, recording: Recording, sfu: Sfu, host: str) -> None:
        self.name, self._recording, self._sfu, self._host = name, recording, sfu, host
        self._lateness = Histogram()
        self._path: ImpairedPath | None = None
        self._link: MeasuredLink | None = None
        self._watcher = PeerId(f"watcher-{name}-{recording.name}")

    async def run(self, sender: Page, receiver: Page, seconds: float) -> Run:
        """Connect, and judge from the first second of the recording on."""
        await sender.evaluate("(ceiling) => sender(ceiling)", CEILING_BPS)
        await receiver.evaluate("receiver()")
        try:
            await (self._meet(sender, receiver) if self.name == "direct" else self._publish(sender, receiver))
            return await self._judge(sender, receiver, seconds)
        finally:
            if self._path is not None:
                self._path.close()

    async def _publish(self, sender: Page, receiver: Page) -> None:
        publisher = PeerId(f"publisher-{self.name}-{self._recording.name}")
        for page, peer, emulated in ((receiver, self._watcher, "down"), (sender, publisher, "up")):
            offer = await page.evaluate("offered()")
            named = dict(zip(_mids(offer), ("microphone", "camera"), strict=True))
            asked = PeerOffer(offer, named, {}) if page is sender else PeerOffer(offer, {}, named)  # type: ignore[arg-type]
            answer = await self._sfu.answer(peer, asked)
            if self.name == emulated:
                answer = _with_candidate(answer, await self._emulate(_candidate(answer), upward=page is sender))
            if page is sender:
                await connect(self._sfu, publisher, self._watcher, "microphone", "camera")
            await page.evaluate("(sdp) => accept(sdp)", answer)

    async def _meet(self, sender: Page, receiver: Page) -> None:
        answer = await receiver.evaluate(
            "(sdp) => answered(sdp)", _with_candidate(await sender.evaluate("offered()"), None)
        )
        address = await self._emulate(_candidate(answer), upward=True)
        await sender.evaluate("(sdp) => accept(sdp)", _with_candidate(answer, address))

    async def _emulate(self, server: tuple[str, int], *, upward: bool) -> tuple[str, int]:
        self._path = ImpairedPath(Profile(), 1, server, self._lateness)
        self._link = MeasuredLink(self._recording)
        plain = Link(Conditions(delay_ms=DELAY_S * 1000), 2)
        self._path.up, self._path.down = (self._link, plain) if upward else (plain, self._link)
        await self._path.open(self._host if self.name == "direct" else "127.0.0.1")
        return self._path.address

    async def _judge(self, sender: Page, receiver: Page, seconds: float) -> Run:
        assert self._link is not None
        run, started = Run(self.name), time.time()
        while (at_s := time.time() - started) < seconds:
            run.series.append((at_s, await self._estimate_bps(sender)))
            await asyncio.sleep(STEP_S)
        run.receiver = await receiver.evaluate("statistics()")
        run.sender = await sender.evaluate("statistics()")
        shown = [at - started for at in await receiver.evaluate("window.frames")]
        steps = [n * STEP_S for n in range(round(seconds / STEP_S))]
        capacity = [self._recording.capacity_bps(at_s) for at_s in steps]
        usable_s = sum(each > USABLE_BPS for each in capacity) * STEP_S
        got = run.receiver
        bits = (got["bytesReceived"] - got["retransmittedBytesReceived"] + got["headerBytesReceived"]) * 8
        run.use = bits / (sum(max(min(each - SOUND_BPS, CEILING_BPS), 0) for each in capacity) * STEP_S)
        run.filled = self._link.size_bytes * 8 / (sum(min(each, CEILING_BPS) for each in capacity) * STEP_S)
        waits = sorted(
            wait
            for at_s, wait in self._link.waits
            if self._recording.capacity_bps(at_s) > USABLE_BPS and at_s < seconds
        )
        run.queue_p50_ms, run.queue_p95_ms = (1000 * waits[int(share * len(waits))] for share in (0.5, 0.95))
        run.frozen = got["totalFreezesDuration"] / usable_s
        run.gaps = self._gaps_s(shown, seconds) / usable_s
        run.lost_before_bottleneck = sum(self._link.lost.values())
        run.late_p95_ms = self._lateness.quantile_ms(0.95) or 0.0
        return run

    def _gaps_s(self, shown: list[float], seconds: float) -> float:
        """Of the usable time, what lies in gaps; from the first frame on."""
        ends = [*[at for at in shown if 0 <= at < seconds], seconds]
        gaps = [(a, b) for a, b in pairwise(ends) if b - a > GAP_S]
        steps = [
            n * STEP_S for n in range(round(seconds / STEP_S)) if self._recording.capacity_bps(n * STEP_S) > USABLE_BPS
        ]
        return sum(STEP_S for at in steps if any(a <= at < b for a, b in gaps))

    async def _estimate_bps(self, sender: Page) -> float:
        if self.name != "down":
            return float((await sender.evaluate("statistics()"))["availableOutgoingBitrate"])
        stats = self._sfu.peer_stats(self._watcher)
        return float(stats.downlink.available_bps or 0) if stats is not None and stats.downlink is not None else 0.0


def _mids(sdp: str) -> list[str]:
    return [line.removeprefix("a=mid:").strip() for line in sdp.splitlines() if line.startswith("a=mid:")]


def _candidate(sdp: str) -> tuple[str, int]:
    """The first address for IPv4 and UDP."""
    fields = [line.split(" ") for line in sdp.splitlines() if line.startswith("a=candidate:")]
    return next((each[4], int(each[5])) for each in fields if each[2].lower() == "udp" and "." in each[4])


def _with_candidate(sdp: str, address: tuple[str, int] | None) -> str:
    """This address, or none, in the place of all others."""
    kept = []
    for line in sdp.splitlines():
        if line.startswith("a=candidate:") or line == "a=end-of-candidates":
            continue
        kept.append(line)
        if line.startswith("a=mid:") and address is not None:
            kept.append(f"a=candidate:1 1 udp 2130706431 {address[0]} {address[1]} typ host")
    return "".join(line + "\r\n" for line in kept)


def write_clip(path: Path) -> None:
    """Noise that moves: at any rate there is something to spend it on."""
    dice = np.random.default_rng(1)
    coarse = dice.integers(40, 216, (HEIGHT // 8, 2 * WIDTH // 8), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
    grain = dice.integers(0, 24, (CLIP_FRAMES, HEIGHT, WIDTH), dtype=np.uint8)
    colour = np.full(WIDTH * HEIGHT // 2, 128, dtype=np.uint8).tobytes()
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FRAMES_PER_S}:1 Ip A1:1 C420jpeg\n".encode())
        for number in range(CLIP_FRAMES):
            shift = 4 * number
            file.write(b"FRAME\n" + (coarse[:, shift : shift + WIDTH] + grain[number]).tobytes() + colour)


@asynccontextmanager
async def browser_with(clip: Path) -> AsyncIterator[Browser]:
    """Debian's Chromium, its windows never asleep."""
    flags = [
        *FLAGS,
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={clip}",
        "--disable-background-timer-throttling",
        "--disable-renderer-backgrounding",
        "--disable-backgrounding-occluded-windows",
        "--disable-features=WebRtcHideLocalIpsWithMdns",
    ]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=EXECUTABLE, headless=True, args=flags)
        try:
            yield browser
        finally:
            await browser.close()


async def _page(browser: Browser, stack: AsyncExitStack) -> Page:
    context = await browser.new_context(permissions=["camera", "microphone", "local-network-access"])
    stack.push_async_callback(context.close)
    await context.route("http://localhost:8123/**", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
    page = await context.new_page()
    await page.goto("http://localhost:8123/")
    return page


async def compare(browser: Browser, recording: Recording, ways: list[str], seconds: float) -> list[Run]:
    """One way after the other over one recording: two encoders and two decoders at once are too much for two cores."""
    runs = []
    for way in ways:
        async with AsyncExitStack() as stack:
            sfu = await stack.enter_async_context(running_sfu(SfuSettings(host="127.0.0.1")))
            sender, receiver = await _page(browser, stack), await _page(browser, stack)
            host = await _host(sender)
            async with asyncio.timeout(seconds + CONNECT_S):
                runs.append(await Way(way, recording, sfu, host).run(sender, receiver, seconds))
    return runs


async def _host(page: Page) -> str:
    """The address that Chromium names."""
    await page.evaluate("sender(1e6)")
    host, _ = _candidate(await page.evaluate("offered()"))
    await page.evaluate("connection.close()")
    return host


def plot(rows: list[tuple[Recording, list[Run]]], seconds: float, path: Path) -> None:
    """Estimates against the link."""
    import matplotlib  # noqa: PLC0415  an extra; the table does not need it

    matplotlib.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    colours = {"direct": "#8c959f", "up": "#0969da", "down": "#cf222e"}
    labels = {"direct": "Chromium, directly", "up": "Chromium to the relay", "down": "the relay to Chromium"}
    figure, axes = pyplot.subplots(len(rows), 1, figsize=(12, 3.4 * len(rows)), squeeze=False)
    for axis, (recording, runs) in zip(axes[:, 0], rows, strict=True):
        steps = [n * STEP_S for n in range(round(seconds / STEP_S))]
        capacity = [min(recording.capacity_bps(at_s), 2 * CEILING_BPS) / 1e3 for at_s in steps]
        axis.fill_between(steps, capacity, color="#d0d7de", step="post", label="link (cut at 5 Mbit/s)")
        for run in runs:
            points = [(at_s, min(bps, 2 * CEILING_BPS) / 1e3) for at_s, bps in run.series]
            axis.plot(*zip(*points, strict=True), color=colours[run.way], linewidth=1.0, label=labels[run.way])
        axis.set(title=recording.name, ylabel="kbit/s", xlim=(0, seconds), ylim=(0, 1.05 * max(capacity)))
    axes[0, 0].legend(loc="upper right")
    axes[-1, 0].set_xlabel("s")
    figure.tight_layout()
    figure.savefig(path, dpi=100)


async def measure(arguments: argparse.Namespace, chosen: list[Recording]) -> list[tuple[Recording, list[Run]]]:
    """Each recording; rows are printed as they come."""
    rows = []
    ways = arguments.ways.split(",")
    print(
        f"{'recording':32} {'way':7} {'use':>6} {'filled':>7} {'queue p50/p95':>16} {'frozen':>7} {'gaps':>7} {'late p95':>9}"
    )
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "noise.y4m"
        write_clip(clip)
        async with browser_with(clip) as browser:
            for recording in chosen:
                runs = await compare(browser, recording, ways, arguments.seconds)
                rows.append((recording, runs))
                for run in runs:
                    print(
                        f"{recording.name:32} {run.way:7} {run.use:6.1%} {run.filled:7.1%} {run.queue_p50_ms:6.0f} / {run.queue_p95_ms:5.0f} ms "
                        f"{run.frozen:7.1%} {run.gaps:7.1%} {run.late_p95_ms:6.1f} ms",
                        flush=True,
                    )
                    if arguments.verbose:
                        print(json.dumps({"receiver": run.receiver, "sender": run.sender}))
    return rows


def _go_first() -> None:
    """The emulated network and the relay do not wait for browsers that compute; without the right to, they do."""
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(1))


def binding(recording: Recording, seconds: float) -> bool:
    """Whether the picture would use more than the link carries, at some time."""
    return any(recording.capacity_bps(n * STEP_S) < CEILING_BPS for n in range(round(seconds / STEP_S)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--names", default=",".join(NAMES), help="parts of names, separated by commas; or all")
    parser.add_argument("--ways", default=",".join(WAYS))
    parser.add_argument("--json", type=Path, default=RESULTS / "chromium_links.json", metavar="FILE")
    parser.add_argument("--plot", type=Path, default=RESULTS / "chromium_links.png", metavar="FILE")
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    folder = Path(os.environ.get("RELAY_SHARED") or ROOT.parent / "shared") / "traces"
    known = [each for each in recordings(folder) if each.family == "rate"]
    parts = arguments.names.split(",")
    chosen = [
        each
        for each in known
        if (binding(each, arguments.seconds) if parts == ["all"] else any(part in each.name for part in parts))
    ]
    if not chosen:
        sys.exit(f"no such recordings under {folder} (set RELAY_SHARED to the shared folder)")
    _go_first()
    rows = asyncio.run(measure(arguments, chosen))
    told = [
        {"recording": recording.name, "developed_on": recording.name in DEVELOPED_ON, **asdict(run), "series": None}
        for recording, runs in rows
        for run in runs
    ]
    keep("chromium_links", {"seconds": arguments.seconds, "ceiling_bps": CEILING_BPS, "runs": told}, arguments.json)
    plot(rows, arguments.seconds, arguments.plot)


if __name__ == "__main__":
    main()
