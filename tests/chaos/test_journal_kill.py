"""kill -9 at random moments, again and again, over one journal: nothing acknowledged is lost, no offer is doubled."""

import os
import random
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

from relay.scheduler import events as ev
from relay.scheduler.shell.recovery import recover
from relay.scheduler.shell.sqlite_journal import SqliteJournal
from relay.scheduler.snapshot import digest
from tests.support.histories import check_exclusive, history

WORKER = Path(__file__).with_name("journal_worker.py")
ROOT = WORKER.parents[2]
LIVES = 6
SEED = 20260302


def live_and_die(journal: Path, life: int, moment_s: float) -> list[list[str]]:
    """Start the worker, kill it a moment after it is ready; the whole lines it had said."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, WORKER, journal, str(life)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as worker:
        lines: list[bytes] = []
        for line in worker.stdout:
            lines.append(line)
            if line == b"ready\n":
                threading.Timer(moment_s, worker.kill).start()
    assert worker.returncode == -9
    return [line.decode().split() for line in lines if line.endswith(b"\n")]


def test_kill_at_any_moment(tmp_path):
    path, chance = tmp_path / "journal.db", random.Random(SEED)
    said: list[list[str]] = []
    for life in range(LIVES):
        said += live_and_die(path, life, chance.uniform(0.02, 0.5))
    with SqliteJournal(path, read_only=True) as journal:
        events = history(journal)
        requested = Counter((e.key, e.call) for e in events if isinstance(e, ev.CallRequested))
        accepted = {(e.offer, e.seat) for e in events if isinstance(e, ev.CallAccepted)}
        offered = {(e.offer, e.call, e.seat) for e in events if isinstance(e, ev.CallOffered)}
        told = {
            kind: {tuple(words) for first, *words in said if first == kind} for kind in ("call", "accepted", "rings")
        }
        assert len(told["call"]) > 100
        assert told["accepted"]
        assert told["call"] <= set(requested), "an acknowledged call is lost"
        assert told["accepted"] <= accepted, "an acknowledged acceptance is lost"
        assert told["rings"] <= offered, "a seat rang for an offer that was never durable"
        assert max(Counter(key for key, _ in requested).values()) == 1, "a call was duplicated"
        assert max(requested.values()) == 1
        check_exclusive(events)
        with_snapshot = digest(recover(journal).engine.state)
        for snapshot in tmp_path.glob("*.snapshot-*"):
            snapshot.unlink()
        assert digest(recover(journal).engine.state) == with_snapshot
