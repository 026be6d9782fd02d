"""Order, loss and time of one slot."""

from hypothesis import given
from hypothesis import strategies as st

from relay.recorder.reception import REORDER_S, Reception, TimedFrame
from relay.recorder.timeline import PATIENCE_S, Clocks, Timeline
from relay.sfu.wire.rtp import Packet

START = 65_500


def voice(number: int) -> Packet:
    return Packet(111, (START + number) % 65_536, (960 * number) % 2**32, 1, False, bytes([number % 256]))


def picture(number: int, *, keyframe: bool = False) -> Packet:
    data = b"\x10" + (b"\x00\x00\x00\x9d\x01\x2a" + bytes([192, 0, 144, 0]) if keyframe else b"\x01rest")
    return Packet(96, number, 3000 * number, 1, True, data)


def heard(packets: list[Packet], *, lasts_s: float = 1.0) -> tuple[Reception, list[TimedFrame]]:
    reception = Reception({111: "opus"}, 48_000, Clocks())
    reception.timeline.report(0, 100.0, 0.0)
    for packet in packets:
        reception.push(packet, 0.0)
    return reception, reception.take(lasts_s)


@given(st.permutations(range(8)), st.sets(st.integers(1, 6)))
def test_whatever_the_order_frames_come_in_sequence_and_what_is_missing_is_counted(
    order: list[int], lost: set[int]
) -> None:
    sent = [0, *(number for number in order if number and number not in lost)]
    reception, frames = heard([voice(number) for number in sent for _ in range(2)])
    assert [frame.frame.data[0] for frame in frames] == sorted(sent)
    within = {number for number in lost if number < max(sent)}
    assert reception.lost == sum(frame.lost for frame in frames) == len(within)
    assert reception.duplicates == len(sent)


def test_a_packet_that_is_late_but_within_the_wait_is_no_loss() -> None:
    reception = Reception({111: "opus"}, 48_000, Clocks())
    reception.timeline.report(0, 100.0, 0.0)
    for number in (0, 2, 3):
        reception.push(voice(number), 0.0)
    assert len(reception.take(REORDER_S / 2)) == 1
    reception.push(voice(1), REORDER_S / 2)
    assert len(reception.take(REORDER_S / 2)) == 3
    assert reception.lost == 0


def test_after_a_loss_a_picture_waits_for_its_keyframe_and_asks_for_it() -> None:
    reception = Reception({96: "VP8"}, 90_000, Clocks())
    reception.timeline.report(0, 100.0, 0.0)
    for packet in (picture(0, keyframe=True), picture(1), picture(3), picture(4), picture(5, keyframe=True)):
        reception.push(packet, 0.0)
    assert not reception.wants_keyframe(0.0)
    frames = reception.take(1.0)
    assert [(timed.frame.timestamp // 3000, timed.lost) for timed in frames] == [(0, 0), (1, 0), (5, 1)]
    reception.push(picture(7), 1.0)
    reception.take(2.0)
    assert reception.wants_keyframe(2.0)
    assert not reception.wants_keyframe(2.5), "once a second"
    assert reception.wants_keyframe(3.0)


def test_streams_of_one_participant_keep_their_distance_whatever_the_network_does() -> None:
    clocks = Clocks()
    sound, sight = Timeline(clocks, 48_000), Timeline(clocks, 90_000)
    for line in (sound, sight):
        line.belong("kiosk/k-1")
    sound.report(48_000, 5_000.0, 1_000.020)
    sight.report(7_000, 5_000.5, 1_000.700)
    assert sight.at_s(7_000) - sound.at_s(48_000) == 0.5
    sound.report(96_000, 5_001.0, 1_001.400)
    assert abs(sound.at_s(96_000) - sound.at_s(48_000) - 1.0) < 1e-9
    before = 2**32 - 48_000
    assert abs(sound.at_s(96_000) - sound.at_s(before) - 3.0) < 1e-9, "timestamps wrap"


def test_without_a_report_the_arrival_is_the_time_after_a_while() -> None:
    line = Timeline(Clocks(), 90_000)
    line.heard(9_000, 50.0)
    assert not line.ready(50.0 + PATIENCE_S / 2)
    assert line.ready(50.0 + PATIENCE_S)
    assert line.at_s(99_000) == 51.0
    line.belong("seat/s-1")
    assert not line.ready(100.0), "another participant, another clock"
