"""Retransmission memory against a model that never forgets: what it returns is true, what is recent is there."""

from hypothesis import given
from hypothesis import strategies as st

from relay.sfu.dataplane.history import StreamHistory
from tests.support.oracle.history import ANSWER, THROTTLED, UNKNOWN, HistoryOracle

arrivals = st.tuples(
    st.sampled_from([1, 1, 1, 2, 7, -3]), st.integers(12, 1456), st.sampled_from([0, 100_000, 20_000_000])
)


def filled(position: int, length: int) -> bytes:
    return bytes([position % 251]) * length


@given(st.lists(arrivals, min_size=1, max_size=60), st.integers(1, 20))
def test_the_ring_returns_only_what_was_kept(script: list[tuple[int, int, int]], laps: int) -> None:
    ring, model = StreamHistory(video=True), HistoryOracle()
    position, now_ns = 1_000, 1
    for ahead, length, later_ns in script * laps:
        position += ahead
        now_ns += later_ns
        if position in model.packets:
            continue
        ring.keep(position, filled(position, length), now_ns)
        model.keep(position, filled(position, length))
    for each in model.packets:
        found = ring.find(each)
        assert found in (None, model.packets[each])
        assert found is not None or not model.must_have(each)
    assert ring.find(position + 1_000_000) is None


@given(st.integers(200, 1456), st.integers(20, 2800))
def test_half_a_second_of_a_stream_is_kept_at_any_rate(length: int, packets_per_s: int) -> None:
    ring = StreamHistory(video=True)
    spacing_ns = 1_000_000_000 // packets_per_s
    count = packets_per_s * 2
    for position in range(count):
        ring.keep(position, filled(position, length), 1 + position * spacing_ns)
    for position in range(count - packets_per_s // 2, count):
        assert ring.find(position) == filled(position, length)


@given(st.integers(0, 400_000))
def test_the_budget_is_never_exceeded(budget_bytes: int) -> None:
    ring = StreamHistory(video=True, budget_bytes=budget_bytes)
    for position in range(600):
        ring.keep(position, filled(position, 1200), 1 + position)
        ring.note(position, position, 1 + position)
    assert ring.used_bytes <= budget_bytes


asks = st.tuples(st.integers(0, 40), st.integers(0, 30_000_000))


@given(st.integers(0, 0xFFFF), st.lists(asks, max_size=80), st.sampled_from([0, 12_000_000, 25_000_000]))
def test_resending_is_rationed_as_the_model_says(first: int, script: list[tuple[int, int]], round_trip_ns: int) -> None:
    log, model = StreamHistory(video=True), HistoryOracle()
    for index in range(30):
        log.note((first + index) & 0xFFFF, 5_000 + index, 1)
        model.note((first + index) & 0xFFFF, 5_000 + index)
    now_ns = 50_000_000
    for index, later_ns in script:
        now_ns += later_ns
        sequence = (first + index) & 0xFFFF
        expected = model.recall(sequence, now_ns, round_trip_ns)
        assert log.recall(sequence, now_ns, round_trip_ns) == expected
        assert expected[0] == UNKNOWN or index < 30
        assert expected[1] is None or expected[0] != THROTTLED


@given(st.integers(0, 0xFFFF), st.integers(100, 8000))
def test_the_numbers_of_half_a_second_are_remembered_at_any_rate(first: int, packets_per_s: int) -> None:
    log = StreamHistory(video=True)
    for index in range(packets_per_s):
        log.note((first + index) & 0xFFFF, index, 1 + index * 1_000_000_000 // packets_per_s)
    for index in range(packets_per_s - packets_per_s // 2, packets_per_s):
        assert log.recall((first + index) & 0xFFFF, 2_000_000_000, 0) == (ANSWER, index)
