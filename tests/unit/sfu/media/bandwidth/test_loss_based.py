import pytest

from relay.sfu.media.bandwidth.loss_based import LossBased
from relay.sfu.ports import Feedback

MIN, MAX = 30_000.0, 50e6


def feedback(received: int, lost: int, until_s: float, recovered: int = 0) -> Feedback:
    return Feedback((), (), received, received * 1000, lost, recovered, (received + lost) * 1000, until_s, until_s, 0)


def drive(bound: LossBased, seconds: float, link_bps: float, random_loss: float, start_s: float = 1.0) -> float:
    """Send at the bound (delay sees nothing) through a policer with random loss; returns when it ended."""
    now, rate = start_s, 4e6
    while now < start_s + seconds:
        sending_bps = min(rate, bound.bound_bps)
        packets = sending_bps * 0.05 / 8000
        kept = min(1.0, link_bps / sending_bps) * (1 - random_loss)
        now += 0.05
        bound.handle_feedback(feedback(round(packets * kept), round(packets * (1 - kept)), now), rate)
    return now


def test_without_losses_nothing_is_bound() -> None:
    bound = LossBased(MIN, MAX)
    drive(bound, 10.0, 50e6, 0.0)
    assert bound.bound_bps == MAX


@pytest.mark.parametrize("random_loss", [0.02, 0.05])
def test_a_lossy_radio_is_not_a_full_link(random_loss: float) -> None:
    bound = LossBased(MIN, MAX)
    drive(bound, 20.0, 50e6, random_loss)
    assert bound.bound_bps > 3e6


def test_a_policer_is_found() -> None:
    bound = LossBased(MIN, MAX)
    drive(bound, 20.0, 2e6, 0.0)
    assert 1e6 < bound.bound_bps < 2.6e6


def test_a_fifth_lost_leaves_little_however_it_came() -> None:
    bound = LossBased(MIN, MAX)
    drive(bound, 20.0, 50e6, 0.2)
    assert bound.bound_bps < 0.7e6


def test_when_losses_end_so_does_the_bound() -> None:
    bound = LossBased(MIN, MAX)
    ended = drive(bound, 10.0, 50e6, 0.2)
    drive(bound, 8.0, 50e6, 0.0, ended)
    assert bound.bound_bps == MAX


def test_an_interruption_is_no_loss_of_the_link() -> None:
    bound = LossBased(MIN, MAX)
    drive(bound, 5.0, 50e6, 0.5)
    bound.restart()
    assert bound.bound_bps == MAX


def test_what_comes_late_was_not_lost() -> None:
    bound = LossBased(MIN, MAX)
    for n in range(1, 100):
        bound.handle_feedback(feedback(20, 4, n * 0.05, recovered=4), 4e6)
    assert bound.bound_bps == MAX
