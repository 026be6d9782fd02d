from relay.config import LatencySettings
from relay.ids import PeerId
from relay.metrics.histogram import Histogram
from relay.service.call_quality import CallBook, CallQuality, SlotReport
from relay.service.latency import Hop, LatencyOverBudget
from relay.service.media_watch import MediaWatch
from relay.service.opinion import speech_score
from relay.service.participants import Desk, Who
from relay.service.quality import QualityBook
from relay.sfu.session.events import PeerStats, StreamStats

KIOSK, SEAT = Who(Desk.KIOSK, "k"), Who(Desk.SEAT, "s")
TALK = ("c", {KIOSK: frozenset({SEAT}), SEAT: frozenset({KIOSK})})


def sound(direction: str, jitter_ms: float, loss: float = 0.0) -> StreamStats:
    return StreamStats("microphone", direction, "audio", 100, 1000, 0, loss, jitter_ms, 0, 0, 0)


def watch(patience_s: float = 0.0) -> tuple[MediaWatch, QualityBook, CallBook]:
    quality, book = QualityBook(), CallBook()
    return MediaWatch(LatencySettings(patience_s=patience_s), quality, book), quality, book


def sample(quality: QualityBook, who: Who, rtt_ms: float, loss: float = 0.0) -> None:
    streams = (sound("up", 4.0), sound("down", 6.0, loss))
    quality.sample(who, PeerStats(PeerId(who.name), "connected", rtt_ms, None, streams), 0.0)


def test_the_hops_of_both_ways_are_put_together():
    rounds, quality, book = watch()
    sample(quality, KIOSK, rtt_ms=60.0)
    sample(quality, SEAT, rtt_ms=10.0, loss=0.02)
    rounds.handle_round([TALK], Histogram((0.001, 0.01), [98, 2, 0]), 0.0)
    book.take_report("c", SEAT, [SlotReport("microphone", jitter_buffer_ms=50.0)], 1.0)
    rounds.handle_round([TALK], Histogram((0.001, 0.01), [197, 3, 0]), 2.0)
    record = book.find("c", 2.0)
    assert record is not None
    kiosk, seat = record.parties
    assert seat.latency_max_ms == (30 + 4) + 1 + (5 + 6) + 50
    assert kiosk.latency_max_ms == (5 + 4) + 10 + (30 + 6)
    assert seat.loss_mean == 0.02
    assert seat.score_least == speech_score(96, 0.02)


def test_a_slow_uplink_is_blamed_and_the_record_follows_when_the_call_is_over():
    rounds, quality, _ = watch()
    sample(quality, KIOSK, rtt_ms=400.0)
    sample(quality, SEAT, rtt_ms=10.0)
    (event,) = rounds.handle_round([TALK], Histogram((0.001,)), 0.0)
    assert isinstance(event, LatencyOverBudget)
    assert event.hop in {Hop.UPLINK, Hop.DOWNLINK}
    (record,) = rounds.handle_round([], Histogram((0.001,)), 3.0)
    assert isinstance(record, CallQuality)
    assert record.duration_s == 3.0
    assert rounds.latency.calls_over == 0


def test_sound_that_was_concealed_counts_before_packets_that_were_lost():
    rounds, quality, book = watch()
    sample(quality, KIOSK, rtt_ms=10.0)
    sample(quality, SEAT, rtt_ms=10.0, loss=0.5)
    book.begin("c", 0.0)
    book.take_report("c", SEAT, [SlotReport("microphone", concealed=0.01)], 0.0)
    rounds.handle_round([TALK], Histogram((0.001,)), 0.0)
    record = book.find("c", 0.0)
    assert record is not None
    assert [party.loss_mean for party in record.parties] == [0.0, 0.01]


def test_parties_of_whom_nothing_is_known_are_not_scored():
    rounds, _, book = watch()
    assert rounds.handle_round([TALK], Histogram((0.001,)), 0.0) == []
    record = book.find("c", 0.0)
    assert record is not None
    assert record.parties == ()
