"""Sender and receiver reports: what sources are told, what receivers are told, and the clocks between them."""

import pytest

from relay.sfu.ports import Kind
from tests.support.media_bench import OPUS, Bench, Client
from tests.support.packets import Block, receiver_report, rtp, sender_report, vp8

NTP_EPOCH_S = 2_208_988_800
S = 1_000_000_000


def ntp(unix_ns: int) -> int:
    return (unix_ns // S + NTP_EPOCH_S) << 32 | (unix_ns % S << 32) // S


def unix_ns(ntp_value: int) -> int:
    return ((ntp_value >> 32) - NTP_EPOCH_S) * S + ((ntp_value & 0xFFFFFFFF) * S >> 32)


def camera_to_seat(bench: Bench) -> tuple[Client, Client, int, int]:
    kiosk, seat = bench.client().join(), bench.client().join()
    track, slot = kiosk.track(), seat.slot()
    bench.forwarder.connect(slot, track)
    return kiosk, seat, track, slot


def test_a_source_is_told_what_arrived(bench: Bench) -> None:
    kiosk, _, track, _ = camera_to_seat(bench)
    assert bench.forwarder.reception_report(track, bench.now_ns()) is None
    kiosk.send(*(rtp(n, payload=vp8()) for n in (65533, 65534, 1, 2)))
    kiosk.send_rtcp(sender_report(0x1111, 0x0123_4567_89AB_CDEF, 0))
    bench.pump(5)
    now_ns = bench.now_ns()
    report = bench.forwarder.reception_report(track, now_ns + S)
    assert report[:2] == (0x1111, 2 * 256 // 6)
    assert (report.cumulative_lost, report.extended_highest_sequence) == (2, 0x1_0002)
    assert report.last_sr == 0x4567_89AB
    assert report.delay_since_last_sr >= 0x1_0000
    assert bench.forwarder.reception_report(track, now_ns).fraction_lost == 0, "the interval begins anew"


def test_repaired_packets_are_still_lost_to_the_source_but_not_to_the_operator(bench: Bench) -> None:
    kiosk, _, track, _ = camera_to_seat(bench)
    kiosk.send(rtp(1, payload=vp8()), rtp(3, payload=vp8()))
    kiosk.send(rtp(900, ssrc=0x4444, payload_type=97, payload=b"\x00\x02" + vp8()))
    bench.pump(3)
    assert bench.forwarder.reception_report(track, 0).cumulative_lost == 1
    assert bench.forwarder.track_stats(track).lost == 0


def test_a_receiver_is_told_the_time_of_its_source_in_its_own_numbers(bench: Bench) -> None:
    kiosk, seat, track, slot = camera_to_seat(bench)
    assert bench.forwarder.sender_info(slot, bench.now_ns()) is None
    kiosk.send(rtp(1, 90_000, payload=vp8(keyframe=True)))
    bench.pump(1)
    (first,) = seat.take()
    assert bench.forwarder.sender_info(slot, bench.now_ns()) is None, "the source has not told its time yet"
    kiosk.send_rtcp(sender_report(0x1111, ntp(1_000 * S), 90_000))
    bench.pump(1)
    now_ns = bench.now_ns()
    one, two = (bench.forwarder.sender_info(slot, now_ns + later) for later in (S, 3 * S))
    assert (one.ssrc, one.packets, one.octets) == (0x2222, 1, len(vp8()))
    assert unix_ns(two.ntp) - unix_ns(one.ntp) == pytest.approx(2 * S, abs=2)
    assert (two.rtp_timestamp - one.rtp_timestamp) % 2**32 == pytest.approx(180_000, abs=1)
    assert unix_ns(one.ntp) == pytest.approx(now_ns + S, abs=2), "on the clock of the relay"
    since_report = bench.forwarder.reception_report(track, now_ns + S).delay_since_last_sr / 65_536
    assert (one.rtp_timestamp - first.timestamp) % 2**32 == pytest.approx(since_report * 90_000, abs=3)


def test_sound_and_picture_of_one_source_stay_in_step(bench: Bench) -> None:
    kiosk, seat, _, video = camera_to_seat(bench)
    microphone = kiosk.track(0x6666, kind=Kind.AUDIO, payloads=OPUS)
    audio = seat.slot(0x7777, kind=Kind.AUDIO, payloads=OPUS)
    bench.forwarder.connect(audio, microphone)
    kiosk.send(rtp(1, 0, payload=vp8(keyframe=True)), rtp(1, 0, ssrc=0x6666, payload_type=111))
    kiosk.send_rtcp(sender_report(0x1111, ntp(500 * S), 9_000))
    kiosk.send_rtcp(sender_report(0x6666, ntp(501 * S), 48_000))
    bench.pump(4)
    starts = {each.ssrc: each.timestamp for each in seat.take()}
    now_ns = bench.now_ns()
    infos = [bench.forwarder.sender_info(slot, now_ns + S) for slot in (video, audio)]
    # At which time of the common clock does each stream's first timestamp lie? The picture's 0.1 s before its report, the sound's 1 s.
    begins = [
        unix_ns(info.ntp) - ((info.rtp_timestamp - starts[info.ssrc]) % 2**32) * S // rate
        for info, rate in zip(infos, (90_000, 48_000), strict=True)
    ]
    assert begins[1] - begins[0] == pytest.approx(100_000_000, abs=200_000)


def test_a_source_with_a_wrong_clock_does_not_turn_the_receivers_back(bench: Bench) -> None:
    kiosk, _, _, slot = camera_to_seat(bench)
    other = bench.client().join()
    future = other.track(0x8888)
    kiosk.send(rtp(1, payload=vp8(keyframe=True)))
    kiosk.send_rtcp(sender_report(0x1111, ntp(2_000_000_000 * S), 0))
    bench.pump(2)
    now_ns = bench.now_ns()
    before = bench.forwarder.sender_info(slot, now_ns + S)
    bench.forwarder.connect(slot, future)
    assert bench.forwarder.sender_info(slot, now_ns + 2 * S) is None, "nothing has left since the switch"
    other.send(rtp(1, ssrc=0x8888, payload=vp8(keyframe=True)))
    other.send_rtcp(sender_report(0x8888, ntp(5 * S), 0))
    bench.pump(2)
    after = bench.forwarder.sender_info(slot, now_ns + 3 * S)
    assert unix_ns(after.ntp) - unix_ns(before.ntp) == pytest.approx(2 * S, abs=4)
    assert bench.forwarder.sender_info(slot, now_ns + S) is None, "reports never go backwards"


def test_the_round_trip_is_measured_by_the_echo_of_a_report(bench: Bench) -> None:
    kiosk, seat, _, slot = camera_to_seat(bench)
    kiosk.send(rtp(1, payload=vp8(keyframe=True)))
    kiosk.send_rtcp(sender_report(0x1111, ntp(1_000 * S), 0))
    bench.pump(2)
    info = bench.forwarder.sender_info(slot, bench.now_ns() - 250_000_000)
    assert bench.forwarder.slot_stats(slot).rtt_ms == -1.0
    echo = Block(0x2222, fraction_lost=64, jitter=900, last_sr=info.ntp >> 16 & 0xFFFFFFFF, delay=0x1_0000 // 5)
    seat.send_rtcp(receiver_report(1, echo))
    bench.pump(1)
    stats = bench.forwarder.slot_stats(slot)
    assert stats.rtt_ms >= 50.0
    assert (stats.remote_fraction_lost, stats.remote_jitter_ms) == (0.25, 10.0)


@pytest.mark.parametrize(
    "echo",
    [
        Block(0x2222, last_sr=0x1234_5678, delay=5),  # never given
        Block(0x2222, last_sr=0, delay=0),  # none received yet
        Block(0x9999, last_sr=1, delay=0),  # no slot of this peer
    ],
)
def test_reports_that_echo_nothing_measure_nothing(bench: Bench, echo: Block) -> None:
    kiosk, seat, _, slot = camera_to_seat(bench)
    kiosk.send(rtp(1, payload=vp8(keyframe=True)))
    seat.send_rtcp(receiver_report(1, echo))
    bench.pump(2)
    assert bench.forwarder.slot_stats(slot).rtt_ms == -1.0


def test_a_delay_longer_than_the_round_trip_measures_nothing(bench: Bench) -> None:
    kiosk, seat, _, slot = camera_to_seat(bench)
    kiosk.send(rtp(1, payload=vp8(keyframe=True)))
    kiosk.send_rtcp(sender_report(0x1111, ntp(1_000 * S), 0))
    bench.pump(2)
    info = bench.forwarder.sender_info(slot, bench.now_ns())
    seat.send_rtcp(receiver_report(1, Block(0x2222, last_sr=info.ntp >> 16 & 0xFFFFFFFF, delay=0x10_0000)))
    bench.pump(1)
    assert bench.forwarder.slot_stats(slot).rtt_ms == -1.0


@pytest.mark.parametrize(("other_peer", "expected"), [(False, 27_000), (True, None)])
def test_two_sources_of_one_peer_are_joined_by_its_clock(bench: Bench, other_peer: bool, expected: int | None) -> None:
    """The document was captured 0.3 s after the camera's last packet, though it arrived right behind it."""
    kiosk, seat, _, slot = camera_to_seat(bench)
    second = bench.client().join() if other_peer else kiosk
    document = second.track(0x8888)
    kiosk.send(rtp(1, 0, payload=vp8(keyframe=True), marker=True))
    kiosk.send_rtcp(sender_report(0x1111, ntp(1_000 * S), 0))
    second.send(rtp(1, 0, ssrc=0x8888, payload=vp8(keyframe=True)))
    second.send_rtcp(sender_report(0x8888, ntp(1_000 * S), 500_000))
    bench.pump(4)
    bench.forwarder.connect(slot, document)
    second.send(rtp(2, 500_000 + 27_000, ssrc=0x8888, payload=vp8(keyframe=True)))
    bench.pump(1)
    before, after = seat.take()
    step = (after.timestamp - before.timestamp) % 2**32
    assert step == expected if expected else step not in (0, 27_000)
