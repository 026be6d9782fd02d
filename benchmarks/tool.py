"""The limits of the load test's own bots: packets a second that one core sends and receives, and how late frames leave.

    python benchmarks/tool.py [--seconds 4] [--json FILE] [--plot FILE]

Bots send to bots over the loopback, with nothing in between: SRTP (AES-128-GCM) both ways, 1,100 bytes a packet, camera-like
frames. The load grows until less than 97 % of it gets through. CPU is that of the engine's thread, the kernel's part
included; every packet counts twice, since this core both sends and receives it. Lateness is also that of a machine which
does other things: the column of a quiet one is the tool's.
"""

import argparse
import itertools
import os
import socket
import statistics
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from benchmarks.compare import keep  # noqa: E402
from loadtest.bots.shell.crew import raise_file_limit  # noqa: E402
from loadtest.engine import Engine, Media  # noqa: E402
from loadtest.measure.histogram import Histogram  # noqa: E402
from loadtest.report import Curve, Plot, Report, to_svg_page  # noqa: E402

GCM, KEY_BYTES = 0x0007, 28
FRAME_PACKETS, FRAMES_PER_S, PAYLOAD_BYTES = 6, 25, 1100
WHOLE = 0.97
SETTLE_S = 0.5
STREAMS = (50, 100, 200, 300, 400, 500, 600, 800)


@dataclass(frozen=True, slots=True)
class Load:
    """What was measured with so many streams."""

    streams: int
    packets_per_s: float
    """Sent and received."""
    cpu_share: float
    packets_per_core_s: float
    lateness_p99_ms: float
    lag_p99_ms: float
    overflow: int

    @property
    def whole(self) -> bool:
        """Whether what was asked for got through."""
        asked = 2 * self.streams * FRAMES_PER_S * FRAME_PACKETS
        return self.packets_per_s >= WHOLE * asked and not self.overflow


def camera() -> Media:
    """One second: 25 frames of 6 packets, the first a keyframe."""
    payloads = [
        (b"\x00\x55" if packet else b"\x10\x00" if frame == 0 else b"\x10\x01") + bytes(PAYLOAD_BYTES - 2)
        for frame, packet in itertools.product(range(FRAMES_PER_S), range(FRAME_PACKETS))
    ]
    ticks = 90_000 // FRAMES_PER_S
    firsts = range(0, len(payloads), FRAME_PACKETS)
    return Media(payloads, firsts, range(0, 90_000, ticks), 90_000, 90_000)


class Loop:
    """Pairs of bots in one engine, whose thread tells its own CPU time."""

    def __init__(self, streams: int) -> None:
        self.engine = Engine(1)
        self.cpu_s = 0.0
        self._stopping = False
        self._sockets: list[socket.socket] = []
        self._thread = threading.Thread(target=self._work)
        media = self.engine.add_media(camera())
        self.senders = [self._pair(media, number) for number in range(streams)]
        self._thread.start()

    def _pair(self, media: int, number: int) -> int:
        ends = [self._bound(), self._bound()]
        bots = [self.engine.add_bot(each.fileno()) for each in ends]
        keys = [os.urandom(KEY_BYTES) for _ in ends]
        for side, bot in enumerate(bots):
            self.engine.set_keys(bot, GCM, keys[side], keys[1 - side])
            self.engine.set_path(bot, *ends[1 - side].getsockname())
        ssrc = 1000 + number
        self.engine.add_receiver(bots[1], ssrc=ssrc, codec="VP8", histogram=0, stamp_id=3)
        return self.engine.add_sender(bots[0], media, payload_type=96, ssrc=ssrc, stamp_id=3)

    def _bound(self) -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_097_152)
        made.bind(("127.0.0.1", 0))
        self._sockets.append(made)
        return made

    def _work(self) -> None:
        while not self._stopping:
            self.engine.poll()

    def play(self) -> None:
        """Frames begin spread over one frame's time."""
        for number, sender in enumerate(self.senders):
            self.engine.play(sender, True, phase_s=number / len(self.senders) / FRAMES_PER_S)

    def thread_cpu_s(self) -> float:
        """CPU of the engine's thread so far."""
        return time.clock_gettime(time.pthread_getcpuclockid(self._thread.ident or 0))

    def lateness(self) -> tuple[Histogram, Histogram]:
        """Of frames, and of reading."""
        return Histogram(self.engine.histogram(-2)), Histogram(self.engine.histogram(-1))

    def close(self) -> None:
        self._stopping = True
        self.engine.stop()
        self._thread.join()
        for each in self._sockets:
            each.close()


def measure(streams: int, seconds: float) -> Load:
    """One load, after half a second in which it settles."""
    loop = Loop(streams)
    try:
        loop.play()
        time.sleep(SETTLE_S)
        before, cpu_s, began_s = loop.engine.totals(), loop.thread_cpu_s(), time.monotonic()
        late, lag = loop.lateness()
        time.sleep(seconds)
        totals, spent_s, wall_s = loop.engine.totals(), loop.thread_cpu_s() - cpu_s, time.monotonic() - began_s
        later, lagged = loop.lateness()
    finally:
        loop.close()
    packets = sum(totals[name] - before[name] for name in ("packets_sent", "packets_received"))
    return Load(
        streams,
        packets / wall_s,
        spent_s / wall_s,
        packets / spent_s,
        (later - late).quantile_ms(0.99) or 0.0,
        (lagged - lag).quantile_ms(0.99) or 0.0,
        totals["overflow"] - before["overflow"],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0, help="measured at each load")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="an SVG")
    options = parser.parse_args()
    raise_file_limit(2 * max(STREAMS))
    table = Table(title="One thread of bots, sending to itself")
    for heading in ("streams", "packets/s", "of a core", "packets/s a core", "late p99, ms", "unread p99, ms", "lost"):
        table.add_column(heading, justify="right")
    loads = []
    for streams in STREAMS:
        load = measure(streams, options.seconds)
        loads.append(load)
        cells = f"{load.packets_per_s:,.0f}", f"{load.cpu_share:.0%}", f"{load.packets_per_core_s:,.0f}"
        table.add_row(str(streams), *cells, f"{load.lateness_p99_ms:.1f}", f"{load.lag_p99_ms:.1f}", str(load.overflow))
        if not load.whole:
            break
    Console().print(table)
    within = [load for load in loads if load.whole] or loads[:1]
    figures = {
        "packets_per_core_s": statistics.median(load.packets_per_core_s for load in within),
        "most_packets_per_s": max(load.packets_per_s for load in within),
        "lateness_p99_ms": statistics.median(load.lateness_p99_ms for load in within),
    }
    if options.json:
        keep("tool", {**figures, "loads": [asdict(load) for load in loads]}, options.json)
    if options.plot:
        options.plot.write_text(to_svg_page(_report(loads)), "utf-8")


def _report(loads: list[Load]) -> Report:
    def curve(label: str, name: str, dots: bool = False) -> Curve:
        return Curve(label, tuple((each.packets_per_s, getattr(each, name)) for each in loads), dots)

    plots = (
        Plot("Frames leave late", "packets/s, sent and received", "ms", (curve("p99", "lateness_p99_ms"),)),
        Plot("CPU of the bots' thread", "packets/s, sent and received", "cores", (curve("thread", "cpu_share"),)),
    )
    return Report("The load test's own limits", "python benchmarks/tool.py", "", {}, plots=plots)


if __name__ == "__main__":
    main()
