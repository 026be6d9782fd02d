"""Whatever slots and rates there are: the budget is kept, the order of priorities holds, and a picture does not flap."""

from hypothesis import given
from hypothesis import strategies as st

from relay.sfu.media.budget import Budget, Demand, Priority
from relay.sfu.media.layers import Content, Layer, ladder

rates = st.lists(st.integers(1, 5_000_000), max_size=6, unique=True).map(lambda each: tuple(sorted(each)))


@st.composite
def demands(draw: st.DrawFn) -> list[Demand]:
    priorities = draw(st.lists(st.sampled_from(Priority), max_size=8))
    return [
        Demand(slot, priority, (draw(st.integers(1, 100_000)),) if priority is Priority.AUDIO else draw(rates))
        for slot, priority in enumerate(priorities)
    ]


def cost(wanted: list[Demand], choices: dict[int, int | None], of: tuple[Priority, ...]) -> int:
    return sum(
        each.rates_bps[choice] for each in wanted if (choice := choices[each.slot]) is not None and each.priority in of
    )


@given(demands(), st.lists(st.integers(0, 20_000_000), min_size=1, max_size=20))
def test_no_more_is_spent_than_there_is(wanted: list[Demand], available: list[int]) -> None:
    budget = Budget()
    for second, bps in enumerate(available):
        choices = dict(budget.allocate(wanted, bps, float(second)))
        audio = cost(wanted, choices, (Priority.AUDIO,))
        assert set(choices) == {each.slot for each in wanted}
        assert cost(wanted, choices, tuple(Priority)) <= max(bps, audio)


@given(demands(), st.integers(0, 20_000_000))
def test_a_camera_is_not_raised_while_a_shared_picture_could_be(wanted: list[Demand], bps: int) -> None:
    choices = dict(Budget().allocate(wanted, bps, 0.0))
    left = bps - cost(wanted, choices, (Priority.AUDIO, Priority.SHARED))
    least = sum(
        each.rates_bps[0] for each in wanted if each.priority is Priority.CAMERA and choices[each.slot] is not None
    )
    for each in wanted:
        choice = choices[each.slot]
        if each.priority is Priority.SHARED and choice is not None and choice + 1 < len(each.rates_bps):
            spare = left - least + each.rates_bps[choice]
            assert each.rates_bps[choice + 1] * 1.1 > spare


@given(demands(), st.lists(st.integers(0, 20_000_000), min_size=1, max_size=200))
def test_a_slot_does_not_rise_within_two_seconds_of_a_fall(wanted: list[Demand], available: list[int]) -> None:
    budget = Budget()
    before: dict[int, int] = {}
    fell: dict[int, float] = {}
    for tick, bps in enumerate(available):
        now = tick / 10
        for slot, choice in budget.allocate(wanted, bps, now).items():
            rank = -1 if choice is None else choice
            if rank > before.get(slot, -1):
                assert now - fell.get(slot, -9.0) >= 2.0
            elif rank < before.get(slot, -1):
                fell[slot] = now
            before[slot] = rank


layers = st.builds(Layer, st.integers(0, 2), st.integers(0, 2))


@given(st.dictionaries(layers, st.integers(1, 5_000_000)), st.sampled_from(Content))
def test_every_step_of_a_ladder_is_better_and_dearer(rates_bps: dict[Layer, int], content: Content) -> None:
    steps = ladder(rates_bps, content)
    assert bool(steps) == bool(rates_bps)
    assert [layer for layer, _ in steps] == sorted({layer for layer, _ in steps})
    assert [rate for _, rate in steps] == sorted({rate for _, rate in steps})
