"""What every journal promises; both kinds run the same list."""

import pytest

from relay.errors import InvariantError
from relay.scheduler.shell.journal import Batch, JournalCorrupt, MemoryJournal, Snapshot, checked
from relay.scheduler.shell.sqlite_journal import Durability, SqliteJournal


@pytest.fixture(params=["memory", *Durability])
def journal(request, tmp_path):
    kind = request.param
    made = MemoryJournal() if kind == "memory" else SqliteJournal(tmp_path / "journal.db", Durability(kind))
    yield made
    made.close()


def batch(first: int, count: int = 3) -> Batch:
    return Batch(first, count, at_ms=1_000 * first, body=b"decisions %d" % first)


def filled(journal, batches: int = 4):
    for number in range(batches):
        journal.append(batch(1 + 3 * number), delivered=3 * number)
    return journal


def test_starts_empty(journal):
    assert journal.last() == 0
    assert journal.delivered() == 0
    assert list(journal.read(after=0)) == []
    assert list(journal.snapshots()) == []


def test_gives_back_what_was_appended_in_order(journal):
    filled(journal)
    assert list(journal.read(after=0)) == [batch(1), batch(4), batch(7), batch(10)]
    assert journal.last() == 12
    assert journal.delivered() == 9


@pytest.mark.parametrize(("after", "firsts"), [(2, [1, 4]), (3, [4]), (4, [4]), (5, [4]), (6, [])])
def test_reads_from_the_batch_that_holds_the_next_decision(journal, after, firsts):
    assert [b.first for b in filled(journal, batches=2).read(after)] == firsts


def test_refuses_a_batch_that_does_not_continue(journal):
    filled(journal)
    for wrong in (batch(12), batch(14), batch(13, count=0)):
        with pytest.raises(InvariantError):
            journal.append(wrong, delivered=0)
    journal.append(batch(13), delivered=12)


def test_the_outbox_position_can_be_recorded_alone(journal):
    filled(journal)
    journal.deliver(12)
    assert journal.delivered() == 12


def test_keeps_the_two_newest_snapshots(journal):
    for seq in (3, 6, 9):
        journal.save(Snapshot(seq, at_ms=seq, schema=1, body=b"state %d" % seq))
    assert [s.seq for s in journal.snapshots()] == [9, 6]
    assert next(iter(journal.snapshots())).body == b"state 9"


def test_compacts_a_bounded_number_of_old_batches(journal):
    filled(journal)
    later_ms = 30 * 86_400_000
    assert journal.compact(up_to=8, now_ms=later_ms, limit=1) == 1
    assert journal.compact(up_to=8, now_ms=later_ms, limit=10) == 1
    assert [b.first for b in journal.read(after=6)] == [7, 10]
    with pytest.raises(JournalCorrupt, match="decision 1 is missing"):
        list(checked(journal.read(after=0), after=0))


def test_numbering_survives_compaction(journal):
    filled(journal)
    journal.save(Snapshot(12, at_ms=12, schema=1, body=b"state"))
    journal.compact(up_to=12, now_ms=30 * 86_400_000, limit=10)
    journal.append(batch(13), delivered=12)
    assert journal.last() == 15


def test_an_onlooker_sees_the_same(journal):
    filled(journal)
    onlooker = journal.onlooker()
    assert [b.first for b in onlooker.read(after=6)] == [7, 10]
    onlooker.close()
    assert journal.last() == 12
