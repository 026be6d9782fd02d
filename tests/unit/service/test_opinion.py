import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.service.opinion import mean_opinion_score, speech_score, transmission_rating

delays = st.floats(min_value=0, max_value=2000)
losses = st.floats(min_value=0, max_value=1)


def test_a_perfect_network_is_as_good_as_the_model_gets():
    assert transmission_rating(0, 0) == pytest.approx(93.2)
    assert speech_score(0, 0) == pytest.approx(4.41, abs=0.01)


@pytest.mark.parametrize(
    ("rating", "score"), [(0, 1.0), (50, 2.58), (60, 3.1), (70, 3.6), (80, 4.03), (90, 4.34), (100, 4.5)]
)
def test_scores_are_those_of_annex_b(rating: float, score: float):
    assert mean_opinion_score(rating) == pytest.approx(score, abs=0.01)


def test_delay_begins_to_matter_where_people_begin_to_interrupt_each_other():
    assert transmission_rating(150, 0) == pytest.approx(93.2 - 0.024 * 150)
    assert transmission_rating(400, 0) == pytest.approx(93.2 - 0.024 * 400 - 0.11 * (400 - 177.3))


@given(delays, delays, losses, losses)
def test_worse_networks_never_score_better(delay_a: float, delay_b: float, loss_a: float, loss_b: float):
    worse = speech_score(max(delay_a, delay_b), max(loss_a, loss_b))
    assert 1.0 <= worse <= speech_score(min(delay_a, delay_b), min(loss_a, loss_b)) + 0.02 <= 4.5
