from hypothesis import given
from hypothesis import strategies as st

from relay.sfu.wire import rtcp
from relay.sfu.wire.rtcp.status_chunks import LARGE, LOST, SMALL, pull_runs, push_symbols
from tests.support.wire_values import rtcp_packets


@given(st.lists(rtcp_packets, min_size=1, max_size=4).map(tuple))
def test_what_is_written_is_read_back(packets: tuple[rtcp.Packet, ...]) -> None:
    assert rtcp.parse(rtcp.serialise(packets)) == packets


@given(st.lists(st.tuples(st.sampled_from((LOST, SMALL, LARGE)), st.integers(1, 9000)), max_size=12))
def test_statuses_survive_their_chunks(runs: list[tuple[int, int]]) -> None:
    symbols = [symbol for symbol, length in runs for _ in range(length)]
    pulled, _ = pull_runs(push_symbols(symbols), 0, len(symbols))
    assert [run.symbol for run in pulled for _ in range(run.length)] == symbols


@given(
    st.integers(0, 2**40),
    st.lists(st.tuples(st.integers(1, 20_000), st.integers(-10_000_000, 10_000_000)), min_size=1, max_size=80),
)
def test_feedback_tells_every_arrival_to_125_us(first_us: int, steps: list[tuple[int, int]]) -> None:
    arrivals = []
    sequence, at_us = 0, first_us + 10**9
    for gap, delta_us in steps:
        sequence, at_us = sequence + gap, at_us + delta_us
        arrivals.append((sequence, at_us))
    built = rtcp.TransportFeedback.build(1, 2, 0, arrivals)
    told = [arrival for each in built for arrival in each.arrivals()]
    assert [number for number, _ in told] == [number & 0xFFFF for number, _ in arrivals]
    cycle_us = 2**24 * 64_000
    for (_, told_us), (_, at_us) in zip(told, arrivals, strict=True):
        error_us = (told_us - at_us + cycle_us // 2) % cycle_us - cycle_us // 2
        assert abs(error_us) <= 125
    assert rtcp.parse(rtcp.serialise(built)) == built
