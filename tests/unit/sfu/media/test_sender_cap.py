"""How much a sender may send, and when it is told."""

from hypothesis import given
from hypothesis import strategies as st

from relay.sfu.media.sender_cap import LEAST_BPS, UNBOUND_BPS, SenderCap, shared_room

INF = float("inf")


def test_a_single_encoding_follows_the_slowest_but_for_one_far_behind() -> None:
    assert shared_room([900_000], layered=False) == 900_000
    assert shared_room([900_000, 400_000], layered=False) == 400_000
    assert shared_room([2_000_000, 100_000], layered=False) == 500_000
    assert shared_room([INF, 100_000], layered=False) == INF


def test_layers_follow_the_fastest() -> None:
    assert shared_room([900_000, 400_000], layered=True) == 900_000
    assert shared_room([], layered=True) == INF


@given(st.lists(st.floats(1, 1e8), min_size=1, max_size=9), st.booleans())
def test_nobody_is_given_more_than_the_fastest_takes(rooms: list[float], layered: bool) -> None:
    assert min(rooms) <= shared_room(rooms, layered=layered) <= max(rooms)


def test_a_sender_that_was_never_bound_is_told_nothing() -> None:
    cap = SenderCap()
    assert [cap.handle_room(INF, n * 0.1) for n in range(100)] == [None] * 100


def test_a_fall_is_told_at_once_a_rise_when_it_is_worth_it_and_what_holds_once_a_second() -> None:
    cap = SenderCap()
    assert cap.handle_room(800_000, 10.0) == 800_000
    assert cap.handle_room(500_000, 10.05) == 500_000
    assert cap.handle_room(510_000, 10.5) is None
    assert cap.handle_room(600_000, 10.51) == 600_000
    assert cap.handle_room(600_000, 11.4) is None
    assert cap.handle_room(600_000, 11.52) == 600_000


def test_a_sender_is_told_when_nothing_binds_any_more_and_never_less_than_sound_needs() -> None:
    cap = SenderCap()
    assert cap.handle_room(0, 10.0) == LEAST_BPS
    assert cap.handle_room(INF, 11.0) == UNBOUND_BPS


def test_one_that_sends_more_for_seconds_does_not_follow_until_it_does() -> None:
    cap = SenderCap()
    cap.handle_room(400_000, 10.0)
    sent = 0
    followed = []
    for step in range(16):
        sent += 25_000  # 800 kbit/s
        cap.handle_sent(sent, 10.0 + 0.25 * step)
        followed.append(cap.follows(10.0 + 0.25 * step))
    assert followed[:9] == [True] * 9
    assert followed[-1] is False
    assert cap.binds
    cap.handle_sent(sent + 10_000, 14.0)
    assert cap.follows(14.0)


def test_one_that_sends_little_is_not_bound() -> None:
    cap = SenderCap()
    cap.handle_room(400_000, 10.0)
    cap.handle_sent(0, 10.0)
    cap.handle_sent(5_000, 10.25)
    assert not cap.binds
