"""How far a fuzz test explores: 300 examples in the normal run, `RELAY_FUZZ_EXAMPLES` of them when hunting."""

import os
from collections.abc import Sequence

import hypothesis
from hypothesis import strategies

explore = hypothesis.settings(
    max_examples=int(os.environ.get("RELAY_FUZZ_EXAMPLES", "300")),
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large],
)


@strategies.composite
def mutations(draw: strategies.DrawFn, seeds: Sequence[bytes]) -> bytes:
    """A seed with some bytes changed, cut out, or put in: input that gets past the first check of a parser."""
    data = bytearray(draw(strategies.sampled_from(seeds)))
    for _ in range(draw(strategies.integers(0, 4))):
        position = draw(strategies.integers(0, len(data)))
        size = draw(strategies.integers(0, 8))
        data[position : position + size] = draw(strategies.binary(max_size=8))
    return bytes(data)
