"""A call and its recorder in virtual time: real encoded claps, the relay's real rewriting, a network of our own making.

Nothing here waits. A `Speaker` claps every two seconds: its picture turns white in the instant its sound begins.
"""

import io
import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import Any, Literal

import av
from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.vpx import Vp8Encoder
from av.packet import Packet as EncodedPacket

from relay.client.clip import Clip
from relay.client.webrtc import VideoCodec
from relay.recorder.messages import FedBy
from relay.recorder.recording import Bounds, Deed, Recording, WantPackets, Write
from relay.recorder.session import Media, Report
from relay.sfu.dataplane.rewrite import StreamRewrite
from relay.sfu.wire.rtp import Packet
from tests.support.clapper import beeps, claps, flashes

Kind = Literal["audio", "video"]
RATES = {"audio": 48_000, "video": 90_000}
SLOTS: dict[str, Kind] = {"microphone": "audio", "camera": "video"}
PAYLOAD_TYPES = {"opus": 111, "VP8": 96, "H264": 100}
EPOCH_S = 1_700_000_000.0
"""The recorder's clock when virtual time is 0."""
STEP_S = 0.01


@cache
def payloads(codec: str) -> tuple[tuple[int, bool, tuple[bytes, ...]], ...]:
    """One round of claps: time in ticks, whether it is a keyframe, and its payloads as aiortc packs them."""
    picture, sound = claps("H264" if codec == "H264" else "VP8")
    if codec == "opus":
        return tuple((each.at, True, (each.data,)) for each in sound.packets)
    packer = H264Encoder() if codec == "H264" else Vp8Encoder()
    return tuple((each.at, each.keyframe, tuple(packer.pack(_timed(each, picture))[0])) for each in picture.packets)


def _timed(each: Any, clip: Clip) -> "EncodedPacket[Any]":
    encoded: EncodedPacket[Any] = EncodedPacket(each.data)
    encoded.pts = encoded.dts = each.at
    encoded.time_base = Fraction(1, clip.clock_rate_hz)
    return encoded


@dataclass
class Speaker:
    """A participant with a clock and a network of its own."""

    name: str
    codec: VideoCodec = "VP8"
    phase_s: float = 0.0
    clock_s: float = 0.0
    """How far its clock is ahead of the relay's."""
    delay_s: float = 0.03
    silent: tuple[tuple[float, float, str], ...] = ()
    """(from, until, kind): what it does not send."""
    late_reports_s: float = 0.0
    """By how much a sender report may be stamped too late, at random."""

    def claps_between(self, begin_s: float, end_s: float) -> list[float]:
        first = self.phase_s + 1.0
        return [at_s for n in range(100) if begin_s <= (at_s := first + 2.0 * n) < end_s]


@dataclass
class Track:
    """A speaker's stream as it leaves: packets when they are sent, and what the relay knows of it."""

    speaker: Speaker
    kind: Kind
    first_sequence: int
    first_timestamp: int

    def packets(self, until_s: float) -> Iterator[tuple[float, Packet, bool]]:
        """(when captured, packet, whether it begins a keyframe)."""
        codec = "opus" if self.kind == "audio" else self.speaker.codec
        rate_hz, position, number = RATES[self.kind], 0, 0
        while self.speaker.phase_s + 2.0 * number < until_s:
            for at, keyframe, parts in payloads(codec):
                at_s = self.speaker.phase_s + 2.0 * number + at / rate_hz
                if any(a <= at_s < b and kind == self.kind for a, b, kind in self.speaker.silent):
                    continue
                timestamp = (self.first_timestamp + round(at_s * rate_hz)) % 2**32
                for part, payload in enumerate(parts):
                    sequence = self.first_sequence + position
                    marker = part == len(parts) - 1
                    packet = Packet(PAYLOAD_TYPES[codec], sequence, timestamp, 1, marker, payload)
                    yield at_s, packet, keyframe and part == 0
                    position += 1
            number += 1


@dataclass
class Line:
    """One slot of the recorder: the relay's rewriting of whatever feeds it."""

    slot: str
    rewrite: StreamRewrite = field(init=False)
    given: dict[int, Packet] = field(default_factory=dict)
    offset: int | None = None

    def __post_init__(self) -> None:
        rate_hz = RATES[SLOTS[self.slot]]
        self.rewrite = StreamRewrite(SLOTS[self.slot] == "video", 65_400, 2**32 - 3 * rate_hz, rate_hz)

    def passed(self, packet: Packet, received_s: float, *, keyframe: bool) -> Packet | None:
        drop, sequence, timestamp, *_ = self.rewrite.label(
            packet.sequence + (1 << 20),
            packet.timestamp,
            round(received_s * 1e9),
            marker=packet.marker,
            keyframe=keyframe,
        )
        if drop:
            return None
        self.offset = timestamp - packet.timestamp
        out = Packet(packet.payload_type, sequence, timestamp, 2, packet.marker, packet.payload)
        self.given[sequence] = out
        return out


@dataclass
class Network:
    """From the relay to the recorder."""

    seed: int = 1
    loss: float = 0.0
    repaired: bool = True
    """A packet that is asked for again comes."""
    reordering_s: float = 0.0


class RecordedCall:
    """Feeds a recording, and keeps its files."""

    def __init__(self, network: Network, bounds: Bounds) -> None:
        self.recording = Recording("c1", SLOTS, bounds)
        self.files: dict[str, bytes] = {}
        self.lost = 0
        self._network = network
        self._random = random.Random(network.seed)
        self._lines = {slot: Line(slot) for slot in SLOTS}
        self._arrivals: list[tuple[float, int, str, Packet | tuple[int, float]]] = []
        self._now_s = 0.0
        self._do(self.recording.begin("c1", "asked", "test", EPOCH_S))

    def play(self, speakers: Iterable[tuple[float, float, Speaker | None]]) -> None:
        """Each speaker feeds both slots from one time until another; its tracks go on all the while."""
        for begin_s, end_s, speaker in speakers:
            self._feed(speaker)
            for line in self._lines.values() if speaker else ():
                self._send(line, speaker, begin_s, end_s)
            self._arrivals.sort(key=lambda row: row[:2])
            while self._now_s < end_s:
                self._step()
        self._do(self.recording.end("enough", EPOCH_S + self._now_s))

    def lines(self, kind: str) -> list[dict[str, Any]]:
        rows = [json.loads(line) for line in self.files["c1.jsonl"].splitlines()]
        return [row for row in rows if row["type"] == kind]

    def claps(self) -> tuple[list[float], list[float]]:
        """When, in virtual time, pictures turned white and sounds began, in all files."""
        seen: list[tuple[float, Any]] = []
        heard: list[float] = []
        for row in self.lines("segment"):
            began_s = row["at_ms"] / 1000 - EPOCH_S
            data = self.files[row["file"]]
            seen += [(began_s + at_s, picture) for at_s, picture in _decoded(data, "video")]
            heard += [began_s + at_s for at_s in beeps(_decoded(data, "audio"))]
        return flashes(sorted(seen, key=lambda row: row[0])), sorted(heard)

    def _feed(self, speaker: Speaker | None) -> None:
        slots = {slot: FedBy(f"kiosk/{speaker.name}", "citizen", slot) for slot in SLOTS} if speaker else {}
        self._do(self.recording.feed(slots, EPOCH_S + self._now_s))
        for line in self._lines.values():
            line.rewrite.switch()

    def _send(self, line: Line, speaker: Speaker, begin_s: float, end_s: float) -> None:
        """What the relay gives to the slot in this time, with the reports that go with it."""
        kind = SLOTS[line.slot]
        track = Track(speaker, kind, self._random.randrange(60_000, 65_536), self._random.randrange(2**32))
        report_s = begin_s + 0.3 + (0.2 if kind == "video" else 0.0)
        for at_s, packet, keyframe in track.packets(end_s):
            received_s = at_s + speaker.delay_s
            if not begin_s <= received_s < end_s:
                continue
            out = line.passed(packet, received_s, keyframe=keyframe)
            if out is None:
                continue
            self._arrive(line.slot, out, received_s)
            while report_s <= received_s and line.offset is not None:
                self._report(line, speaker, track, report_s)
                report_s += 1.0

    def _report(self, line: Line, speaker: Speaker, track: Track, at_s: float) -> None:
        """As the relay gives it: in its own clock, which it learnt from the speaker's first report."""
        rate_hz = RATES[track.kind]
        late_s = self._random.uniform(0, speaker.late_reports_s) if self._random.random() < 0.4 else 0.0
        timestamp = (track.first_timestamp + round(at_s * rate_hz) + (line.offset or 0)) % 2**32
        ntp_s = EPOCH_S + at_s + speaker.delay_s + late_s
        self._arrivals.append((at_s + speaker.delay_s + late_s, len(self._arrivals), line.slot, (timestamp, ntp_s)))

    def _arrive(self, slot: str, packet: Packet, at_s: float) -> None:
        if self._random.random() < self._network.loss:
            self.lost += 1
            return
        late_s = self._random.uniform(0, self._network.reordering_s)
        self._arrivals.append((at_s + late_s, len(self._arrivals), slot, packet))

    def _step(self) -> None:
        self._now_s = round(self._now_s + STEP_S, 6)
        now_s = EPOCH_S + self._now_s
        while self._arrivals and self._arrivals[0][0] <= self._now_s:
            _, _, slot, what = self._arrivals.pop(0)
            event = Media(slot, what) if isinstance(what, Packet) else Report(slot, *what)
            self.recording.handle_event(event, now_s)
        if round(self._now_s / STEP_S) % 10 == 0:
            self._do(self.recording.handle_time(now_s))

    def _do(self, deeds: Iterable[Deed]) -> None:
        for deed in deeds:
            if isinstance(deed, Write):
                assert deed.new == (deed.file not in self.files)
                self.files[deed.file] = self.files.get(deed.file, b"") + deed.data
            elif isinstance(deed, WantPackets) and self._network.repaired:
                given = self._lines[deed.slot].given
                again = [given[number] for number in deed.sequences if number in given]
                for packet in again:
                    self.recording.handle_event(Media(deed.slot, packet), EPOCH_S + self._now_s)


def _decoded(data: bytes, kind: Kind) -> list[tuple[float, Any]]:
    with av.open(io.BytesIO(data)) as container:
        streams = container.streams.video if kind == "video" else container.streams.audio
        if not streams:
            return []
        if kind == "video":
            return [(float(f.time), f.to_ndarray(format="gray")) for f in container.decode(streams[0])]
        return [(float(f.time), f.to_ndarray()) for f in container.decode(streams[0]) if f.time is not None]
