from itertools import product

import pytest

from relay.sfu.media.bandwidth.link_capacity import LinkCapacity
from relay.sfu.media.bandwidth.overuse import Usage
from relay.sfu.media.bandwidth.rate_control import TRANSITIONS, RateControl, RateState


def test_every_state_has_an_answer_to_every_verdict() -> None:
    assert set(TRANSITIONS) == set(product(RateState, Usage))


def control(rate_bps: float = 1e6) -> RateControl:
    made = RateControl(rate_bps, 30_000, 20e6)
    made.handle_usage(Usage.NORMAL, None, None, 0.1, 0.0)
    return made


def test_far_from_the_links_capacity_it_grows_by_eight_percent_a_second() -> None:
    rate = control()
    for n in range(1, 21):
        rate.handle_usage(Usage.NORMAL, 5e6, None, 0.1, n * 0.05)
    assert rate.rate_bps == pytest.approx(1.08e6)


def test_near_to_it_it_grows_by_a_packet_each_response_time() -> None:
    rate = control()
    rate.handle_usage(Usage.OVERUSE, 1e6, 1e6, 0.1, 0.1)
    rate.handle_usage(Usage.NORMAL, 1e6, None, 0.1, 0.2)
    before = rate.rate_bps
    rate.handle_usage(Usage.NORMAL, 1e6, None, 0.1, 1.2)
    assert 4_000 <= rate.rate_bps - before <= 50_000


def test_it_grows_no_further_than_what_arrives_vouches_for() -> None:
    rate = control()
    for n in range(1, 400):
        rate.handle_usage(Usage.NORMAL, 800_000, None, 0.1, n * 0.1)
    assert rate.rate_bps == pytest.approx(1.5 * 800_000 + 10_000)


def test_overuse_goes_below_what_is_acknowledged_but_by_half_at_most_in_a_round_trip() -> None:
    rows = [(900_000.0, 855_000.0), (100_000.0, 500_000.0), (5e6, 1e6)]
    for acknowledged, expected in rows:
        rate = control()
        rate.handle_usage(Usage.OVERUSE, acknowledged, acknowledged, 0.1, 1.0)
        rate.handle_usage(Usage.OVERUSE, acknowledged, acknowledged, 0.1, 1.05)
        assert rate.rate_bps == pytest.approx(expected)


def test_a_second_round_trip_halves_again() -> None:
    rate = control()
    rate.handle_usage(Usage.OVERUSE, 1e5, 1e5, 0.1, 1.0)
    rate.handle_usage(Usage.OVERUSE, 1e5, 1e5, 0.1, 1.2)
    assert rate.rate_bps == pytest.approx(250_000)


def test_underuse_holds() -> None:
    rate = control()
    rate.handle_usage(Usage.UNDERUSE, 5e6, None, 0.1, 1.0)
    assert rate.rate_bps == 1e6


def test_only_a_higher_probe_is_news_and_the_bound_holds() -> None:
    rate = control()
    assert not rate.raise_to(0.9e6)
    assert rate.raise_to(90e6)
    assert rate.rate_bps == 20e6


def test_the_memory_of_a_full_link_begins_anew_outside_of_its_spread() -> None:
    capacity = LinkCapacity()
    assert not capacity.is_reached(1e9)
    for bps in (1.0e6, 1.02e6, 0.98e6):
        capacity.handle_overuse(bps)
    assert capacity.is_reached(0.97e6)
    assert not capacity.is_reached(0.5e6)
    assert capacity.is_below(2e6)
    capacity.handle_overuse(3e6)
    assert not capacity.is_reached(1e6)
    capacity.forget()
    assert not capacity.is_below(1e9)
