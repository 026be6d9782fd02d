"""Reception of one stream, in rows. `tests/property/test_dataplane_receive.py` compares it with its model."""

import pytest

from relay.sfu.dataplane import Drop
from relay.sfu.dataplane.receive import StreamReception

MS = 1_000_000


def arrive(reception: StreamReception, *sequences: int, at_ms: int = 0) -> list[int]:
    return [reception.note(sequence & 0xFFFF, 0, at_ms * MS)[0] for sequence in sequences]


def test_positions_go_on_when_numbers_wrap() -> None:
    reception = StreamReception(90_000)
    positions = [reception.note(sequence, 0, 0)[1] for sequence in (65534, 65535, 0, 1, 65533)]
    assert [each - positions[0] for each in positions] == [0, 1, 2, 3, -1]


@pytest.mark.parametrize(
    ("arrivals", "last", "missing"),
    [
        ([1, 2, 3], Drop.KEPT, 0),
        ([1, 3], Drop.KEPT, 1),
        ([1, 3, 2], Drop.KEPT, 0),
        ([1, 3, 3], Drop.DUPLICATE, 1),
        ([1, 3, 1], Drop.DUPLICATE, 1),
        ([3, 1], Drop.KEPT, 0),  # before the first one: nobody missed it
        ([1, 1025], Drop.KEPT, 1023),
        ([1, 1026], Drop.KEPT, 1024),
        ([1, 1027], Drop.KEPT, 0),  # too many at once: given up
        ([1, 3000, 953], Drop.KEPT, 0),
        ([1, 3000, 952], Drop.TOO_LATE, 0),
        ([65535, 1], Drop.KEPT, 1),
    ],
)
def test_what_is_missing(arrivals: list[int], last: Drop, missing: int) -> None:
    reception = StreamReception(90_000)
    assert arrive(reception, *arrivals)[-1] == last
    assert len(reception.missing) == missing


def test_a_position_is_not_taken_for_the_one_that_was_there_a_window_ago() -> None:
    reception = StreamReception(90_000)
    assert set(arrive(reception, *range(10, 10 + 2048), 10 + 2049)) == {Drop.KEPT}
    assert arrive(reception, 10 + 2048, 10 + 2048) == [Drop.KEPT, Drop.DUPLICATE]


def test_missing_packets_are_asked_for_after_a_while_again_and_again_and_then_given_up() -> None:
    reception = StreamReception(90_000)
    arrive(reception, 10, 12)
    asked = [now for now in range(0, 1200, 5) if reception.ask(now * MS, 50 * MS)]
    assert asked == [10 + 50 * tried for tried in range(10)]
    assert reception.given_up
    assert reception.missing == []


def test_requests_are_packed() -> None:
    reception = StreamReception(90_000)
    arrive(reception, 65530, 65533, 65535, 20)
    assert reception.ask(20 * MS, 0) == [
        (65531, 0b1111_1111_1111_0101),
        (12, 0b111_1111),
    ]


def test_no_more_is_asked_for_than_fits_and_the_rest_next_time() -> None:
    reception = StreamReception(90_000)
    arrive(reception, 0, 60)
    assert reception.ask(20 * MS, 0, limit=3) == [(1, 0xFFFF), (18, 0xFFFF), (35, 0xFFFF)]
    assert reception.ask(20 * MS, 0, limit=3) == [(52, 0b111_1111)]


def test_an_answer_to_one_request_tells_the_round_trip() -> None:
    reception = StreamReception(90_000)
    arrive(reception, 10, 13)
    assert reception.ask(10 * MS, 0)
    assert reception.note(11, 0, 45 * MS, True) == (0, 0x10000 + 11, 35 * MS)
    assert reception.ask(46 * MS, 0)
    assert reception.note(12, 0, 50 * MS, True)[2] == 0, "which of two requests was answered?"


def test_a_stream_that_nobody_gets_lists_nothing() -> None:
    reception = StreamReception(90_000, repairing=False)
    arrive(reception, 1, 500, 2)
    assert reception.missing == []


def test_loss_is_told_per_interval_and_retransmissions_do_not_hide_it() -> None:
    reception = StreamReception(90_000)
    arrive(reception, *range(8), *range(10, 16))
    reception.note(8, 0, 0, True)
    assert reception.fraction_lost() == 2 * 256 // 16
    arrive(reception, *range(16, 20))
    assert reception.fraction_lost() == 0


def test_jitter_is_that_of_rfc_3550() -> None:
    reception = StreamReception(1_000)
    for index, late_ms in enumerate([0, 16, 0, 16, 0]):
        reception.note(index, index * 20, (index * 20 + late_ms) * MS)
    expected = 0.0
    for _ in range(4):
        expected += (16 - expected) / 16
    assert reception.jitter == int(expected)
    reception.note(5, 1_000_000, 120 * MS)
    assert reception.jitter == int(expected), "a new time base is no jitter"


def test_a_restart_never_uses_a_position_again() -> None:
    reception = StreamReception(90_000)
    highest = reception.note(65535, 0, 0)[1]
    reception.restart()
    assert reception.note(0, 0, 0) == (0, 3 << 16, 0)
    assert highest < 3 << 16
    assert reception.expected == 1
