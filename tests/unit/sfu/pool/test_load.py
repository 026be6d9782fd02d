import pytest

from relay.config import SfuSettings
from relay.sfu import SfuStats
from relay.sfu.pool.admission import Admission
from relay.sfu.pool.load import Load, LoadMeter

BOUNDS_S = (0.001, 0.01, 0.1)


def stats(packets: int, *counts: int) -> SfuStats:
    return SfuStats(0, 0, 0, {"packets_in": packets}, BOUNDS_S, counts or (packets, 0, 0, 0))


def settled(meter: LoadMeter, *totals: tuple[float, SfuStats]) -> Load:
    """The load after these (CPU seconds, statistics), one second apart."""
    for at_s, (cpu_s, each) in enumerate(totals):
        meter.observe(each, cpu_s, float(at_s))
    return meter.load


def test_load_is_what_was_used_since_the_last_look() -> None:
    rising = [(10 + 0.4 * second, stats(1000 * second)) for second in range(8)]
    load = settled(LoadMeter(), *rising)
    assert load.cpu_ratio == pytest.approx(0.4, rel=0.02)
    assert load.packets_per_s == pytest.approx(1000, rel=0.02)
    assert load.residence_p99_s == 0.001


def test_the_first_look_says_nothing() -> None:
    assert LoadMeter().observe(stats(100_000), 50.0, 0.0) == Load()


def test_residence_counts_when_it_lasts_and_there_is_traffic() -> None:
    meter = LoadMeter()
    slow = [(0.0, stats(1000 * second, 900 * second, 0, 100 * second, 0)) for second in range(1, 5)]
    assert settled(meter, *slow).residence_p99_s == 0.0
    assert meter.observe(stats(5000, 4500, 0, 500, 0), 0.0, 4.0).residence_p99_s == 0.1
    one_good = meter.observe(stats(6000, 5500, 0, 500, 0), 0.0, 5.0)
    assert one_good.residence_p99_s == 0.001
    few = meter.observe(stats(6010, 5500, 0, 510, 0), 0.0, 6.0)
    assert few.residence_p99_s == 0.0


def test_a_worker_closes_at_its_limit_and_opens_well_below_it() -> None:
    admission = Admission(SfuSettings(max_worker_load=0.8, max_residence_ms=10, max_peers=100))
    assert admission.observe(Load(cpu_ratio=0.79), 10) == ""
    assert admission.observe(Load(cpu_ratio=0.81), 10) == "load"
    assert admission.observe(Load(cpu_ratio=0.7), 10) == "load"
    assert admission.observe(Load(cpu_ratio=0.6), 10) == ""
    assert admission.observe(Load(residence_p99_s=0.01), 10) == "residence"
    assert admission.observe(Load(residence_p99_s=0.001), 100) == "peers"
    assert admission.observe(Load(), 79) == ""
