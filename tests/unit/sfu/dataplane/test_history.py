"""Retransmission memory in rows. `tests/property/test_dataplane_history.py` compares it with its model."""

import pytest

from relay.sfu.dataplane.history import StreamHistory
from tests.support.oracle.history import ANSWER, THROTTLED, UNKNOWN

MS = 1_000_000
LAP = 128
"""Packets of 1,024 bytes that the memory of a video track holds at first."""


def body(position: int) -> bytes:
    return bytes([position % 251]) * 1024


def keep(ring: StreamHistory, first: int, packets: int, start_ms: int, spacing_ms: int) -> int:
    for index in range(packets):
        ring.keep(first + index, body(first + index), (start_ms + index * spacing_ms) * MS)
    return start_ms + packets * spacing_ms


def test_memory_grows_when_it_holds_too_little_time_and_forgets_nothing_of_the_last_lap() -> None:
    ring = StreamHistory(video=True)
    at_ms = keep(ring, 0, LAP, 1, 10)
    before = ring.used_bytes
    at_ms = keep(ring, LAP, LAP, at_ms, 1)
    assert ring.used_bytes == before, "the first lap took more than a second"
    keep(ring, 2 * LAP, 1, at_ms, 1)
    assert ring.used_bytes > before, "the second took an eighth of one"
    assert [ring.find(position) for position in range(LAP)] == [None] * LAP
    assert [ring.find(position) for position in range(LAP, 2 * LAP + 1)] == [body(n) for n in range(LAP, 2 * LAP + 1)]


def test_a_slow_stream_does_not_grow() -> None:
    ring = StreamHistory(video=True)
    before = ring.used_bytes
    keep(ring, 0, 10 * LAP, 1, 10)
    assert ring.used_bytes == before


@pytest.mark.parametrize("budget_bytes", [0, 100_000])
def test_without_budget_nothing_is_kept(budget_bytes: int) -> None:
    ring = StreamHistory(video=True, budget_bytes=budget_bytes)
    ring.keep(1, b"packet", 1)
    assert ring.find(1) is None


def test_a_late_packet_is_kept_at_its_own_position() -> None:
    ring = StreamHistory(video=False)
    for position in (10, 12, 11):
        ring.keep(position, body(position)[:50], 1)
    assert [ring.find(position) for position in range(9, 14)] == [None, *(body(n)[:50] for n in (10, 11, 12)), None]


def test_a_log_that_grows_with_gaps_in_it_forgets_nothing() -> None:
    log = StreamHistory(video=True)
    for sequence in (1024, 1, 513):
        log.note(sequence, sequence, MS)
    assert [log.recall(sequence, MS, 0) for sequence in (1024, 1, 513)] == [(ANSWER, n) for n in (1024, 1, 513)]


def test_a_number_is_answered_once_in_a_round_trip_and_five_times() -> None:
    log = StreamHistory(video=True)
    log.note(65535, 7, MS)
    assert log.recall(65534, MS, 0) == (UNKNOWN, None)
    at_ms = 0
    for _ in range(5):
        at_ms += 40
        assert log.recall(65535, at_ms * MS, 40 * MS) == (ANSWER, 7)
        assert log.recall(65535, (at_ms + 39) * MS, 40 * MS) == (THROTTLED, None)
    assert log.recall(65535, (at_ms + 1000) * MS, 0) == (THROTTLED, None)
    log.note(65535, 8, MS)
    assert log.recall(65535, MS, 0) == (ANSWER, 8)
