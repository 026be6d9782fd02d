"""Hostile feedback never breaks an estimator nor leaves its bounds; and condensing loses nothing."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from relay.sfu.media.bandwidth import BandwidthEstimator, Sent
from relay.sfu.media.bandwidth.estimator import MAX_BPS, MIN_BPS
from relay.sfu.ports import ArrivalGroup, Feedback, ProbeArrivals
from relay.sfu.wire.rtcp.twcc import TransportFeedback
from tests.support.oracle.sent_packets import SentPackets

seconds = st.floats(-1e6, 1e6)
counts = st.integers(0, 1 << 16)
sizes = st.integers(0, 1 << 24)
groups = st.lists(st.builds(ArrivalGroup, seconds, seconds, sizes), max_size=30)
probes = st.lists(
    st.builds(ProbeArrivals, st.integers(0, 9), counts, sizes, seconds, seconds, sizes, seconds, sizes, seconds),
    max_size=4,
)
feedbacks = st.builds(
    Feedback,
    groups,
    probes,
    counts,
    sizes,
    counts,
    counts,
    sizes,
    seconds,
    seconds,
    counts,
    st.integers(1, 16),
    st.floats(0, 1),
    st.floats(0, 1),
)


@given(st.lists(st.tuples(feedbacks, st.floats(0, 10), sizes), max_size=40), st.floats(0, 1e8))
def test_the_target_stays_within_its_bounds(messages: list[tuple[Feedback, float, int]], demand_bps: float) -> None:
    estimator = BandwidthEstimator()
    estimator.demand_bps = demand_bps
    now, total = 0.0, 0
    for feedback, pause_s, in_flight in messages:
        now += pause_s
        total += in_flight
        sent_probes = estimator.handle_sent(Sent(total, in_flight), now)
        sent_probes += estimator.handle_feedback(feedback, now)
        estimator.handle_timeout(now + 1.0)
        estimator.handle_remb(in_flight, now)
        assert MIN_BPS <= estimator.target_bps <= MAX_BPS
        assert (estimator.window_bytes or 1) > 0
        assert len(sent_probes) <= 3
        assert all(probe.rate_bps <= 1.25 * demand_bps + 1 and probe.packets > 0 for probe in sent_probes)


fates = st.lists(
    st.tuples(st.integers(40, 1300), st.floats(0, 0.02), st.sampled_from("kkkkln")), min_size=1, max_size=200
)


@given(fates, st.integers(1, 50))
def test_every_packet_is_counted_once(sent: list[tuple[int, float, str]], every: int) -> None:
    """`k`: arrived, `l`: lost, `n`: arrives only after the next message, which tells of it again."""
    history, now = SentPackets(), 100.0
    arrived: list[tuple[int, int]] = []
    late: list[tuple[int, int]] = []
    received = lost = recovered = grouped = covered = 0
    base = 0
    for index, (size, gap_s, fate) in enumerate(sent):
        now += gap_s
        sequence = history.next_sequence
        history.handle_sent(size, now)
        at_us = int((now + 0.03) * 1e6)
        if fate == "k":
            arrived.append((sequence, at_us))
        elif fate == "n":
            late.append((sequence, at_us + 200_000))
        if index % every == every - 1 or index == len(sent) - 1:
            for message in messages(base, index, arrived):
                told = history.condense(message)
                received, lost = received + told.received_packets, lost + told.lost_packets
                recovered, covered = recovered + told.recovered_packets, covered + told.covered_bytes
                grouped += sum(group.size_bytes for group in told.groups)
                assert told.unmatched == 0
            base, arrived, late = index + 1, late, []
            base = min([sequence for sequence, _ in arrived] + [base])
    kept = sum(fate == "k" for _, _, fate in sent)
    assert kept <= received <= kept + sum(fate == "n" for _, _, fate in sent)
    assert recovered <= lost
    assert covered <= history.size_bytes
    assert grouped <= history.size_bytes
    assert 0 <= history.in_flight_bytes <= history.size_bytes


def messages(base: int, last: int, arrived: Sequence[tuple[int, int]]) -> list[TransportFeedback]:
    if not arrived:
        return []
    whole = list(TransportFeedback.build(1, 2, 0, sorted(arrived)))
    first = whole[0]
    missing = (first.base_sequence - base) & 0xFFFF
    whole[0] = TransportFeedback(
        1, 2, base & 0xFFFF, first.status_count + missing, first.reference_time, first.feedback_count, first.received
    )
    return whole


def test_the_history_is_bounded_and_says_what_it_no_longer_knows() -> None:
    history = SentPackets(capacity=100)
    for n in range(500):
        history.handle_sent(1000, n * 0.001)
    (message,) = TransportFeedback.build(1, 2, 0, [(n, 1_000_000 + n) for n in range(350, 500)])
    told = history.condense(message)
    assert (told.received_packets, told.unmatched) == (100, 50)
