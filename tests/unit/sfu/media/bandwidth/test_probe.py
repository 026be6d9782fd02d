from itertools import pairwise

import pytest

from relay.sfu.media.bandwidth import Probe
from relay.sfu.media.bandwidth.probe import Probing
from relay.sfu.ports import ProbeArrivals

DEMAND = 6e6


def arrivals(probe: Probe, sent_bps: float, received_bps: float, share: float = 1.0) -> ProbeArrivals:
    """As if all of it had left and arrived evenly, in packets of a fifth."""
    size = probe.size_bytes // probe.packets
    gaps = (probe.packets - 1) * size * 8
    return ProbeArrivals(
        probe.cluster,
        int(probe.packets * share),
        int(size * probe.packets * share),
        1.0,
        1.0 + gaps / sent_bps,
        size,
        9.0,
        size,
        9.0 + gaps / received_bps,
    )


def first(probing: Probing) -> Probe:
    return probing.plan(1e6, DEMAND, 0.0)[0]


def test_the_start_tries_three_and_six_times_the_rate_within_the_demand() -> None:
    assert [probe.rate_bps for probe in Probing().start(300e3, DEMAND, 0.0)] == [900_000, 1_800_000]
    assert [probe.rate_bps for probe in Probing().start(300e3, 1e6, 0.0)] == [900_000]
    assert Probing().start(300e3, 0.0, 0.0) == []


@pytest.mark.parametrize(
    ("sent", "received", "measured"),
    [
        (2e6, 2e6, 2e6),  # the link took it
        (2e6, 1.9e6, 1.9e6),
        (2e6, 1e6, 0.95e6),  # the link was full: its rate, less a little
        (2e6, 5e6, None),  # bunched on the way
    ],
)
def test_what_a_probe_measures(sent: float, received: float, measured: float | None) -> None:
    probing = Probing()
    rate = probing.handle_arrivals(arrivals(first(probing), sent, received))
    assert rate == (None if measured is None else pytest.approx(measured))


def test_half_a_probe_measures_nothing_and_the_rest_completes_it() -> None:
    probing = Probing()
    probe = first(probing)
    whole = arrivals(probe, 2e6, 2e6)
    size = whole.last_sent_bytes
    early = whole._replace(packets=2, size_bytes=2 * size, last_sent_s=1.001, last_arrived_s=9.001)
    late = whole._replace(packets=3, size_bytes=3 * size, first_sent_s=1.002, first_arrived_s=9.002)
    assert probing.handle_arrivals(early) is None
    assert probing.handle_arrivals(late) == pytest.approx(2e6)
    assert probing.handle_arrivals(late) is None


def test_records_of_probes_that_never_were_are_ignored() -> None:
    probing = Probing()
    assert probing.handle_arrivals(arrivals(first(probing), 2e6, 2e6)._replace(cluster=99)) is None


def test_probes_become_rarer_and_a_drop_or_a_success_makes_them_frequent_again() -> None:
    probing = Probing()
    times = [n * 0.05 for n in range(400) if probing.plan(1e6, DEMAND, n * 0.05)]
    gaps = [round(later - earlier, 2) for earlier, later in pairwise(times)]
    assert gaps[-1] >= 2.0
    probing.handle_drop(20.0)
    assert probing.plan(1e6, DEMAND, 20.05) == []
    assert probing.plan(1e6, DEMAND, 20.11) != []


def test_nobody_probes_beyond_what_the_slots_would_use() -> None:
    probing = Probing()
    assert probing.plan(DEMAND, DEMAND, 0.0) == []
    assert probing.plan(5e6, DEMAND, 0.0)[0].rate_bps == int(1.25 * DEMAND)


def test_one_probe_at_a_time() -> None:
    probing = Probing()
    first(probing)
    assert probing.plan(1e6, DEMAND, 0.5) == []
    assert probing.plan(1e6, DEMAND, 1.1) != []
