"""Benches that close their sockets."""

from collections.abc import Callable, Iterator

import pytest

from tests.support.media_bench import Bench


@pytest.fixture
def make_bench() -> Iterator[Callable[..., Bench]]:
    benches: list[Bench] = []

    def make(**limits: int) -> Bench:
        benches.append(Bench(**limits))
        return benches[-1]

    yield make
    for bench in benches:
        bench.close()


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    return make_bench()
