"""What the file does when the disk, another process or an operator interferes."""

import sqlite3

import pytest

from relay.errors import Refusal
from relay.scheduler.shell.journal import Batch, JournalCorrupt, JournalUnavailable, Snapshot
from relay.scheduler.shell.sqlite_journal import SqliteJournal


def batch(first: int, size: int = 40) -> Batch:
    return Batch(first, 1, at_ms=first, body=bytes([first % 256]) * size)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.db"


def written(path, batches: int = 3):
    with SqliteJournal(path) as journal:
        for first in range(1, batches + 1):
            journal.append(batch(first), delivered=first - 1)
    return path


def test_survives_reopening(path):
    with SqliteJournal(written(path)) as journal:
        assert journal.last() == 3
        assert journal.delivered() == 2
        assert [b.first for b in journal.read(0)] == [1, 2, 3]


def test_a_full_disk_is_a_refusal_and_leaves_nothing_half_written(path):
    with SqliteJournal(written(path)) as journal:
        pages = journal._database.execute("PRAGMA page_count").fetchone()[0]
        journal._database.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(JournalUnavailable, match="cannot be written: database or disk is full") as caught:
            journal.append(batch(4, size=200_000), delivered=3)
        assert isinstance(caught.value, Refusal)
        assert journal.last() == 3
        assert journal.delivered() == 2
        journal._database.execute("PRAGMA max_page_count = 1000000")
        journal.append(batch(4, size=200_000), delivered=3)
        assert journal.last() == 4


def test_a_read_only_file_refuses_writes_and_still_reads(path):
    written(path)
    with SqliteJournal(path, read_only=True) as journal:
        assert [b.first for b in journal.read(1)] == [2, 3]
        with pytest.raises(JournalUnavailable, match="readonly"):
            journal.append(batch(4), delivered=0)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(JournalUnavailable, match=r"missing/journal\.db cannot be opened"):
        SqliteJournal(tmp_path / "missing" / "journal.db")


def test_two_writers_are_kept_apart_and_readers_are_let_in(path):
    with SqliteJournal(written(path)) as journal:
        with pytest.raises(JournalUnavailable, match="in use by another scheduler"):
            SqliteJournal(path)
        with SqliteJournal(path, read_only=True) as onlooker:
            journal.append(batch(4), delivered=0)
            assert [b.first for b in onlooker.read(3)] == [4]
    SqliteJournal(path).close()


def test_a_torn_write_ahead_log_loses_whole_commits_only(path, tmp_path):
    """Copy the files of a living journal, tear the copy's log at every kind of place, and reopen it."""
    with SqliteJournal(path) as journal:
        for first in range(1, 9):
            journal.append(batch(first, size=5_000), delivered=first - 1)
        main, log = path.read_bytes(), path.with_name("journal.db-wal").read_bytes()
    for torn_at in range(0, len(log), 9_973):
        copy = tmp_path / f"torn-{torn_at}.db"
        copy.write_bytes(main)
        copy.with_name(f"{copy.name}-wal").write_bytes(log[:torn_at])
        with SqliteJournal(copy) as journal:
            firsts = [b.first for b in journal.read(0)]
            assert firsts == list(range(1, len(firsts) + 1))
            assert journal.last() == len(firsts)


def test_decisions_are_retained_for_their_time(path):
    with SqliteJournal(path, retain_ms=1_000) as journal:
        for first in range(1, 5):
            journal.append(Batch(first, 1, at_ms=first * 1_000, body=b""), delivered=0)
        assert journal.compact(up_to=4, now_ms=3_500, limit=9) == 2
        assert [b.first for b in journal.read(2)] == [3, 4]
        assert journal.compact(up_to=4, now_ms=99_000, limit=9) == 1
        assert journal.last() == 4


def damage(path, first: int) -> None:
    with sqlite3.connect(path) as database:
        database.execute("UPDATE batch SET body = x'00' WHERE first = ?", (first,))
    database.close()


def test_damage_is_found_and_named(path):
    damage(written(path), first=2)
    with SqliteJournal(path) as journal:
        with pytest.raises(JournalCorrupt, match=r"decisions 2\.\.2 is damaged"):
            list(journal.read(0))
        assert [b.first for b in journal.read(2)] == [3]


def test_only_a_damaged_tail_can_be_cut(path):
    with SqliteJournal(written(path)) as journal:
        assert journal.cut_tail() == 0
        damage(path, first=3)
        assert journal.cut_tail() == 1
        assert journal.last() == 2
        journal.append(batch(3), delivered=0)
        damage(path, first=2)
        damage(path, first=3)
        with pytest.raises(JournalCorrupt, match=r"2\.\.2"):
            journal.cut_tail()


def test_a_missing_batch_is_a_gap(path):
    with sqlite3.connect(written(path)) as database:
        database.execute("DELETE FROM batch WHERE first = 2")
    database.close()
    with SqliteJournal(path) as journal, pytest.raises(JournalCorrupt, match="decision 2 is missing"):
        list(journal.read(0))


def test_foreign_files_are_refused(tmp_path):
    text = tmp_path / "text.db"
    text.write_text("not a database, but long enough to look like a header of one " * 20)
    with pytest.raises(JournalCorrupt, match="not a database"):
        SqliteJournal(text)
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as database:
        database.execute("CREATE TABLE other (x)")
    database.close()
    with pytest.raises(JournalCorrupt, match="not a scheduler journal"):
        SqliteJournal(foreign)


def test_a_later_format_is_refused(path):
    with sqlite3.connect(written(path)) as database:
        database.execute("PRAGMA user_version = 2")
    database.close()
    with pytest.raises(JournalCorrupt, match="journal format 2, this version reads 1"):
        SqliteJournal(path)


def test_a_failed_opening_lets_others_in(path):
    path.write_text("junk" * 1000)
    with pytest.raises(JournalCorrupt):
        SqliteJournal(path)
    path.unlink()
    SqliteJournal(path).close()


def test_a_damaged_or_foreign_snapshot_is_passed_over(path):
    with SqliteJournal(path) as journal:
        journal.save(Snapshot(3, at_ms=30, schema=1, body=b"older"))
        journal.save(Snapshot(6, at_ms=60, schema=1, body=b"newer"))
        newest = path.with_name("journal.db.snapshot-0000000000000006")
        for content in (newest.read_bytes()[:-1], b"RLYS", b"x" * 200, b""):
            newest.write_bytes(content)
            assert [s.seq for s in journal.snapshots()] == [3]
        path.with_name("journal.db.snapshot-draft").write_bytes(b"half")
        assert [s.seq for s in journal.snapshots()] == [3]
