"""Numbers on what leaves, and what receivers say of them."""

import pytest

from relay.sfu.ports import Downlink, Extension, Feedback, Kind
from relay.sfu.wire.rtcp.twcc import TransportFeedback
from tests.support.media_bench import CM80, GCM, OPUS, Bench
from tests.support.packets import nack, read_rtp, receiver_report, remb, rtp, vp8

NUMBER, SEND_TIME = 3, 5


class Call:
    """A kiosk's camera and microphone in a seat's slots; the seat reports arrivals."""

    def __init__(self, bench: Bench, rtx_ssrc: int = 0x3333, profile: int = GCM) -> None:
        self.bench = bench
        self.kiosk, self.seat = bench.client().join(), bench.client(profile).join()
        bench.forwarder.set_extensions(
            self.seat.peer, {Extension.TRANSPORT_CC: NUMBER, Extension.ABS_SEND_TIME: SEND_TIME}
        )
        self.camera = self.kiosk.track(0x1111)
        self.microphone = self.kiosk.track(0x1112, kind=Kind.AUDIO, payloads=OPUS)
        self.picture = self.seat.slot(0x2222, rtx_ssrc)
        self.sound = self.seat.slot(0x2223, kind=Kind.AUDIO, payloads=OPUS)
        bench.forwarder.connect(self.picture, self.camera)
        bench.forwarder.connect(self.sound, self.microphone)
        self.sent = 0

    def talk(self, packets: int) -> list[bytes]:
        """Sound and picture by turns; what reached the seat."""
        for n in range(self.sent, self.sent + packets):
            frame = rtp(100 + n, 3000 * n, payload=vp8(keyframe=n == 0, picture=n, body=bytes(900)), marker=True)
            sound = rtp(100 + n, 960 * n, ssrc=0x1112, payload_type=111, payload=bytes(80))
            self.kiosk.send(sound if n % 2 else frame)
        self.sent += packets
        self.bench.pump(packets)
        return self.seat.datagrams()

    def report(self, arrivals: list[tuple[int, int]]) -> None:
        for message in TransportFeedback.build(1, 0x2222, 0, arrivals):
            self.seat.send_rtcp(receiver_report(), message.serialise())
            self.bench.pump(1)

    def downlink(self) -> Downlink:
        (told,) = self.bench.forwarder.downlinks()
        assert told.peer == self.seat.peer
        return Downlink(*told)


def numbers(call: Call, wire: list[bytes]) -> list[int]:
    packets = [read_rtp(call.seat.inbound.unprotect(data)) for data in wire]
    return [int.from_bytes(each.extensions[NUMBER], "big") for each in packets]


def test_every_packet_of_every_slot_has_the_next_number(bench: Bench) -> None:
    call = Call(bench)
    assert numbers(call, call.talk(6)) == [0, 1, 2, 3, 4, 5]


def test_send_times_are_those_of_leaving(bench: Bench) -> None:
    call = Call(bench)
    before_ns = bench.now_ns()
    wire = call.talk(2)
    times = [read_rtp(call.seat.inbound.unprotect(data)).extensions[SEND_TIME] for data in wire]
    for each in times:
        since_s = (int.from_bytes(each, "big") / (1 << 18) - before_ns / 1e9) % 64
        assert min(since_s, 64 - since_s) < 5


def test_others_get_no_numbers(bench: Bench) -> None:
    call = Call(bench)
    other = bench.client().join()
    bench.forwarder.connect(other.slot(0x4444), call.camera)
    call.talk(1)
    assert [each.extensions for each in other.take()] == [{}]
    assert bench.forwarder.downlink(other.peer).in_flight_bytes == 0


def test_a_retransmission_is_a_packet_like_others(bench: Bench) -> None:
    call = Call(bench)
    first = read_rtp(call.seat.inbound.unprotect(call.talk(3)[0]))
    call.seat.send_rtcp(nack(0x2222, (first.sequence, 0)))
    bench.pump(1)
    (again,) = call.seat.take()
    assert (again.ssrc, int.from_bytes(again.extensions[NUMBER], "big")) == (0x3333, 3)


@pytest.mark.parametrize("profile", [GCM, CM80])
def test_without_rtx_a_retransmission_keeps_its_number_and_time(bench: Bench, profile: int) -> None:
    """Other bytes under the same SRTP index would give the key stream away."""
    call = Call(bench, rtx_ssrc=0, profile=profile)
    wire = call.talk(3)
    first = read_rtp(call.seat.inbound.unprotect(wire[0]))
    for later_ms in (0, 30):
        bench.tick(later_ms)
        call.seat.send_rtcp(nack(0x2222, (first.sequence, 0)))
        bench.pump(1)
    repairs = call.seat.datagrams()
    assert repairs
    assert set(repairs) == {wire[0]}
    assert numbers(call, call.talk(1)) == [3]


def test_feedback_becomes_sums_and_bursts(bench: Bench) -> None:
    call = Call(bench)
    wire = call.talk(4)
    call.report([(0, 64_000), (1, 64_250), (3, 70_000)])
    told = call.downlink()
    assert told.sent_bytes == sum(map(len, wire))
    assert told.in_flight_bytes == 0
    feedback = told.feedback
    assert feedback is not None
    assert (feedback.received_packets, feedback.lost_packets, feedback.unmatched) == (3, 1, 0)
    assert feedback.received_bytes == sum(map(len, wire)) - len(wire[2])
    assert feedback.covered_bytes == sum(map(len, wire))
    assert bench.forwarder.downlinks() == []


def test_messages_between_two_looks_are_one(bench: Bench) -> None:
    call = Call(bench)
    call.talk(4)
    call.report([(0, 64_000), (1, 64_250)])
    call.report([(2, 65_000), (3, 66_000)])
    feedback = call.downlink().feedback
    assert feedback is not None
    assert feedback.received_packets == 4


def settled(bench: Bench) -> Call:
    """The downlink carries all there is; 12 packets left, and the first report has been looked at."""
    call = Call(bench)
    bench.forwarder.set_settled(call.seat.peer, True)
    call.talk(12)
    call.report([(0, 64_000)])
    call.downlink()
    return call


def test_of_a_settled_downlink_all_that_is_well_is_told_rarely(bench: Bench) -> None:
    call = settled(bench)
    now_ns = bench.now_ns()
    call.report([(1, 64_250)])
    call.report([(2, 64_500)])
    assert bench.forwarder.downlinks(now_ns) == []
    (told,) = bench.forwarder.downlinks(bench.now_ns(later_ms=400))
    feedback = Feedback(*told.feedback)
    assert (feedback.received_packets, feedback.messages) == (2, 2)
    assert feedback.waited_s > 0.3
    assert bench.forwarder.downlinks() == []


def test_losses_do_not_wait(bench: Bench) -> None:
    call = settled(bench)
    now_ns = bench.now_ns()
    call.report([(1, 64_250), (3, 64_500)])
    (told,) = bench.forwarder.downlinks(now_ns)
    assert told.feedback.lost_packets == 1


def test_a_receivers_own_estimate_does_not_wait(bench: Bench) -> None:
    call = settled(bench)
    call.seat.send_rtcp(receiver_report(), remb(900_000, 0x2222))
    bench.pump(1)
    assert [each.peer for each in bench.forwarder.downlinks(bench.now_ns())] == [call.seat.peer]


def test_the_receivers_own_estimate_is_told(bench: Bench) -> None:
    call = Call(bench)
    call.seat.send_rtcp(receiver_report(), remb(900_000, 0x2222))
    call.seat.send_rtcp(receiver_report(), remb(800_000, 0x2222))
    bench.pump(2)
    told = call.downlink()
    assert told.remb_bps == pytest.approx(800_000, rel=1e-4)
    assert told.feedback is None
    assert bench.count("rembs_in") == 2


def test_numbers_that_never_left_are_counted(bench: Bench) -> None:
    call = Call(bench)
    call.talk(2)
    call.report([(500, 64_000), (501, 64_000)])
    feedback = call.downlink().feedback
    assert feedback is not None
    assert (feedback.received_packets, feedback.unmatched, feedback.groups) == (0, 2, ())


def test_feedback_that_nobody_asked_for_is_counted(bench: Bench) -> None:
    call = Call(bench)
    message = TransportFeedback.build(1, 2, 0, [(0, 0)])[0].serialise()
    call.kiosk.send_rtcp(receiver_report(), message)
    bench.pump(1)
    assert bench.forwarder.downlinks() == []
    assert bench.count("feedbacks_unasked") == 1


def test_a_flood_of_feedback_is_read_a_little_at_a_time(bench: Bench) -> None:
    call = Call(bench)
    call.talk(4)
    for _ in range(100):
        call.report([(0, 64_000), (1, 1 << 35), (2, 64_000)])
    assert bench.count("feedbacks_too_many") > 50
    feedback = call.downlink().feedback
    assert feedback is not None
    assert feedback.received_packets == 3


def test_a_peer_that_leaves_takes_its_feedback_along(bench: Bench) -> None:
    call = Call(bench)
    call.talk(4)
    call.report([(0, 64_000)])
    call.kiosk.send_rtcp(remb(1_000_000, 1))
    bench.pump(1)
    bench.forwarder.remove_peer(call.seat.peer)
    assert [each.peer for each in bench.forwarder.downlinks()] == [call.kiosk.peer]
