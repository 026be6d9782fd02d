import pytest

from relay.config import LatencySettings
from relay.errors import Misuse
from relay.metrics.histogram import Histogram
from relay.service.latency import Hop, Lately, LatencyInBudget, LatencyOverBudget, LatencyWatch, Way
from relay.service.participants import Desk, Who

KIOSK, SEAT = Who(Desk.KIOSK, "k"), Who(Desk.SEAT, "s")
SETTINGS = LatencySettings(uplink_ms=40, relay_ms=10, downlink_ms=40, jitter_buffer_ms=60, patience_s=6)


def way(uplink: float = 10, relay: float = 1, downlink: float = 10, buffer: float = 40, *, back: bool = False) -> Way:
    hops = {Hop.UPLINK: uplink, Hop.RELAY: relay, Hop.DOWNLINK: downlink, Hop.JITTER_BUFFER: buffer}
    return Way(SEAT, KIOSK, hops) if back else Way(KIOSK, SEAT, hops)


def test_the_defaults_sum_to_what_g114_allows():
    assert LatencyWatch(LatencySettings()).budget_ms == 150


def test_a_call_in_its_budget_says_nothing():
    watch = LatencyWatch(SETTINGS)
    assert [watch.judge("c", [way(), way(back=True)], now_s=2.0 * n) for n in range(20)] == [None] * 20
    assert watch.calls_over == 0


def test_a_call_that_stays_over_is_told_once_with_the_hop_to_blame():
    watch = LatencyWatch(SETTINGS)
    told = [watch.judge("c", [way(), way(uplink=130, back=True)], now_s=2.0 * n) for n in range(10)]
    assert [event for event in told if event] == [
        LatencyOverBudget("c", SEAT, KIOSK, 181.0, 150.0, Hop.UPLINK, 130.0, 40.0)
    ]
    assert told.index(next(filter(None, told))) == 3, "after six seconds"
    assert watch.calls_over == 1
    assert watch.exceeded == {"uplink": 1, "relay": 0, "downlink": 0, "jitter-buffer": 0}


@pytest.mark.parametrize("hop", list(Hop))
def test_the_hop_that_exceeds_its_own_share_most_is_to_blame(hop: Hop):
    watch = LatencyWatch(LatencySettings(patience_s=0))
    hops = dict(watch.budgets_ms)
    hops[hop] += 30
    event = watch.judge("c", [Way(KIOSK, SEAT, hops)], now_s=0.0)
    assert isinstance(event, LatencyOverBudget)
    assert (event.hop, event.hop_ms - event.hop_budget_ms) == (hop, 30)


def test_a_short_peak_is_not_worth_an_event_and_the_way_back_takes_as_long():
    watch = LatencyWatch(SETTINGS)
    slow, good = [way(downlink=200)], [way()]
    rounds = [slow, slow, good, slow, slow, slow, slow, good, slow, good, good, good, good]
    told = [watch.judge("c", each, now_s=2.0 * n) for n, each in enumerate(rounds)]
    assert [type(event) for event in told if event] == [LatencyOverBudget, LatencyInBudget]
    assert [n for n, event in enumerate(told) if event] == [6, 12]
    assert watch.calls_over == 0


def test_one_call_does_not_count_for_another_and_those_that_are_over_are_forgotten():
    watch = LatencyWatch(LatencySettings(patience_s=0))
    assert watch.judge("a", [way(relay=500)], now_s=0.0)
    assert watch.judge("b", [way()], now_s=0.0) is None
    watch.keep({"b"})
    assert watch.calls_over == 0


def test_what_is_not_measured_adds_nothing_and_no_measurement_is_no_verdict():
    watch = LatencyWatch(LatencySettings(patience_s=0))
    assert watch.judge("c", [Way(KIOSK, SEAT, {})], now_s=0.0) is None
    assert watch.judge("c", [Way(KIOSK, SEAT, {Hop.UPLINK: 149.0})], now_s=1.0) is None
    assert sum(watch.seconds["total"].counts) == 1
    assert sum(watch.seconds["relay"].counts) == 0


def test_a_quantile_of_lately_forgets_what_was_counted_before():
    lately, total = Lately(), Histogram((0.001, 0.01, 0.1))
    for _ in range(1000):
        total.observe(0.0005)
    assert lately.quantile(total, 0.99) == 0.001
    assert lately.quantile(total, 0.99) is None
    total.observe(0.05)
    assert lately.quantile(total, 0.99) == 0.1
    assert lately.quantile(Histogram((0.001, 0.01, 0.1), [0, 2, 0, 0]), 0.99) == 0.01, "a worker that began anew"


def test_budgets_must_be_positive():
    with pytest.raises(Misuse, match="relay_ms"):
        LatencySettings(relay_ms=0)
    with pytest.raises(Misuse, match="patience_s"):
        LatencySettings(patience_s=-1)
