from hypothesis import given
from hypothesis import strategies as st

from relay.sfu.media.protection import MAX_GROUP, MIN_GROUP, Protection


def settled(loss: float, rtt_ms: float) -> Protection:
    protection = Protection()
    for second in range(30):
        protection.handle_report(loss, rtt_ms, float(second))
    return protection


def test_a_short_way_is_mended_by_retransmission():
    assert settled(loss=0.1, rtt_ms=40).group == 0


def test_a_long_way_without_loss_needs_nothing():
    assert settled(loss=0.005, rtt_ms=300).group == 0


def test_the_more_is_lost_the_smaller_the_groups():
    assert [settled(loss, 200).group for loss in (0.02, 0.03, 0.05, 0.1, 0.3)] == [10, 10, 6, 3, 3]
    assert settled(0.05, 200).overhead == 1 / 6


def test_one_bad_report_does_not_begin_it_and_one_good_one_does_not_end_it():
    protection = settled(loss=0.0, rtt_ms=200)
    assert protection.handle_report(0.05, 200, 30.0) == 0
    protection = settled(loss=0.05, rtt_ms=200)
    assert protection.handle_report(0.0, 200, 30.0)


def test_it_ends_when_it_has_been_calm_for_some_time():
    protection = settled(loss=0.05, rtt_ms=200)
    groups = [bool(protection.handle_report(0.0, 200, 30.0 + second)) for second in range(30)]
    assert groups.index(False) >= 12
    assert not any(groups[groups.index(False) :])


def test_a_way_that_becomes_short_ends_it_too():
    protection = settled(loss=0.05, rtt_ms=200)
    for second in range(12):
        protection.handle_report(0.05, 20, 30.0 + second)
    assert protection.group == 0


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 3000)), max_size=60))
def test_groups_stay_in_their_bounds(reports: list[tuple[float, float]]):
    protection = Protection()
    for second, (loss, rtt_ms) in enumerate(reports):
        group = protection.handle_report(loss, rtt_ms, float(second))
        assert group == 0 or MIN_GROUP <= group <= MAX_GROUP
