from relay.ids import PeerId
from relay.service.participants import Desk, Who
from relay.service.quality import Quality, QualityBook
from relay.sfu.session.events import PeerStats, StreamStats

KIOSK, SEAT = Who(Desk.KIOSK, "k"), Who(Desk.SEAT, "s")


def stats(*, carried: int, jitter_ms: float = 0.0, loss: float = 0.0, rtt_ms: float | None = None) -> PeerStats:
    stream = StreamStats("camera", "up", "video", 10, carried, 0, loss, jitter_ms, 0, 0, 0)
    silent = StreamStats("screen", "down", "video", 0, 0, 0, 1.0, 99.0, 0, 0, 0)
    return PeerStats(PeerId("p"), "connected", rtt_ms, None, (stream, silent))


def test_a_bitrate_is_what_was_carried_between_two_samples():
    book = QualityBook()
    book.sample(KIOSK, stats(carried=1_000), now_s=0.0)
    assert book.worst_of([KIOSK]).bitrate_bps == 0.0
    book.sample(KIOSK, stats(carried=251_000), now_s=2.0)
    assert book.worst_of([KIOSK]).bitrate_bps == 1_000_000.0
    book.sample(KIOSK, stats(carried=100), now_s=4.0)
    assert book.worst_of([KIOSK]).bitrate_bps == 0.0, "a new peer counts from zero"


def test_the_worst_of_both_sides_is_shown_and_silent_streams_say_nothing():
    book = QualityBook()
    book.sample(KIOSK, stats(carried=1, jitter_ms=5.0, loss=0.1, rtt_ms=30.0), now_s=0.0)
    book.sample(SEAT, stats(carried=1, jitter_ms=9.0, loss=0.0), now_s=0.0)
    assert book.worst_of([KIOSK, SEAT]) == Quality(rtt_ms=30.0, jitter_ms=9.0, loss=0.1, bitrate_bps=0.0)
    assert book.worst_of([Who(Desk.SEAT, "other")]) == Quality()


def test_samples_are_counted_by_leg_and_forgotten_with_their_participant():
    book = QualityBook()
    book.sample(KIOSK, stats(carried=1, jitter_ms=5.0, rtt_ms=30.0), now_s=0.0)
    assert sum(book.jitter["kiosk-up"].counts) == 1
    assert sum(book.jitter["kiosk-down"].counts) == 0
    assert sum(book.rtt["kiosk"].counts) == 1
    book.keep({SEAT})
    assert book.worst_of([KIOSK]) == Quality()
