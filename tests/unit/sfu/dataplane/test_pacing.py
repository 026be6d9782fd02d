"""What waits before it leaves for a peer with a slow downlink, and probes of it."""

import pytest

from relay.sfu.ports import Extension, Kind, NoticeKind
from relay.sfu.wire.rtcp.twcc import TransportFeedback
from tests.support.media_bench import OPUS, Bench
from tests.support.packets import Rtp, nack, read_rtp, receiver_report, rtp, vp8

NUMBER = 3
FAR_MS = 5.0


class Call:
    """A kiosk's camera and microphone in a seat's slots."""

    def __init__(self, bench: Bench, rtx_ssrc: int = 0x3333) -> None:
        self.bench = bench
        self.kiosk, self.seat = bench.client().join(), bench.client().join()
        bench.forwarder.set_extensions(self.seat.peer, {Extension.TRANSPORT_CC: NUMBER})
        self.camera = self.kiosk.track(0x1111)
        self.microphone = self.kiosk.track(0x1112, kind=Kind.AUDIO, payloads=OPUS)
        self.picture = self.seat.slot(0x2222, rtx_ssrc)
        self.sound = self.seat.slot(0x2223, kind=Kind.AUDIO, payloads=OPUS)
        bench.forwarder.connect(self.picture, self.camera)
        bench.forwarder.connect(self.sound, self.microphone)
        self.sent = 0

    def film(self, packets: int, keyframe: bool = False) -> None:
        frames = [
            rtp(100 + n, 3000 * n, payload=vp8(keyframe=keyframe or n == 0, picture=n, body=bytes(1000)), marker=True)
            for n in range(self.sent, self.sent + packets)
        ]
        self.sent += packets
        self.kiosk.send(*frames)
        self.bench.pump(packets)

    def speak(self) -> None:
        self.kiosk.send(rtp(self.sent, ssrc=0x1112, payload_type=111, payload=bytes(80)))
        self.bench.pump(1)

    def pace(self, later_ms: float = 0.0) -> list[Rtp]:
        self.bench.forwarder.pace(self.bench.now_ns(later_ms))
        return self.seat.take()


def test_what_is_sent_too_fast_leaves_one_by_one_and_complete(bench: Bench) -> None:
    call = Call(bench)
    bench.forwarder.set_pace(call.seat.peer, 200_000, 0)
    call.film(5)
    at_once = call.seat.take()
    assert 1 <= len(at_once) < 5
    later = [packet for step in range(5) for packet in call.pace(60.0 * (step + 1))]
    packets = at_once + later
    assert [each.sequence - packets[0].sequence for each in packets] == [0, 1, 2, 3, 4]
    assert [int.from_bytes(each.extensions[NUMBER], "big") for each in packets] == [0, 1, 2, 3, 4]
    assert bench.forwarder.pace_due_ns() == 0
    assert bench.forwarder.slot_stats(call.picture).packets == 5


def test_sound_does_not_wait(bench: Bench) -> None:
    call = Call(bench)
    bench.forwarder.set_pace(call.seat.peer, 100_000, 0)
    call.film(5)
    call.speak()
    assert call.seat.take()[-1].ssrc == 0x2223
    assert bench.forwarder.pace_due_ns() > 0


def test_a_downlink_that_is_fast_enough_holds_nothing_back(bench: Bench) -> None:
    call = Call(bench)
    bench.forwarder.set_pace(call.seat.peer, 1_000_000_000, 0)
    call.film(5)
    assert len(call.seat.take()) == 5
    assert bench.forwarder.pace_due_ns() == 0


def test_a_full_window_lets_hardly_anything_through(bench: Bench) -> None:
    call = Call(bench)
    bench.forwarder.set_pace(call.seat.peer, 1_000_000_000, 3_000)
    call.film(10)
    assert 3 <= len(call.seat.take()) <= 5
    message = TransportFeedback.build(1, 2, 0, [(n, 64_000 + n * 1000) for n in range(4)])[0]
    call.seat.send_rtcp(receiver_report(), message.serialise())
    bench.pump(1)
    assert call.pace(), "feedback opens the window"


def test_a_window_that_is_full_from_the_start_is_full(bench: Bench) -> None:
    call = Call(bench)
    call.film(10)
    assert len(call.seat.take()) == 10
    bench.forwarder.set_pace(call.seat.peer, 1_000_000_000, 3_000)
    call.film(10)
    assert len(call.seat.take()) <= 2


def test_what_waited_too_long_is_given_up_for_a_keyframe(bench: Bench) -> None:
    call = Call(bench)
    bench.forwarder.set_pace(call.seat.peer, 20_000, 0)
    call.film(6)
    call.seat.take()
    bench.notices()
    assert call.pace(1000.0) == []
    assert bench.drops()["paced_out"] >= 4
    assert (NoticeKind.KEYFRAME_WANTED, call.camera) in bench.notices()
    bench.forwarder.set_pace(call.seat.peer, 0, 0)
    call.film(1)
    assert call.seat.take() == [], "it goes on at the keyframe"
    call.film(2, keyframe=True)
    assert len(call.seat.take()) == 2


def test_the_queue_is_bounded(bench: Bench) -> None:
    call = Call(bench)
    bench.forwarder.set_pace(call.seat.peer, 1_000, 1)
    for _ in range(12):
        call.film(50)
    assert bench.drops()["paced_out"] > 400


def test_a_packet_that_was_asked_for_while_it_waited_leaves_once(bench: Bench) -> None:
    """Without RTX its second copy would have another number under the same SRTP index."""
    call = Call(bench, rtx_ssrc=0)
    bench.forwarder.set_pace(call.seat.peer, 50_000, 0)
    call.film(3)
    first = read_rtp(call.seat.inbound.unprotect(call.seat.datagrams()[0]))
    call.seat.send_rtcp(nack(0x2222, (first.sequence + 2, 0)))
    bench.pump(1)
    wire = call.seat.datagrams()
    for step in range(1, 4):
        bench.forwarder.pace(bench.now_ns(100.0 * step))
        wire += call.seat.datagrams()
    sequences = [int.from_bytes(data[2:4], "big") for data in wire]
    assert sorted(sequences) == sorted(set(sequences))


def probe_all(call: Call) -> list[Rtp]:
    return [packet for step in range(1, 30) for packet in call.pace(FAR_MS * step)]


def test_a_probe_repeats_what_was_sent_and_then_pads(bench: Bench) -> None:
    call = Call(bench)
    bench.forwarder.set_pace(call.seat.peer, 1_000_000, 0)
    call.film(2)
    call.seat.take()
    call.pace(50.0)
    bench.forwarder.probe(call.seat.peer, 7, 2_000_000, 4_000, 5)
    packets = probe_all(call)
    assert {each.ssrc for each in packets} == {0x3333}
    assert {each.payload_type for each in packets} == {97}
    assert [len(each.payload) > 1000 for each in packets[:2]] == [True, True]
    assert all(each.payload == b"" for each in packets[2:])
    assert [each.sequence - packets[0].sequence for each in packets] == list(range(len(packets)))
    assert bench.count("padding_out") == len(packets) - 2
    numbers = [int.from_bytes(each.extensions[NUMBER], "big") for each in packets]
    message = TransportFeedback.build(1, 2, 0, [(n, 64_000 + n * 250) for n in numbers])[0]
    call.seat.send_rtcp(receiver_report(), message.serialise())
    bench.pump(1)
    (told,) = bench.forwarder.downlinks()
    assert told.feedback is not None
    (arrivals,) = told.feedback.probes
    assert (arrivals.cluster, arrivals.packets) == (7, len(packets))
    assert arrivals.size_bytes >= 4_000


@pytest.mark.parametrize(("rtx_ssrc", "films"), [(0, 2), (0x3333, 0)])
def test_nothing_is_probed_without_a_stream_for_it(bench: Bench, rtx_ssrc: int, films: int) -> None:
    call = Call(bench, rtx_ssrc)
    bench.forwarder.set_pace(call.seat.peer, 1_000_000, 0)
    if films:
        call.film(films)
    call.pace(50.0)
    bench.forwarder.probe(call.seat.peer, 7, 2_000_000, 4_000, 5)
    assert probe_all(call) == []
    assert bench.forwarder.pace_due_ns() == 0


def test_a_peer_that_leaves_takes_what_waits_along(bench: Bench) -> None:
    call = Call(bench)
    bench.forwarder.set_pace(call.seat.peer, 50_000, 0)
    call.film(5)
    bench.forwarder.remove_peer(call.seat.peer)
    bench.forwarder.pace(bench.now_ns(100.0))
    assert bench.forwarder.pace_due_ns() == 0


def test_what_waits_for_a_slot_or_of_a_track_that_is_gone_is_left_out(bench: Bench) -> None:
    call = Call(bench)
    bench.forwarder.set_pace(call.seat.peer, 50_000, 0)
    call.film(4)
    call.seat.take()
    bench.forwarder.remove_track(call.camera)
    bench.forwarder.remove_slot(call.picture)
    assert [packet for step in range(1, 5) for packet in call.pace(90.0 * step)] == []
    assert bench.forwarder.pace_due_ns() == 0


def test_what_waits_of_a_slot_that_is_paused_does_not_leave(bench: Bench) -> None:
    call = Call(bench)
    other = call.seat.slot(0x2224)
    bench.forwarder.connect(other, call.camera)
    bench.forwarder.set_pace(call.seat.peer, 200_000, 0)
    call.film(5)
    call.seat.take()
    bench.forwarder.select_layer(call.picture, -1, 0)
    later = [packet.ssrc for step in range(10) for packet in call.pace(40.0 * (step + 1))]
    assert later
    assert set(later) == {0x2224}
    assert bench.drops()["paced_out"] > 0
