"""The beginning of some recorded networks; `benchmarks/congestion.py` runs all of them to the end."""

import pytest

from tests.support.shared import shared
from tests.support.trace_calls import Recording, judge, recordings


def recording(name: str) -> Recording:
    return next(each for each in recordings(shared("traces")) if each.name == name)


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("tmobile_lte_B up", 30.0),
        ("att_lte_driving_2016_A down", 60.0),
        ("irish5g_driving_C down", 15.0),
        ("cicv5g_n78_handover_C path", 30.0),
    ],
)
def test_the_link_is_used_and_its_queue_stays_short(name: str, seconds: float) -> None:
    verdict = judge(recording(name), seconds=seconds)
    assert verdict.utilisation > 0.85
    assert verdict.usable_queue_p95_ms < 60.0
    assert verdict.frozen < 0.03


def test_a_link_with_minutes_of_outage_carries_what_it_can() -> None:
    verdict = judge(recording("verizon_cell_driving_bad_D up"), seconds=132.0)
    assert verdict.utilisation > 0.7
    assert verdict.frozen < 0.05
    assert verdict.loss < 0.01
