"""Long random histories: audited step by step, replayed, restored in the middle, and repeated in other processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from relay.errors import Refusal
from relay.scheduler import commands
from relay.scheduler.engine import Engine
from relay.scheduler.snapshot import digest, restore_state, state_bytes
from relay.scheduler.state import State
from tests.support.oracle.scheduler import Audit
from tests.support.scheduler_walk import Walk, commands_of

ROOT = Path(__file__).resolve().parents[2]


class Walker:
    """Feeds a walk to an engine, the events to an audit and a log."""

    def __init__(self, seed: int) -> None:
        self.walk = Walk(seed)
        self.engine = Engine(self.walk.state)
        self.audit = Audit(self.walk.settings)
        self.log: list[commands.Command] = []

    def run(self, steps: int) -> None:
        for command in commands_of(self.walk, steps):
            self.send(command)

    def send(self, command: commands.Command) -> None:
        while (wake_ms := self.engine.next_wake_ms()) is not None and wake_ms <= self.walk.now_ms:
            assert self.step(commands.Tick()), "a timer that decides nothing"
        try:
            self.step(command)
        except Refusal:
            return

    def step(self, command: commands.Command) -> int:
        events = self.engine.step(command, self.walk.now_ms)
        self.audit.observe(events)
        self.audit.check()
        self.log.extend(events)
        return len(events)


@pytest.mark.parametrize("seed", range(12))
def test_nothing_is_lost_doubled_or_left_idle(seed: int) -> None:
    walker = Walker(seed)
    walker.run(4_000)
    assert walker.engine.state.calls_made > 300
    assert set(walker.engine.state.calls) == set(walker.audit.tickets)


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_replaying_the_events_gives_the_state(seed: int) -> None:
    walker = Walker(seed)
    walker.run(600)
    replayed = Engine(State(walker.walk.settings))
    replayed.replay(walker.log)
    assert state_bytes(replayed.state) == state_bytes(walker.engine.state)


@pytest.mark.parametrize("seed", [21, 22, 23])
def test_an_engine_restored_in_the_middle_decides_the_same(seed: int) -> None:
    steady, restored = Walker(seed), Walker(seed)
    steady.run(200)
    restored.run(200)
    for _ in range(15):
        body = state_bytes(restored.engine.state)
        restored.walk.state = restore_state(body)
        assert state_bytes(restored.walk.state) == body
        restored.engine = Engine(restored.walk.state)
        for _ in range(20):
            steady.send(steady.walk.step())
            restored.send(restored.walk.step())
        assert steady.log == restored.log
    assert digest(steady.engine.state) == digest(restored.engine.state)


def test_other_processes_and_hash_seeds_decide_the_same() -> None:
    told = set()
    for hash_seed in ("0", "1", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        walk = [sys.executable, "-m", "tests.support.scheduler_walk", "31", "500"]
        told.add(subprocess.run(walk, cwd=ROOT, env=environment, capture_output=True, check=True).stdout)
    assert len(told) == 1
    assert b"c" in told.pop()
