"""Call detail records in memory: bounded, in order, and honest about what was dropped."""

from types import SimpleNamespace

from relay.service.record_book import RecordBook


def book(*numbers: int, limit: int = 4) -> RecordBook:
    made = RecordBook(limit)
    for seq in numbers:
        made.add(seq, SimpleNamespace(call=f"c{seq}"))  # type: ignore[arg-type]
    return made


def numbers(book: RecordBook, after: int = 0, limit: int = 100) -> list[int]:
    return [each.seq for each in book.after(after, limit)]


def test_pages_follow_each_other():
    kept = book(2, 5, 9)
    assert numbers(kept, limit=2) == [2, 5]
    assert numbers(kept, after=5) == [9]
    assert numbers(kept, after=6) == [9]
    assert numbers(kept, after=9) == []
    assert (kept.find("c5").seq, kept.find("c6")) == (5, None)


def test_the_oldest_make_room_and_are_remembered_as_gone():
    kept = book(1, 2, 3, 4, 5, 6)
    assert (numbers(kept), kept.forgotten) == ([3, 4, 5, 6], 2)


def test_records_of_a_former_run_come_first_as_far_as_there_is_room():
    kept = book(8, 9)
    kept.precede(book(1, 2, 3))
    assert (numbers(kept), kept.forgotten) == ([2, 3, 8, 9], 1)
    untouched = book(8, 9)
    untouched.precede(book(5))
    assert (numbers(untouched), untouched.forgotten) == ([5, 8, 9], 0)
