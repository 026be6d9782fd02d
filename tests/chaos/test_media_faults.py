"""Bad networks and bad peers, all at once, on real sockets and real SRTP; time is made up, so nothing waits."""

import random
from contextlib import closing
from heapq import heappop, heappush

import pytest

from relay.sfu.ports import NoticeKind
from tests.support.media_bench import Bench, Client
from tests.support.packets import Rtp, read_nacks, rtp, rtx, vp8

PACKETS = 600
SPACING_MS = 4.0
IN_FLIGHT = 80
"""Packets of the last 300 ms: what of them is lost has not been asked for often enough."""
MEDIA, REPAIR = 0x1111, 0x4444


class Uplink:
    """20 % loss, 300 ms jitter, 5 % duplicates; what a kiosk sends comes out in another order."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._on_the_way: list[tuple[float, int, bytes]] = []
        self._count = 0

    def send(self, at_ms: float, packet: bytes) -> None:
        for _ in range(2 if self._random.random() < 0.05 else 1):
            if self._random.random() >= 0.2:
                self._count += 1
                heappush(self._on_the_way, (at_ms + self._random.uniform(0, 300), self._count, packet))

    def arrived(self, by_ms: float) -> list[bytes]:
        found = []
        while self._on_the_way and self._on_the_way[0][0] <= by_ms:
            found.append(heappop(self._on_the_way)[2])
        return found

    def __bool__(self) -> bool:
        return bool(self._on_the_way)


class Camera:
    """A kiosk that sends, and answers what the relay asks for again."""

    def __init__(self, client: Client, uplink: Uplink) -> None:
        self.client, self.uplink = client, uplink
        self.sent: dict[int, bytes] = {}
        self.asked = True
        """For a keyframe."""
        self._keyframe = False
        self._repairs = 0

    def send(self, number: int, at_ms: float) -> None:
        frame, place = divmod(number, 3)
        if place == 0:
            self._keyframe, self.asked = self.asked, False
        payload = vp8(
            keyframe=self._keyframe,
            picture=frame,
            level=frame,
            key=0,
            begins=place == 0,
            body=bytes([frame % 256]) * 30,
        )
        packet = rtp(number, 3000 * frame, payload=payload, marker=place == 2)
        self.sent[number & 0xFFFF] = packet
        self.uplink.send(at_ms, packet)

    def answer(self, at_ms: float) -> None:
        for compound in self.client.take_rtcp():
            for _, numbers in read_nacks(compound):
                for number in numbers:
                    self._repairs += 1
                    self.uplink.send(
                        at_ms, rtx(self.sent[number], sequence=self._repairs, ssrc=REPAIR, payload_type=97)
                    )


def originals(packets: list[Rtp]) -> list[int]:
    return [packet.sequence for packet in packets if packet.ssrc == 0x2222]


@pytest.mark.parametrize("seed", range(3))
def test_a_call_over_a_terrible_uplink_is_complete_and_its_neighbour_notices_nothing(seed: int) -> None:
    with closing(Bench()) as bench:
        play(bench, seed)


def play(bench: Bench, seed: int) -> None:
    kiosk, seat = bench.client().join(), bench.client().join()
    neighbour, other_seat = bench.client().join(), bench.client().join()
    track = kiosk.track(MEDIA, REPAIR)
    bench.forwarder.connect(seat.slot(0x2222, 0x3333), track)
    bench.forwarder.connect(other_seat.slot(0x6666), neighbour.track(0x5555))
    camera = Camera(kiosk, Uplink(seed))
    seen: list[int] = []
    undisturbed: list[int] = []
    step = 0
    while step < PACKETS or camera.uplink:
        at_ms = step * SPACING_MS
        if step < PACKETS:
            camera.send(step, at_ms)
            neighbour.send(rtp(step, 3000 * step, ssrc=0x5555, payload=vp8(keyframe=step == 0, picture=step)))
            bench.pump(1)
        arrived = camera.uplink.arrived(at_ms)
        kiosk.send(*arrived)
        bench.pump(len(arrived))
        if step % 3 == 0:
            bench.tick(later_ms=at_ms)
            camera.answer(at_ms)
        camera.asked |= (NoticeKind.KEYFRAME_WANTED, track) in bench.notices()
        seen += originals(seat.take())
        undisturbed += [packet.sequence for packet in other_seat.take()]
        step += 1
    assert len(undisturbed) == PACKETS
    assert undisturbed == [(undisturbed[0] + n) & 0xFFFF for n in range(PACKETS)]
    assert len(seen) == len(set(seen)), "nothing is forwarded twice"
    offset = min((number - seen[0] + 0x8000) % 0x10000 for number in seen)
    got = {(number - seen[0] + 0x8000) % 0x10000 - offset for number in seen}
    settled = range(max(got) - IN_FLIGHT)
    missing = [number for number in settled if number not in got]
    assert len(settled) > PACKETS - 3 * IN_FLIGHT
    # Ten requests, a tick apart: the kernel stamps real time, so the relay takes this way for a short one.
    assert len(missing) <= 0.03 * PACKETS, f"{missing} were given up: {bench.forwarder.track_stats(track)}"
    assert set(bench.drops()) <= {"replayed", "duplicate", "too_late", "awaiting_keyframe", "before_switch"}


def test_a_peer_that_sends_far_too_much_is_cut_to_its_rate_and_costs_nobody_else() -> None:
    """One firehose between two calls, on a worker that allows 1 Mbit/s: a quarter of a second of it at once."""
    with closing(Bench(peer_rate_bps=1_000_000)) as bench:
        firehose, kiosk, seat = bench.client().join(), bench.client().join(), bench.client().join()
        flooded = firehose.track(0x7777)
        bench.forwarder.connect(seat.slot(0x2222), kiosk.track(MEDIA))
        payload, sent, seen = vp8(keyframe=True, picture=1, body=bytes(1000)), 0, 0
        for step in range(60):
            firehose.send(*(rtp(20 * step + n, ssrc=0x7777, payload=payload) for n in range(20)))
            kiosk.send(rtp(step, 3000 * step, payload=vp8(keyframe=step == 0, picture=step)))
            bench.pump(21)
            sent, seen = sent + 20, seen + len(seat.take())
        assert seen == 60
        burst = 1_000_000 // 8 // 4 // 1000
        passed = bench.forwarder.track_stats(flooded).packets
        assert burst - 2 <= passed < sent // 2
        assert bench.drops() == {"over_rate": sent - passed}
