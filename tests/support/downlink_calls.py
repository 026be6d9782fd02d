"""One kiosk, the real packet path with its congestion control, and one seat behind an emulated link, in virtual time.

    call = DownlinkCall(Link(Conditions(rate_bps=2e6, delay_ms=25), seed=1), ELASTIC)
    call.run(30.0)
    call.log, call.seat_streams[CAMERA].decoded

Packets go over loopback, for the packet path knows nothing else, but all its times are set: the same call gives the same
figures, as fast as the machine can. The kiosk sends sound and pictures; with ELASTIC one camera that uses up to 2.5 Mbit/s and
follows what the relay tells it, as Chromium does; with LAYERED a document and a camera in three encodings of fixed rates. The
seat does what Chromium does: transport-wide feedback every 50 ms, NACK, PLI after what cannot be repaired.
"""

import socket
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

from loadtest.impair import Link
from relay.sfu.dataplane.socket import set_clock
from relay.sfu.media.layers import Content, Layer
from relay.sfu.media.sender_cap import SenderCap
from relay.sfu.ports import Downlink, Extension, Kind, NoticeKind
from relay.sfu.session.downlink import PeerDownlink, View
from relay.sfu.session.layer_rates import SourceRates
from tests.support.bottleneck import Timeline
from tests.support.media_bench import OPUS, Bench
from tests.support.packets import nack, pli, read_rtp, receiver_report, rtp, vp8
from tests.support.reception import Packet, Receiver

EPOCH_S = 1_700_000_000
DELAY_S = 0.025
SO_TIMESTAMPNS = 35
TICK_S, FEEDBACK_S, ASK_S, LOOK_S, SOUND_S, FRAME_S = 0.01, 0.05, 0.02, 0.25, 0.02, 1 / 30
NUMBER, MID, RID = 3, 4, 10
SOUND, DOCUMENT, CAMERA = 0, 1, 2
SOUND_BYTES, PACKET_BYTES, DOCUMENT_BPS = 100, 1_100, 300_000
SOUND_BPS = SOUND_BYTES * 8 / SOUND_S
CEILING_BPS = 2_500_000
GROWTH_PER_FRAME = 1.3
"""Of an encoder that may send more: Chromium takes up a raised bound within a few frames."""
ELASTIC: Mapping[bytes, int] = {}
LAYERED: Mapping[bytes, int] = {b"l": 150_000, b"m": 600_000, b"h": 1_800_000}
SLOTS = {SOUND: (0x3000, 0), DOCUMENT: (0x3001, 0x4001), CAMERA: (0x3002, 0x4002)}


class Film:
    """One encoding, keyframes three times as large as other frames."""

    def __init__(self, ssrc: int, extensions: dict[int, bytes]) -> None:
        self.ssrc, self.extensions = ssrc, extensions
        self.keyframe = True
        self._sequence, self._frames = 100, count(1)

    def frame(self, rate_bps: float, at_s: float) -> list[bytes]:
        size = max(int(rate_bps * FRAME_S / 8) * (3 if self.keyframe else 1), 60)
        frame, key = next(self._frames), self.keyframe
        self.keyframe = False
        packets = []
        while size > 0:
            length = min(size, PACKET_BYTES)
            size -= length
            payload = vp8(keyframe=key, begins=not packets, picture=frame & 0x7FFF, body=bytes(max(length - 30, 1)))
            stamp = int(at_s * 90_000)
            packets.append(
                rtp(
                    self._sequence, stamp, ssrc=self.ssrc, payload=payload, marker=size <= 0, extensions=self.extensions
                )
            )
            self._sequence += 1
        return packets


@dataclass
class Log:
    """What happened, by seconds of the call."""

    queue_s: list[tuple[float, float]] = field(default_factory=list)
    """Waiting time at the bottleneck of each packet that got through."""
    media: list[tuple[float, int]] = field(default_factory=list)
    """Bytes that arrived for the first time: sound and pictures, no repetitions, no padding."""
    estimates: list[tuple[float, float, float]] = field(default_factory=list)
    """Estimate, and what is allocated."""
    layers: list[tuple[float, int, Layer]] = field(default_factory=list)
    """Which slot was told to forward what."""
    sound: list[int] = field(default_factory=lambda: [0, 0])
    """Sent and arrived."""
    lost: int = 0


class DownlinkCall:
    """The relay's part is real; `encodings` are ELASTIC or LAYERED."""

    def __init__(self, link: Link, encodings: Mapping[bytes, int]) -> None:
        self.log = Log()
        self.timeline = Timeline()
        self._encodings = encodings
        self._link = link
        set_clock(EPOCH_S * 1_000_000_000)
        self.bench = Bench()
        self.forwarder = self.bench.forwarder
        self.bench.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 0)
        self.kiosk, self.seat = self.bench.client().join(), self.bench.client().join()
        self.forwarder.set_extensions(self.kiosk.peer, {Extension.MID: MID, Extension.RID: RID})
        self.forwarder.set_extensions(self.seat.peer, {Extension.TRANSPORT_CC: NUMBER})
        self.films: dict[int, tuple[Film, int]] = {}
        self.slots: dict[int, tuple[int, int]] = {}
        """Handle → (what, track)."""
        self._connect()
        self.downlink = PeerDownlink(self.seat.peer, self.forwarder, self._select)
        self.rates = SourceRates(self.forwarder)
        self.cap = SenderCap()
        self.bound_bps, self.sending_bps = float("inf"), 300_000.0
        self.receiver = Receiver(3)
        self._media_seat: defaultdict[int, int] = defaultdict(int)
        self._sound = count(1)
        self._highest = 0
        self._paced_s = float("inf")

    @property
    def now(self) -> float:
        return self.timeline.now

    def run(self, until_s: float) -> None:
        """From the start; ends the call."""
        for every_s, event in (
            (FRAME_S, self._film),
            (SOUND_S, self._speak),
            (TICK_S, self._tick),
            (FEEDBACK_S, self._feed_back),
            (ASK_S, self._ask),
            (LOOK_S, self._look),
        ):
            self._repeat(every_s, event)
        try:
            self._look()
            self.timeline.run(until_s)
        finally:
            self.bench.close()
            set_clock(0)

    def _repeat(self, every_s: float, event: object) -> None:
        def act() -> None:
            event()  # type: ignore[operator]
            self.timeline.at(self.now + every_s, act)

        self.timeline.at(every_s, act)

    def _connect(self) -> None:
        forwarder = self.forwarder
        tracks = {SOUND: self.kiosk.track(0x1000, kind=Kind.AUDIO, payloads=OPUS)}
        if self._encodings:
            tracks |= {DOCUMENT: self.kiosk.track(0x1001), CAMERA: self.kiosk.track(0, mid=b"c")}
            self.films[tracks[DOCUMENT]] = Film(0x1001, {}), DOCUMENT_BPS
            handles = forwarder.add_encodings(tracks[CAMERA], list(self._encodings))
            for n, (handle, (rid, rate_bps)) in enumerate(zip(handles, self._encodings.items(), strict=True)):
                self.films[handle] = Film(0x2000 + n, {MID: b"c", RID: rid}), rate_bps
        else:
            tracks[CAMERA] = self.kiosk.track(0x2000)
            self.films[tracks[CAMERA]] = Film(0x2000, {}), 0
        for what, track in tracks.items():
            ssrc, rtx_ssrc = SLOTS[what]
            is_sound = what == SOUND
            slot = self.seat.slot(ssrc, rtx_ssrc, **({"kind": Kind.AUDIO, "payloads": OPUS} if is_sound else {}))  # type: ignore[arg-type]
            self.slots[slot] = what, track
            forwarder.connect(slot, track)

    # the kiosk

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        """The packet path does something at this moment; what leaves is put on the link."""
        set_clock(self._now_ns())
        yield
        self._pass_link()
        due_ns = self.forwarder.pace_due_ns()
        if due_ns:
            due_s = max(due_ns / 1e9 - EPOCH_S, self.now + 1e-5)
            if due_s < self._paced_s:
                self._paced_s = due_s
                self.timeline.at(due_s, self._pace)

    def _now_ns(self) -> int:
        return EPOCH_S * 1_000_000_000 + round(self.now * 1e9)

    def _pace(self) -> None:
        if self.now >= self._paced_s:
            self._paced_s = float("inf")
        with self._at_work():
            self.forwarder.pace(self._now_ns())

    def _film(self) -> None:
        room_bps = min(self.bound_bps - SOUND_BPS, CEILING_BPS)
        self.sending_bps = max(min(room_bps, self.sending_bps * GROWTH_PER_FRAME), 30_000)
        with self._at_work():
            for film, rate_bps in self.films.values():
                packets = film.frame(rate_bps or self.sending_bps, self.now)
                self.kiosk.send(*packets)
                self.forwarder.pump()

    def _speak(self) -> None:
        number = next(self._sound)
        self.log.sound[0] += 1
        packet = rtp(number, 960 * number, ssrc=0x1000, payload_type=111, payload=bytes(SOUND_BYTES - 12))
        with self._at_work():
            self.kiosk.send(packet)
            self.forwarder.pump()

    # the relay

    def _tick(self) -> None:
        with self._at_work():
            self.forwarder.tick(self._now_ns())
            for kind, handle in self.bench.notices():
                if kind is NoticeKind.KEYFRAME_WANTED and handle in self.films:
                    self.films[handle][0].keyframe = True
            for report in self.forwarder.downlinks():
                self._take(report)
            deadline = self.downlink.deadline()
            if deadline is not None and deadline <= EPOCH_S + self.now:
                self._take(self.forwarder.downlink(self.seat.peer))

    def _look(self) -> None:
        with self._at_work():
            if not self._encodings:
                total = sum(self.forwarder.track_stats(track).bytes for _, track in self.slots.values())
                self.cap.handle_sent(total, EPOCH_S + self.now)
            self._take(self.forwarder.downlink(self.seat.peer))

    def _take(self, report: Downlink) -> None:
        now = EPOCH_S + self.now
        views = [self._view(slot, what, track, now) for slot, (what, track) in self.slots.items()]
        self.downlink.handle_report(report, views, now)
        if not self._encodings:
            bound_bps = self.cap.handle_room(self.downlink.rooms_bps(views, now)[1], now)
            if bound_bps is not None:
                self.timeline.at(self.now + DELAY_S, lambda: self._bind(bound_bps))
        state = self.downlink.state()
        self.log.estimates.append((self.now, state.available_bps or 0, state.allocated_bps))

    def _view(self, slot: int, what: int, track: int, now: float) -> View:
        content = Content.DETAIL if what == DOCUMENT else Content.MOTION
        rates_bps = self.rates.of(track, now).rates_bps()
        view = View(slot, Kind.AUDIO if what == SOUND else Kind.VIDEO, content, rates_bps)
        if self._encodings:
            return view
        return view._replace(sender=1, follows=self.cap.follows(now), bound=self.cap.binds)

    def _bind(self, bound_bps: int) -> None:
        self.bound_bps = bound_bps

    def _select(self, slot: int, layer: Layer) -> None:
        self.log.layers.append((self.now, self.slots[slot][0], layer))
        self.forwarder.select_layer(slot, *layer)

    # the link and the seat

    def _pass_link(self) -> None:
        for data in self.seat.datagrams():
            fate = self._link.handle_datagram(len(data), self.now)
            self.log.lost += fate.loss is not None
            for arrives_s in fate.arrivals:
                self.log.queue_s.append((self.now, arrives_s - self.now - DELAY_S))
                if not 192 <= data[1] <= 223:
                    self.timeline.at(arrives_s, lambda data=data: self._receive(data))  # type: ignore[misc]

    def _receive(self, data: bytes) -> None:
        packet = read_rtp(self.seat.inbound.unprotect(data))
        number = int.from_bytes(packet.extensions[NUMBER], "big")
        position = self._highest + ((number - self._highest + 0x8000) & 0xFFFF) - 0x8000
        self._highest = max(self._highest, position)
        self.receiver.arrivals[position] = self.now
        for what, (ssrc, rtx_ssrc) in SLOTS.items():
            if packet.ssrc == ssrc and what == SOUND:
                self.log.sound[1] += 1
                self.log.media.append((self.now, len(data)))
            elif packet.ssrc == ssrc:
                self._picture(what, packet.sequence, packet.timestamp, packet.marker, packet.payload, len(data))
            elif packet.ssrc == rtx_ssrc and len(packet.payload) > 2:
                sequence = int.from_bytes(packet.payload[:2], "big")
                self._picture(what, sequence, packet.timestamp, packet.marker, packet.payload[2:], len(data))

    def _picture(self, what: int, sequence: int, timestamp: int, marker: bool, payload: bytes, size: int) -> None:
        stream = self.receiver.streams[what]
        first = self._media_seat.setdefault(what, sequence)
        near = max(stream.highest, 0)
        number = near + ((sequence - first - near + 0x8000) & 0xFFFF) - 0x8000
        key = bool(payload[0] & 0x10) and payload[4] & 1 == 0
        if number >= 0 and stream.handle_packet(Packet(size, what, number, timestamp, marker, key, self.now), self.now):
            self.log.media.append((self.now, size))

    def _feed_back(self) -> None:
        message = self.receiver.feedback()
        if message is not None:
            self._answer(message.serialise())

    def _ask(self) -> None:
        for what in (DOCUMENT, CAMERA):
            numbers, keyframe = self.receiver.streams[what].asks(2 * DELAY_S + 0.05, self.now)
            ssrc = SLOTS[what][0]
            if numbers:
                first = self._media_seat[what]
                self._answer(*(nack(ssrc, ((first + number) & 0xFFFF, 0)) for number in numbers[:50]))
            if keyframe:
                self._answer(pli(ssrc))

    def _answer(self, *packets: bytes) -> None:
        def arrive() -> None:
            with self._at_work():
                for packet in packets:
                    self.seat.send_rtcp(receiver_report(), packet)
                self.forwarder.pump()

        self.timeline.at(self.now + DELAY_S, arrive)
