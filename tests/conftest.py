"""What holds for every test: fresh binaries, repeatable examples, both event loops for the shells."""

import asyncio
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import hypothesis
import pytest
import uvloop

from tests.support.cython_sources import stale_binaries

ROOT = Path(__file__).resolve().parent.parent

hypothesis.settings.register_profile("relay", deadline=None, print_blob=True)
hypothesis.settings.register_profile("relay-ci", parent=hypothesis.settings.get_profile("relay"), derandomize=True)
hypothesis.settings.load_profile("relay-ci" if os.environ.get("CI") else "relay")

LOOPS: Mapping[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}


def pytest_configure(config: pytest.Config) -> None:
    """A green run against yesterday's binary says nothing about today's source."""
    stale = [*stale_binaries(ROOT / "relay"), *stale_binaries(ROOT / "loadtest")]
    if stale and not os.environ.get("RELAY_STALE_BINARIES"):
        more = f" and {len(stale) - 1} more" if len(stale) > 1 else ""
        raise pytest.UsageError(f"run `make build`: {stale[0]}{more} (RELAY_STALE_BINARIES=1 tests what is built)")


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Shells run on the loop of the portal that embeds them, so their tests run on both."""
    if "shell" in item.path.relative_to(ROOT).parts:
        return LOOPS
    return {"asyncio": asyncio.new_event_loop}


@pytest.fixture(autouse=True)
def _no_leaked_threads() -> Iterator[None]:
    """Sockets, transports and coroutines left behind fail by their ResourceWarning; threads have none."""
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        if not thread.daemon:
            thread.join(timeout=5)
            assert not thread.is_alive(), f"the test left the thread {thread.name} running"
