"""Compiled reception against its plain model, over scripts of loss, reordering, duplication and wrap-around."""

from hypothesis import given
from hypothesis import strategies as st

from relay.sfu.dataplane import Drop
from relay.sfu.dataplane.receive import StreamReception
from tests.support.oracle.receive import ReceptionOracle

CLOCK_HZ = 90_000
START_NS = 1_700_000_000_000_000_000

arrivals = st.tuples(
    st.just("note"),
    st.one_of(st.integers(1, 4), st.integers(-40, 40), st.sampled_from([-3000, -2048, 600, 1100, 2500, 20_000])),
    st.integers(0, 40_000_000),
    st.integers(-5000, 5000),
    st.booleans(),
)
asks = st.tuples(st.just("ask"), st.integers(0, 40_000_000), st.sampled_from([0, 5_000_000, 60_000_000]))
reports = st.tuples(st.just("report"))


def spread(pairs: list[tuple[int, int]]) -> list[int]:
    """PID and BLP as the numbers they stand for."""
    return [
        number & 0xFFFF
        for pid, blp in pairs
        for number in [pid, *(pid + bit + 1 for bit in range(16) if blp >> bit & 1)]
    ]


@given(st.integers(0, 0xFFFF), st.lists(st.one_of(arrivals, arrivals, arrivals, asks, reports), max_size=120))
def test_reception_is_what_its_model_says(first: int, script: list[tuple[object, ...]]) -> None:
    compiled, model = StreamReception(CLOCK_HZ), ReceptionOracle(CLOCK_HZ)
    sequence, now_ns = first, START_NS
    for step in script:
        match step:
            case "note", int(ahead), int(later_ns), int(skew), bool(recovered):
                now_ns += later_ns
                sequence += ahead
                arguments = sequence % 2**16, (sequence * 3000 + skew) % 2**32, now_ns, recovered
                assert compiled.note(*arguments) == model.note(*arguments)
            case "ask", int(later_ns), int(round_trip_ns):
                now_ns += later_ns
                assert spread(compiled.ask(now_ns, round_trip_ns)) == model.ask(now_ns, round_trip_ns)
            case _:
                assert compiled.fraction_lost() == model.fraction_lost()
        assert compiled.missing == sorted(model.missing)
        assert compiled.expected == model.expected
        assert compiled.jitter == model.jitter_q4 >> 4
        assert compiled.given_up == model.given_up
        model.given_up = False


@given(st.lists(st.integers(0, 300), min_size=1, unique=True), st.integers(0, 0xFFFF))
def test_each_position_is_taken_once_whatever_the_order(order: list[int], first: int) -> None:
    reception = StreamReception(CLOCK_HZ)
    taken = [reception.note((first + each) & 0xFFFF, 0, START_NS) for each in order * 2]
    drops = [drop for drop, _, _ in taken]
    assert drops == [Drop.KEPT] * len(order) + [Drop.DUPLICATE] * len(order)
    assert len({position for _, position, _ in taken}) == len(order)
