"""`python -m relay.scheduler.shell.snapshotter JOURNAL`: replay a journal and leave a snapshot beside it.

Run by the service in a process of its own at low priority. As it starts from the last snapshot and replays what came
since, every snapshot is also a proof that the journal can be replayed.
"""

import os
import sys
from pathlib import Path

from relay.scheduler.shell.recovery import recover, snapshot_of
from relay.scheduler.shell.sqlite_journal import SqliteJournal

_NICENESS = 10


def main(path: Path) -> int:
    """Write the snapshot; returns the number of its decision."""
    with SqliteJournal(path, read_only=True) as journal:
        recovery = recover(journal)
        if recovery.seq > recovery.snapshot_seq:
            journal.save(snapshot_of(recovery))
    return recovery.seq


if __name__ == "__main__":
    os.nice(_NICENESS)
    sys.stdout.write(f"{main(Path(sys.argv[1]))}\n")
