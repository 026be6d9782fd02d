"""Thresholds: the four signs, and that what was not measured fails."""

import pytest

from loadtest.thresholds import judge, parse_threshold
from relay.errors import Misuse


@pytest.mark.parametrize(
    ("text", "value", "failed"),
    [
        ("residence_p99_ms>10", 10.0, False),
        ("residence_p99_ms>10", 10.1, True),
        ("residence_p99_ms>=10", 10.0, True),
        ("calls_connected<5", 4, True),
        (" calls_connected <= 5 ", 6, False),
        ("loss_share>0.001", 0.0, False),
    ],
)
def test_a_limit_is_crossed_or_not(text: str, value: float, failed: bool) -> None:
    threshold = parse_threshold(text)
    (verdict,) = judge((threshold,), {threshold.metric: value})
    assert verdict.failed is failed


def test_what_was_not_measured_fails() -> None:
    (verdict,) = judge((parse_threshold("nothing>1"),), {})
    assert verdict.failed
    assert "not measured" in str(verdict)


@pytest.mark.parametrize("text", ["", "residence", "residence=1", ">1", "Residence>1", "a>b", "a>1>2"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(Misuse):
        parse_threshold(text)
