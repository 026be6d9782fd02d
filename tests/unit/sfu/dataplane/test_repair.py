"""Loss in both directions, and what receivers ask for by RTCP."""

import pytest

from relay.sfu.ports import Kind, NoticeKind
from tests.support.media_bench import CM80, GCM, OPUS, VP8, Bench, Client
from tests.support.packets import bye, fir, nack, pli, read_nacks, read_rtp, receiver_report, rtp, rtx, sdes, vp8

WANTED = NoticeKind.KEYFRAME_WANTED


class Call:
    """A kiosk's camera in a seat's slot; the slot's first packets have left."""

    def __init__(self, bench: Bench, rtx_ssrc: int = 0x3333, profile: int = GCM, packets: int = 10) -> None:
        self.bench = bench
        self.kiosk, self.seat = bench.client().join(), bench.client(profile).join()
        self.track = self.kiosk.track(0x1111, 0x4444)
        self.slot = self.seat.slot(0x2222, rtx_ssrc)
        bench.forwarder.connect(self.slot, self.track)
        frames = [vp8(keyframe=n == 0, picture=n, level=n, key=0, body=bytes([n]) * 50) for n in range(packets)]
        self.kiosk.send(*(rtp(100 + n, 3000 * n, payload=frame, marker=True) for n, frame in enumerate(frames)))
        bench.pump(packets)
        self.wire = self.seat.datagrams()
        self.received = [read_rtp(self.seat.inbound.unprotect(data)) for data in self.wire]
        bench.notices()

    def ask(self, *pairs: tuple[int, int]) -> None:
        self.seat.send_rtcp(receiver_report(), nack(0x2222, *pairs))
        self.bench.pump(1)


def test_a_nack_is_answered_by_rtx_in_its_own_stream(bench: Bench) -> None:
    call = Call(bench)
    first = call.received[0].sequence
    call.ask((first + 3, 0b101))
    repairs = call.seat.take()
    assert [each.payload[:2] for each in repairs] == [(first + n).to_bytes(2, "big") for n in (3, 4, 6)]
    assert [each.payload[2:] for each in repairs] == [call.received[n].payload for n in (3, 4, 6)]
    assert [each.timestamp for each in repairs] == [call.received[n].timestamp for n in (3, 4, 6)]
    assert {(each.ssrc, each.payload_type, each.marker) for each in repairs} == {(0x3333, 97, True)}
    assert [each.sequence - repairs[0].sequence for each in repairs] == [0, 1, 2]
    stats = bench.forwarder.slot_stats(call.slot)
    assert (stats.nacks_received, stats.retransmitted, stats.packets) == (3, 3, 10)


@pytest.mark.parametrize("profile", [GCM, CM80])
def test_without_rtx_the_very_same_bytes_are_sent_again(bench: Bench, profile: int) -> None:
    """Another packet under the same SRTP index would give the key stream away."""
    call = Call(bench, rtx_ssrc=0, profile=profile)
    call.ask((call.received[4].sequence, 0))
    assert call.seat.datagrams() == [call.wire[4]]


def test_what_would_differ_from_the_first_time_is_not_sent_again(bench: Bench) -> None:
    call = Call(bench, rtx_ssrc=0)
    bench.forwarder.set_extensions(call.kiosk.peer, {})
    call.ask((call.received[4].sequence, 0))
    assert call.seat.datagrams() == []
    assert bench.count("nacks_unanswerable") == 1


def test_the_same_packet_is_not_sent_again_at_once(bench: Bench) -> None:
    call = Call(bench)
    call.ask(*[(call.received[4].sequence, 0)] * 3)
    assert len(call.seat.take()) == 1
    assert bench.count("nacks_throttled") == 2


def test_packets_that_never_left_are_counted(bench: Bench) -> None:
    call = Call(bench)
    call.ask((call.received[-1].sequence + 1, 0), (call.received[0].sequence - 1, 0))
    assert call.seat.take() == []
    assert bench.count("nacks_unanswerable") == 2


def test_packets_of_a_removed_source_are_gone(bench: Bench) -> None:
    call = Call(bench)
    bench.forwarder.remove_track(call.track)
    call.kiosk.track(0x1111, 0x4444)
    call.ask((call.received[4].sequence, 0))
    assert call.seat.take() == []
    assert bench.count("nacks_unanswerable") == 1


def test_packets_from_before_a_switch_are_still_sent_again(bench: Bench) -> None:
    call = Call(bench)
    document = call.kiosk.track(0x5555)
    bench.forwarder.connect(call.slot, document)
    call.kiosk.send(rtp(7, ssrc=0x5555, payload=vp8(keyframe=True, picture=3)))
    bench.pump(1)
    call.seat.take()
    call.ask((call.received[4].sequence, 0))
    assert [each.payload[2:] for each in call.seat.take()] == [call.received[4].payload]


def test_a_nack_for_a_foreign_stream_changes_nothing(bench: Bench) -> None:
    call = Call(bench)
    for ssrc in (0x1111, 0x3333, 0x9999):
        call.seat.send_rtcp(nack(ssrc, (call.received[4].sequence, 0)), pli(ssrc), fir(ssrc, 1))
    call.kiosk.send_rtcp(nack(0x2222, (call.received[4].sequence, 0)), pli(0x2222))
    bench.pump(4)
    assert call.seat.take() == []
    assert bench.notices() == []
    assert bench.count("nacks_in") == 0


def test_a_nack_storm_costs_each_packet_once_per_round_trip(bench: Bench) -> None:
    call = Call(bench)
    first = call.received[0].sequence
    for _ in range(50):
        call.seat.send_rtcp(nack(0x2222, *[(first, 0x1FF)] * 100))
    bench.pump(50)
    assert len(call.seat.take()) <= 10 * 5
    assert bench.count("nacks_in") == 50 * 100 * 10


def test_every_wish_for_a_keyframe_of_one_track_is_one_notice(bench: Bench) -> None:
    call = Call(bench)
    call.seat.send_rtcp(pli(0x2222))
    call.seat.send_rtcp(receiver_report(), sdes(), pli(0x2222), fir(0x2222, 1))
    bench.pump(2)
    assert bench.notices() == [(WANTED, call.track)]
    assert bench.forwarder.slot_stats(call.slot).plis_received == 3
    call.seat.send_rtcp(fir(0x2222, 1))
    bench.pump(1)
    assert bench.notices() == [], "the same command again (RFC 5104 §4.3.1.1)"
    call.seat.send_rtcp(fir(0x2222, 2))
    bench.pump(1)
    assert bench.notices() == [(WANTED, call.track)]
    assert (bench.count("plis_in"), bench.count("firs_in")) == (2, 2)


def lose(call: Call, *sequences: int) -> None:
    """Packets up to beyond these arrive, without these."""
    newest = 110 + len(sequences) + 1
    arriving = [n for n in range(110, newest) if n not in sequences]
    call.kiosk.send(*(rtp(n, 3000 * (n - 100), payload=vp8(picture=n)) for n in arriving))
    call.bench.pump(len(arriving))


def asked_of(client: Client) -> list[int]:
    return [number for compound in client.take_rtcp() for each in read_nacks(compound) for number in each.missing]


def test_the_source_is_asked_for_what_is_missing_and_its_answer_goes_on(bench: Bench) -> None:
    call = Call(bench)
    lose(call, 110)
    bench.tick(later_ms=15)
    assert asked_of(call.kiosk) == [110]
    call.seat.take()
    call.kiosk.send(rtx(rtp(110, 30_000, payload=vp8(body=b"late")), sequence=9, ssrc=0x4444, payload_type=97))
    bench.pump(1)
    assert [(each.sequence, each.payload) for each in call.seat.take()] == [
        (call.received[0].sequence + 10, vp8(body=b"late"))
    ]
    bench.tick(later_ms=500)
    assert asked_of(call.kiosk) == []
    stats = bench.forwarder.track_stats(call.track)
    assert (stats.nacks_sent, stats.lost, stats.recovered) == (1, 0, 1)


def test_a_request_is_a_valid_compound_for_the_track(bench: Bench) -> None:
    call = Call(bench)
    lose(call, 110, 111)
    bench.tick(later_ms=15)
    (compound,) = call.kiosk.take_rtcp()
    assert compound == receiver_report(1) + nack(0x1111, (110, 1))


def test_a_source_that_cannot_answer_is_asked_ten_times_and_then_for_a_keyframe(bench: Bench) -> None:
    call = Call(bench)
    lose(call, 110)
    for step in range(40):
        bench.tick(later_ms=15 + 120 * step)
    assert asked_of(call.kiosk) == [110] * 10
    assert bench.notices() == [(WANTED, call.track)]


def test_a_long_gap_is_not_repaired_but_begun_anew(bench: Bench) -> None:
    call = Call(bench)
    call.kiosk.send(rtp(100 + 3000, payload=vp8()))
    bench.pump(1)
    bench.tick(later_ms=15)
    assert asked_of(call.kiosk) == []
    assert bench.notices() == [(WANTED, call.track)]


@pytest.mark.parametrize("connected", [True, False])
def test_only_video_that_somebody_gets_is_asked_for(bench: Bench, connected: bool) -> None:
    call = Call(bench)
    sound = call.kiosk.track(0x6666, kind=Kind.AUDIO, payloads=OPUS)
    bench.forwarder.connect(call.seat.slot(0x7777, kind=Kind.AUDIO, payloads=OPUS), sound)
    if not connected:
        bench.forwarder.disconnect(call.slot)
    lose(call, 110)
    call.kiosk.send(*(rtp(n, ssrc=0x6666, payload_type=111) for n in (1, 3)))
    bench.pump(2)
    bench.tick(later_ms=15)
    assert asked_of(call.kiosk) == ([110] if connected else [])


@pytest.mark.parametrize("lost_before", [True, False])
def test_what_was_missed_while_nobody_looked_is_not_asked_for(bench: Bench, lost_before: bool) -> None:
    call = Call(bench)
    if lost_before:
        lose(call, 110)
    bench.forwarder.disconnect(call.slot)
    if not lost_before:
        lose(call, 110)
    bench.forwarder.connect(call.slot, call.track)
    call.kiosk.send(rtp(120, payload=vp8(keyframe=True)), rtp(122, payload=vp8()))
    bench.pump(2)
    bench.tick(later_ms=15)
    asked = asked_of(call.kiosk)
    assert 110 not in asked
    assert 121 in asked


def test_many_slots_of_one_track_ask_its_source_once(bench: Bench) -> None:
    call = Call(bench)
    for _ in range(5):
        bench.forwarder.connect(bench.client().join().slot(), call.track)
    lose(call, 110)
    bench.tick(later_ms=15)
    assert asked_of(call.kiosk) == [110]


def test_goodbye_ends_the_track_once(bench: Bench) -> None:
    call = Call(bench)
    call.kiosk.send_rtcp(receiver_report(), bye(0x1111, 0x9999))
    call.seat.send_rtcp(bye(0x2222))
    bench.pump(2)
    assert bench.notices() == [(NoticeKind.TRACK_ENDED, call.track)]


def test_the_removal_of_a_track_that_misses_packets_leaves_the_others_asked_for(bench: Bench) -> None:
    calls = [Call(bench) for _ in range(3)]
    for call in calls:
        lose(call, 110)
    bench.forwarder.remove_track(calls[1].track)
    calls[1].kiosk.track(0x9999)
    bench.tick(later_ms=15)
    assert [asked_of(call.kiosk) for call in calls] == [[110], [], [110]]


def test_payloads_without_rtx_are_sent_again_as_they_were(bench: Bench) -> None:
    kiosk, seat = bench.client().join(), bench.client().join()
    plain = [VP8[0]._replace(rtx_payload_type=-1)]
    bench.forwarder.connect(seat.slot(0x2222, 0x3333, payloads=plain), kiosk.track())
    kiosk.send(rtp(1, payload=vp8(keyframe=True)))
    bench.pump(1)
    (datagram,) = seat.datagrams()
    sequence = int.from_bytes(datagram[2:4], "big")
    seat.send_rtcp(nack(0x2222, (sequence, 0)))
    bench.pump(1)
    assert seat.datagrams() == [datagram]
