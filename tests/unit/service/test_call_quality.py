import pytest

from relay.service.call_quality import MAX_FINISHED, MAX_SIZES, CallBook, PictureSize, SlotReport
from relay.service.opinion import speech_score
from relay.service.participants import Desk, Who

SEAT = Who(Desk.SEAT, "s")


def camera(freezes: int = 0, frozen_s: float = 0.0, size: tuple[int, int] = (1280, 720)) -> SlotReport:
    return SlotReport("camera", freezes=freezes, frozen_s=frozen_s, width=size[0], height=size[1])


def test_the_record_of_a_call_has_means_extremes_freezes_and_sizes_over_time():
    book = CallBook()
    book.begin("c", 10.0)
    book.take_report("c", SEAT, [camera(freezes=7, frozen_s=3.0)], 12.0)
    book.take_round("c", SEAT, latency_ms=100, loss=0.0)
    book.take_report("c", SEAT, [camera(freezes=9, frozen_s=3.5, size=(640, 360))], 14.0)
    book.take_round("c", SEAT, latency_ms=300, loss=0.04)
    (record,) = book.finish_others(set(), 20.0)
    assert (record.call, record.duration_s) == ("c", 10.0)
    (party,) = record.parties
    assert (party.desk, party.name) == ("seat", "s")
    assert (party.latency_mean_ms, party.latency_max_ms, party.loss_mean) == (200, 300, 0.02)
    assert party.score_least == pytest.approx(speech_score(300, 0.04))
    assert party.score_mean == pytest.approx((speech_score(100, 0) + speech_score(300, 0.04)) / 2)
    assert (party.freezes, party.frozen_s) == (2, 0.5), "those before the call are not the call's"
    assert party.sizes == (PictureSize(2.0, "camera", 1280, 720), PictureSize(4.0, "camera", 640, 360))


def test_a_new_connection_counts_its_freezes_from_zero():
    book = CallBook()
    book.begin("c", 0.0)
    for freezes in (4, 6, 1, 2):
        book.take_report("c", SEAT, [camera(freezes=freezes)], 1.0)
    record = book.find("c", 1.0)
    assert record is not None
    assert record.parties[0].freezes == 2 + 1 + 1


def test_nothing_is_known_of_calls_that_are_not_connected():
    book = CallBook()
    book.take_round("c", SEAT, 1.0, 0.0)
    assert book.find("c", 0.0) is None
    assert book.sound_report("c", SEAT) is None


def test_a_call_without_measurements_has_no_score():
    book = CallBook()
    book.begin("c", 0.0)
    book.take_report("c", SEAT, [], 0.0)
    record = book.find("c", 1.0)
    assert record is not None
    assert record.parties[0].score_mean is None
    assert record.parties[0].latency_max_ms is None


def test_what_is_kept_is_bounded():
    book = CallBook()
    book.begin("c", 0.0)
    for n in range(3 * MAX_SIZES):
        book.take_report("c", SEAT, [camera(size=(n + 1, 1))], float(n))
    record = book.find("c", 1.0)
    assert record is not None
    assert len(record.parties[0].sizes) == MAX_SIZES
    assert record.parties[0].size_changes == 3 * MAX_SIZES
    for n in range(MAX_FINISHED + 5):
        book.begin(f"d{n}", 0.0)
    assert len(book.finish_others(set(), 1.0)) == MAX_FINISHED + 6
    assert book.find("c", 1.0) is None
    assert book.find(f"d{MAX_FINISHED + 4}", 1.0) is not None
