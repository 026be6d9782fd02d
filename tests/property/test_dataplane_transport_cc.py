"""The compiled feedback, read by the plain-Python parser, says exactly what arrived and when."""

from hypothesis import given
from hypothesis import strategies as st

from relay.sfu.dataplane.transport_cc import ArrivalLog
from relay.sfu.wire.rtcp import compound
from relay.sfu.wire.rtcp.rr import ReceiverReport
from relay.sfu.wire.rtcp.twcc import TransportFeedback

TICK_NS = 250_000
SSRC = 0xC0FFEE
START_NS = 1_700_000_000_000_000_000


def feedback(log: ArrivalLog) -> list[TransportFeedback]:
    messages = []
    while packet := log.report(START_NS):
        report, message = compound.parse(packet)
        assert isinstance(report, ReceiverReport)
        assert isinstance(message, TransportFeedback)
        assert message.media_ssrc == SSRC
        messages.append(message)
    return messages


def arrived(messages: list[TransportFeedback]) -> dict[int, int]:
    return {sequence: at_us for message in messages for sequence, at_us in message.arrivals()}


def covered(messages: list[TransportFeedback]) -> list[int]:
    return [(each.base_sequence + n) & 0xFFFF for each in messages for n in range(each.status_count)]


@given(
    first=st.integers(0, 0xFFFF),
    steps=st.lists(st.tuples(st.integers(1, 4), st.integers(0, 9_000_000_000)), min_size=1, max_size=120),
)
def test_every_arrival_is_told_with_its_time(first: int, steps: list[tuple[int, int]]) -> None:
    log = ArrivalLog()
    sequence, at_ns, expected = first, START_NS, {}
    for skip, gap_ns in steps:
        log.note(SSRC, sequence & 0xFFFF, at_ns)
        expected[sequence & 0xFFFF] = at_ns // TICK_NS * (TICK_NS // 1000)
        sequence, at_ns = sequence + skip, at_ns + gap_ns
    messages = feedback(log)
    told = arrived(messages)
    wrap_us = (1 << 24) * 64_000
    assert {number: at_us % wrap_us for number, at_us in told.items()} == {
        number: at_us % wrap_us for number, at_us in expected.items()
    }
    last = (sequence - steps[-1][0]) & 0xFFFF
    assert covered(messages) == [(first + n) & 0xFFFF for n in range(((last - first) & 0xFFFF) + 1)]
    assert [each.feedback_count for each in messages] == list(range(len(messages)))


def test_nothing_new_is_no_feedback() -> None:
    log = ArrivalLog()
    assert log.report(START_NS) == b""
    log.note(SSRC, 7, START_NS)
    assert log.report(START_NS)
    assert log.report(START_NS) == b""


def test_a_straggler_is_told_after_all() -> None:
    log = ArrivalLog()
    log.note(SSRC, 10, START_NS)
    log.note(SSRC, 12, START_NS + 5_000_000)
    assert set(arrived(feedback(log))) == {10, 12}
    log.note(SSRC, 11, START_NS + 9_000_000)
    assert set(arrived(feedback(log))) == {11, 12}


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.integers(0, 1 << 62)), max_size=300))
def test_hostile_numbers_never_break_the_feedback(packets: list[tuple[int, int]]) -> None:
    log = ArrivalLog()
    for index, (sequence, at_ns) in enumerate(packets):
        log.note(SSRC, sequence, at_ns)
        if index % 7 == 0:
            assert all(len(each.received) <= each.status_count for each in feedback(log))
    assert len(feedback(log)) <= 512
