"""The open-addressing table against a dictionary."""

from hypothesis import given
from hypothesis import strategies as st

from relay.sfu.dataplane.routes import RouteTable

LIMIT = 12
keys = st.tuples(st.integers(0, 3), st.integers(0, 3), st.sampled_from([0, 1, 2**64 - 1]))
changes = st.one_of(
    st.tuples(st.just("put"), keys, st.integers(0, 2**31 - 1)), st.tuples(st.just("remove"), keys, st.just(0))
)


@given(st.integers(0, 2**64 - 1), st.lists(changes, max_size=120))
def test_the_table_is_a_dictionary_with_a_limit(seed: int, script: list[tuple[str, tuple[int, int, int], int]]) -> None:
    table, model = RouteTable(LIMIT, seed), dict[tuple[int, int, int], int]()
    for change, key, row in script:
        if change == "remove":
            table.remove(*key)
            model.pop(key, None)
        else:
            fits = key in model or len(model) < LIMIT
            assert table.put(*key, row) is fits
            if fits:
                model[key] = row
        assert len(table) == len(model)
    for key in [(a, b, c) for a in range(4) for b in range(4) for c in (0, 1, 2**64 - 1)]:
        assert table.find(*key) == model.get(key)
