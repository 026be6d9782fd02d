"""The real downlink over recorded networks: packet path, estimator, budget, pacer and probes, in real time on loopback.

    python benchmarks/downlink.py                     three recordings, 30 s each, and a link that drops from 5 to 0.5 Mbit/s and back
    python benchmarks/downlink.py --only fade         names that contain a word
    python benchmarks/downlink.py --seconds 60

A kiosk sends sound, a document of 300 kbit/s and a camera in three encodings (150, 600 and 1,800 kbit/s); what the relay sends to the
seat passes an emulated link, and the seat answers every 50 ms as Chromium does. The relay can only choose among the
encodings: `best` is the share of what an all-knowing choice would have carried, second by second. The table tells of a busy
machine too: it runs in real time.
"""

import argparse
import heapq
import json
import os
import select
import sys
import time
from collections import defaultdict
from itertools import count
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from loadtest.impair import Conditions, Link  # noqa: E402
from loadtest.traces import Sample, Trace, parse_trace  # noqa: E402
from relay.sfu.media.layers import Content  # noqa: E402
from relay.sfu.ports import Downlink, Extension, Kind, NoticeKind  # noqa: E402
from relay.sfu.session.downlink import PeerDownlink, View  # noqa: E402
from relay.sfu.session.layer_rates import SourceRates  # noqa: E402
from relay.sfu.wire.rtcp.twcc import TransportFeedback  # noqa: E402
from tests.support.media_bench import OPUS, Bench  # noqa: E402
from tests.support.packets import pli, read_rtp, receiver_report, rtp, vp8  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results"
NAMES = ("verizon_cell_driving_fade_C up", "tmobile_umts_driving_C down", "alphartc_5g_A up")
STEPS = Trace(
    "steps",
    tuple(Sample(at_s, bps, bps, None, None) for at_s, bps in ((0.0, 5e6), (10.0, 5e5), (20.0, 5e6), (1e6, 5e6))),
)
DELAY_S, FEEDBACK_S, TICK_S, FRAME_S, SOUND_S = 0.025, 0.05, 0.01, 1 / 30, 0.02
NUMBER, MID, RID = 3, 4, 10
ENCODINGS = {b"l": 150_000, b"m": 600_000, b"h": 1_800_000}
DOCUMENT_BPS, SOUND_BYTES, PACKET_BYTES = 300_000, 100, 1_100
SOUND_BPS = SOUND_BYTES * 8 * 50
FROZEN_S = 0.2


class Film:
    """One encoding: frames of equal size, keyframes three times as large when asked for."""

    def __init__(self, ssrc: int, rate_bps: int, extensions: dict[int, bytes]) -> None:
        self.ssrc, self.rate_bps, self.extensions = ssrc, rate_bps, extensions
        self.keyframe = True
        self._sequence, self._frames = 100, count(1)

    def frame(self, at_s: float) -> list[bytes]:
        size = int(self.rate_bps * FRAME_S / 8) * (3 if self.keyframe else 1)
        frame, key = next(self._frames), self.keyframe
        self.keyframe = False
        packets = []
        while size > 0:
            length = min(size, PACKET_BYTES)
            size -= length
            payload = vp8(keyframe=key, begins=not packets, picture=frame & 0x7FFF, body=bytes(max(length - 30, 1)))
            packets.append(
                rtp(
                    self._sequence,
                    int(at_s * 90_000),
                    ssrc=self.ssrc,
                    payload=payload,
                    marker=size <= 0,
                    extensions=self.extensions,
                )
            )
            self._sequence += 1
        return packets


class Call:
    """One kiosk, one seat behind the link."""

    def __init__(self, trace: Trace, uplink: bool) -> None:
        self.bench = Bench()
        forwarder = self.forwarder = self.bench.forwarder
        self.kiosk, self.seat = self.bench.client().join(), self.bench.client().join()
        forwarder.set_extensions(self.kiosk.peer, {Extension.MID: MID, Extension.RID: RID})
        forwarder.set_extensions(self.seat.peer, {Extension.TRANSPORT_CC: NUMBER})
        microphone = self.kiosk.track(0x1000, kind=Kind.AUDIO, payloads=OPUS)
        document = self.kiosk.track(0x1001)
        camera = self.kiosk.track(0, mid=b"c")
        self.encodings = forwarder.add_encodings(camera, list(ENCODINGS))
        self.films = {document: Film(0x1001, DOCUMENT_BPS, {})} | {
            handle: Film(0x2000 + n, rate_bps, {MID: b"c", RID: rid})
            for n, (handle, (rid, rate_bps)) in enumerate(zip(self.encodings, ENCODINGS.items(), strict=True))
        }
        self.slots = {
            self.seat.slot(0x3000, kind=Kind.AUDIO, payloads=OPUS): (microphone, Kind.AUDIO, Content.MOTION),
            self.seat.slot(0x3001, 0x4001): (document, Kind.VIDEO, Content.DETAIL),
            self.seat.slot(0x3002, 0x4002): (camera, Kind.VIDEO, Content.MOTION),
        }
        for slot, (track, _, _) in self.slots.items():
            forwarder.connect(slot, track)
        self.downlink = PeerDownlink(
            self.seat.peer, forwarder, lambda slot, layer: forwarder.select_layer(slot, *layer)
        )
        self.rates = SourceRates(forwarder)
        self.started = time.time()
        self.link = Link(Conditions(rate_bps=50e6, delay_ms=DELAY_S * 1000), 1, trace, uplink=uplink)
        self._on_way: list[tuple[float, int, bytes]] = []
        self._numbers = count()
        self._sound = count(1)
        self._arrivals: dict[int, int] = {}
        self._position = 0
        self._broken: dict[int, bool] = defaultdict(bool)
        self._highest: dict[int, int] = {}
        self.queue_s: list[float] = []
        self.sound = [0, 0]
        self.pictures: dict[int, list[float]] = defaultdict(list)
        self.bits: dict[int, float] = defaultdict(float)
        self.series: list[tuple[float, float, float]] = []

    def run(self, seconds: float) -> None:
        timers: list[Any] = [
            [0.0, FRAME_S, self._film],
            [0.0, SOUND_S, self._speak],
            [0.0, TICK_S, self._tick],
            [0.0, FEEDBACK_S, self._feed_back],
            [0.0, 0.25, self._look],
        ]
        while (now := time.time() - self.started) < seconds:
            for timer in timers:
                if timer[0] <= now:
                    timer[0] = max(timer[0] + timer[1], now - timer[1])
                    timer[2]()
            select.select([self.bench.socket], [], [], 0.001)
            self.forwarder.pump()
            due_ns = self.forwarder.pace_due_ns()
            if due_ns and due_ns <= time.time_ns():
                self.forwarder.pace(time.time_ns())
            self._pass_link(time.time() - self.started)
        self.bench.close()

    def _film(self) -> None:
        at_s = time.time() - self.started
        self.kiosk.send(*(packet for film in self.films.values() for packet in film.frame(at_s)))

    def _speak(self) -> None:
        number = next(self._sound)
        self.sound[0] += 1
        self.kiosk.send(rtp(number, 960 * number, ssrc=0x1000, payload_type=111, payload=bytes(SOUND_BYTES - 12)))

    def _tick(self) -> None:
        self.forwarder.tick(time.time_ns())
        for kind, handle in self.bench.notices():
            if kind is NoticeKind.KEYFRAME_WANTED and handle in self.films:
                self.films[handle].keyframe = True
        for report in self.forwarder.downlinks():
            self._take(report)

    def _look(self) -> None:
        self._take(self.forwarder.downlink(self.seat.peer))

    def _take(self, report: Downlink) -> None:
        now = time.time()
        views = [
            View(slot, kind, content, self.rates.of(track, now).rates_bps())
            for slot, (track, kind, content) in self.slots.items()
        ]
        self.downlink.handle_report(report, views, now)
        state = self.downlink.state()
        self.series.append((now - self.started, state.available_bps or 0, state.allocated_bps))

    def _pass_link(self, now: float) -> None:
        for data in self.seat.datagrams():
            fate = self.link.handle_datagram(len(data), now)
            for arrives_s in fate.arrivals:
                self.queue_s.append(arrives_s - now - DELAY_S)
                heapq.heappush(self._on_way, (arrives_s, next(self._numbers), data))
        while self._on_way and self._on_way[0][0] <= now:
            arrives_s, _, data = heapq.heappop(self._on_way)
            if not 192 <= data[1] <= 223:
                self._receive(data, arrives_s)

    def _receive(self, data: bytes, at_s: float) -> None:
        packet = read_rtp(self.seat.inbound.unprotect(data))
        number = int.from_bytes(packet.extensions[NUMBER], "big")
        position = self._position + ((number - self._position + 0x8000) & 0xFFFF) - 0x8000
        self._position = max(self._position, position)
        self._arrivals[position] = int(at_s * 1e6)
        if packet.ssrc == 0x3000:
            self.sound[1] += 1
        if packet.ssrc in (0x3000, 0x3001, 0x3002):
            self.bits[int(at_s)] += len(data) * 8
        if packet.ssrc in (0x3001, 0x3002):
            self._decode(packet.ssrc, packet.sequence, packet.payload, packet.marker, at_s)

    def _decode(self, ssrc: int, sequence: int, payload: bytes, marker: bool, at_s: float) -> None:
        gap = sequence != (self._highest.get(ssrc, sequence - 1) + 1) & 0xFFFF
        self._highest[ssrc] = sequence
        key = bool(payload[0] & 0x10) and payload[4] == 0
        self._broken[ssrc] = (self._broken[ssrc] or gap) and not key
        if self._broken[ssrc] and gap:
            self.seat.send_rtcp(receiver_report(), pli(ssrc))
        if marker and not self._broken[ssrc]:
            self.pictures[ssrc].append(at_s)

    def _feed_back(self) -> None:
        fresh = sorted((number, at_us) for number, at_us in self._arrivals.items())
        self._arrivals = {}
        for message in TransportFeedback.build(1, 0x3001, 0, fresh):
            self.seat.send_rtcp(receiver_report(), message.serialise())


def ideal_bps(capacity_bps: float) -> float:
    """The most that a choice among the encodings could carry."""
    best = min(SOUND_BPS, capacity_bps)
    for camera in (0, *ENCODINGS.values()):
        for document in (0, DOCUMENT_BPS):
            total = SOUND_BPS + document + camera
            if total <= capacity_bps:
                best = max(best, total)
    return best


def judge(name: str, trace: Trace, uplink: bool, seconds: float) -> tuple[dict[str, float | str], Call]:
    call = Call(trace, uplink)
    call.run(seconds)
    rates = [trace.at(float(second)) for second in range(int(seconds))]
    capacity = [(each.up_bps if uplink else each.down_bps) or 0.0 for each in rates]
    ideal = sum(map(ideal_bps, capacity))
    shown = call.pictures[0x3001]
    gaps = [later - earlier for earlier, later in zip(shown, [*shown[1:], seconds], strict=True)]
    return {
        "recording": name,
        "seconds": seconds,
        "link_kbps": sum(capacity) / len(capacity) / 1e3,
        "best": sum(call.bits[second] for second in range(int(seconds))) / ideal,
        "of_link": sum(call.bits.values()) / sum(min(each, 2.3e6) for each in capacity),
        "queue_p50_ms": 1e3 * sorted(call.queue_s)[len(call.queue_s) // 2],
        "queue_p95_ms": 1e3 * sorted(call.queue_s)[int(0.95 * len(call.queue_s))],
        "sound_arrived": call.sound[1] / call.sound[0],
        "document_frozen": sum(gap for gap in gaps if gap > FROZEN_S) / seconds,
        "padding_packets": call.forwarder.counters()["padding_out"],
        "paced_out": call.forwarder.counters()["drop_paced_out"],
    }, call


def plot(calls: list[tuple[str, Trace, bool, Call, float]], path: Path) -> None:
    import matplotlib  # noqa: PLC0415  an extra; the table does not need it

    matplotlib.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    figure, axes = pyplot.subplots(len(calls), 1, figsize=(12, 3 * len(calls)), squeeze=False)
    for axis, (name, trace, uplink, call, seconds) in zip(axes[:, 0], calls, strict=True):
        steps = [n * 0.1 for n in range(int(seconds * 10))]
        samples = [trace.at(at_s) for at_s in steps]
        capacity = [((each.up_bps if uplink else each.down_bps) or 0.0) / 1e3 for each in samples]
        axis.fill_between(
            steps, [min(each, 6000) for each in capacity], color="#d0d7de", step="post", label="link (cut at 6 Mbit/s)"
        )
        axis.plot(*zip(*((at_s, estimate / 1e3) for at_s, estimate, _ in call.series), strict=True), label="estimate")
        axis.plot(*zip(*((at_s, sent / 1e3) for at_s, _, sent in call.series), strict=True), label="allocated")
        axis.set(title=name, ylabel="kbit/s", ylim=(0, 6000), xlim=(0, seconds))
    axes[0, 0].legend(loc="upper right")
    figure.tight_layout()
    figure.savefig(path, dpi=100)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    folder = Path(os.environ.get("RELAY_SHARED") or ROOT.parent / "shared") / "traces"
    work = [("steps 5, 0.5, 5 Mbit/s", STEPS, False)]
    for name in NAMES:
        stem, direction = name.rsplit(" ", 1)
        path = folder / f"{stem}.csv"
        if path.exists():
            parsed = parse_trace(stem, path.read_text("utf-8"))
            samples = tuple(Sample(s.at_s, s.up_bps, s.down_bps, None, s.loss) for s in parsed.samples)
            work.append((name, Trace(stem, samples), direction == "up"))
    rows, calls = [], []
    for name, trace, uplink in work:
        if arguments.only not in name:
            continue
        row, call = judge(name, trace, uplink, arguments.seconds)
        print(json.dumps(row), flush=True)
        rows.append(row)
        calls.append((name, trace, uplink, call, arguments.seconds))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "downlink.json").write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    plot(calls, RESULTS / "downlink.png")


if __name__ == "__main__":
    main()
