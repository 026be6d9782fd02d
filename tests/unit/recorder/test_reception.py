"""Order, loss and time of one slot."""

from hypothesis import given
from hypothesis import strategies as st

from relay.recorder.reception import MAX_HELD_FRAMES, OPENING_S, REORDER_S, Reception, TimedFrame
from relay.recorder.timeline import PATIENCE_S, RelayClock, Timeline
from relay.sfu.wire.rtp import Packet

START = 65_500


def voice(number: int) -> Packet:
    return Packet(111, (START + number) % 65_536, (960 * number) % 2**32, 1, False, bytes([number % 256]))


def picture(number: int, *, keyframe: bool = False) -> Packet:
    data = b"\x10" + (b"\x00\x00\x00\x9d\x01\x2a" + bytes([192, 0, 144, 0]) if keyframe else b"\x01rest")
    return Packet(96, number, 3000 * number, 1, True, data)


def heard(packets: list[Packet], *, lasts_s: float = 1.0) -> tuple[Reception, list[TimedFrame]]:
    reception = Reception({111: "opus"}, 48_000, RelayClock())
    reception.timeline.report(0, 100.0, 0.0)
    for packet in packets:
        reception.push(packet, 0.0)
    return reception, reception.take(lasts_s)


@given(st.permutations(range(8)), st.sets(st.integers(1, 6)))
def test_whatever_the_order_frames_come_in_sequence_and_what_is_missing_is_counted(
    order: list[int], lost: set[int]
) -> None:
    sent = [number for number in order if number not in lost]
    reception, frames = heard([voice(number) for number in sent for _ in range(2)])
    assert [frame.frame.data[0] for frame in frames] == sorted(sent)
    within = {number for number in lost if min(sent) < number < max(sent)}
    assert reception.lost == sum(frame.lost for frame in frames) == len(within)
    assert reception.duplicates == len(sent)


def test_a_packet_that_is_late_but_within_the_wait_is_no_loss() -> None:
    reception = Reception({111: "opus"}, 48_000, RelayClock())
    reception.timeline.report(0, 100.0, 0.0)
    for number in (0, 2, 3):
        reception.push(voice(number), 0.0)
    assert len(reception.take(REORDER_S / 2)) == 1
    assert reception.missing() == [(START + 1) % 65_536]
    reception.push(voice(1), REORDER_S / 2)
    assert len(reception.take(REORDER_S / 2)) == 3
    assert (reception.lost, reception.missing()) == (0, [])
    reception.push(voice(1), REORDER_S)
    assert (reception.lost, reception.late) == (0, 1)


def test_after_a_loss_a_picture_waits_for_its_keyframe_and_asks_for_it() -> None:
    reception = Reception({96: "VP8"}, 90_000, RelayClock())
    reception.timeline.report(0, 100.0, 0.0)
    reception.push(picture(0, keyframe=True), 0.0)
    reception.take(OPENING_S)
    for packet in (picture(1), picture(3), picture(4), picture(5, keyframe=True)):
        reception.push(packet, OPENING_S)
    assert not reception.wants_keyframe(OPENING_S)
    frames = reception.take(1.0)
    assert [(timed.frame.timestamp // 3000, timed.lost) for timed in frames] == [(1, 0), (5, 1)]
    reception.push(picture(7), 1.0)
    reception.take(2.0)
    assert reception.wants_keyframe(2.0)
    assert not reception.wants_keyframe(2.5), "once a second"
    assert reception.wants_keyframe(3.0)
    assert reception.unseen == 1


def test_a_frame_without_beginning_or_end_is_missing_though_no_number_is() -> None:
    """A source that breaks off in a frame, as one does that is cut, must not go on as if nothing were missing."""
    reception = Reception({96: "VP8"}, 90_000, RelayClock())
    reception.timeline.report(0, 100.0, 0.0)
    cut = Packet(96, 1, 3000, 1, False, picture(1).payload)
    middle = Packet(96, 5, 15_000, 1, True, b"\x00middle")
    for packet in (picture(0, keyframe=True), cut, picture(2), picture(3, keyframe=True), picture(4), middle):
        reception.push(packet, 0.0)
    for packet in (picture(6), picture(7, keyframe=True)):
        reception.push(packet, 0.0)
    frames = reception.take(1.0)
    assert [(timed.frame.timestamp // 3000, timed.lost) for timed in frames] == [(0, 0), (3, 1), (4, 0), (7, 1)]
    assert (reception.lost, reception.malformed) == (0, 2)


def test_a_stream_that_begins_anew_far_behind_is_taken_up_and_a_late_packet_is_not_one() -> None:
    reception, _ = heard([voice(number) for number in range(10)])
    reception.push(Packet(111, 45_000, 0, 1, False, b"late alone"), 1.0)
    assert reception.take(2.0) == []
    for sequence in (46_000, 46_001, 46_002):
        reception.push(Packet(111, sequence, 960 * sequence, 1, False, b"anew"), 2.0)
    frames = reception.take(3.0)
    assert [timed.lost for timed in frames] == [1, 0]


def test_frames_whose_time_is_not_known_are_held_within_a_bound_and_none_is_dropped() -> None:
    reception = Reception({111: "opus"}, 48_000, RelayClock())
    for number in range(MAX_HELD_FRAMES - 1):
        reception.push(voice(number), 0.0)
    assert reception.take(OPENING_S) == []
    reception.push(voice(MAX_HELD_FRAMES - 1), OPENING_S)
    assert len(reception.take(OPENING_S)) == MAX_HELD_FRAMES


def test_streams_of_one_participant_keep_their_distance_whatever_the_network_does() -> None:
    clock = RelayClock()
    sound, sight = Timeline(clock, 48_000), Timeline(clock, 90_000)
    sound.report(48_000, 5_000.0, 1_000.020)
    sight.report(7_000, 5_000.5, 1_000.700)
    assert sight.at_s(7_000) - sound.at_s(48_000) == 0.5
    sound.report(96_000, 5_001.0, 1_001.400)
    assert abs(sound.at_s(96_000) - sound.at_s(48_000) - 1.0) < 1e-9


def test_timestamps_wrap_however_often() -> None:
    line = Timeline(RelayClock(), 90_000)
    day_s = 86_400.0
    for minute in range(0, 1_440 * 2, 10):
        line.heard(round(minute * 60 * 90_000) % 2**32, minute * 60.0)
    assert abs(line.at_s(round(2 * day_s * 90_000) % 2**32) - 2 * day_s) < 1e-6


def test_a_late_report_moves_nothing_and_a_clock_that_is_set_does() -> None:
    line = Timeline(RelayClock(), 48_000)
    for second in range(8):
        late_s = 0.3 if second in (2, 5) else 0.0
        line.report(48_000 * second, 500.0 + second + late_s, 1_000.0 + second)
        assert abs(line.at_s(0) - 1_000.0) < 1e-9
    line.report(48_000 * 8, 9_000.0, 1_009.5)
    assert abs(line.at_s(48_000 * 8) - 1_009.5) < 1e-9


def test_without_a_report_the_soonest_arrival_is_the_time_after_a_while() -> None:
    line = Timeline(RelayClock(), 90_000)
    line.heard(9_000, 50.2)
    line.heard(18_000, 50.1)
    assert not line.ready(50.2 + PATIENCE_S / 2)
    assert line.ready(50.2 + PATIENCE_S)
    assert line.at_s(99_000) == 51.0
    line.change_source()
    assert not line.ready(100.0), "another source reports for itself"
    line.heard(108_000, 51.4)
    assert abs(line.at_s(108_000) - 51.1) < 1e-9, "until it does, time goes on as the relay's timestamps do"
    line.report(108_000, 7.0, 51.2)
    assert line.at_s(108_000) == 51.2
