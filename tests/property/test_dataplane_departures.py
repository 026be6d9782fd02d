"""The compiled send history against the one that keeps one packet at a time."""

from hypothesis import given
from hypothesis import strategies as st

from relay.errors import Malformed
from relay.sfu.dataplane.departures import DepartureLog
from relay.sfu.ports import Feedback
from relay.sfu.wire.rtcp import compound
from relay.sfu.wire.rtcp.twcc import REFERENCE_US, TransportFeedback
from tests.support.oracle.sent_packets import SentPackets

START_NS = 1_700_000_000_000_000_000
WRAP_US = (1 << 24) * REFERENCE_US

Step = tuple[str, int, int, int]

departures = st.tuples(st.just("leave"), st.integers(50, 1400), st.integers(0, 30_000_000), st.integers(0, 3))
reports = st.tuples(st.just("report"), st.integers(1, 40), st.integers(0, 60), st.integers(0, 1 << 40))
scripts = st.lists(st.one_of(departures, departures, departures, reports), min_size=1, max_size=120)


class Receiver:
    """Reports some of the last numbers, again and again, some of them as missing, on a clock that jumps."""

    def __init__(self, ahead_us: int) -> None:
        self.at_us = ahead_us

    def report(self, newest: int, span: int, beyond: int, seed: int) -> list[TransportFeedback]:
        first = max(newest - span, 0)
        arrivals = []
        for position in range(first, newest + 1 + beyond % 4):
            self.at_us += (seed >> position % 30 & 0xF) * 700
            if seed >> position % 37 & 3:
                arrivals.append((position, self.at_us))
        return list(TransportFeedback.build(1, 2, 0, arrivals))


@given(scripts, st.sampled_from([0, WRAP_US - 30_000, 1 << 33]))
def test_both_histories_say_the_same(script: list[Step], ahead_us: int) -> None:
    log, oracle, receiver = DepartureLog(), SentPackets(), Receiver(ahead_us)
    now_ns = START_NS
    for kind, first, second, third in script:
        if kind == "leave":
            now_ns += second // 256 * 256
            assert log.note(first, now_ns, third) == oracle.handle_sent(first, now_ns / 1e9, third)
            continue
        for message in receiver.report(oracle.next_sequence - 1, first, second, third):
            (parsed,) = compound.parse(message.serialise())
            assert isinstance(parsed, TransportFeedback)
            told = log.take(message.serialise())
            assert told is not None
            assert Feedback(*told) == oracle.condense(parsed)
            assert log.in_flight_bytes == (oracle.in_flight_bytes if oracle.next_sequence else 0)


@given(st.binary(max_size=80), st.integers(0, 300))
def test_what_the_parser_refuses_is_refused_and_the_rest_is_safe(body: bytes, departed: int) -> None:
    log = DepartureLog()
    for number in range(departed):
        log.note(1000, START_NS + number)
    body += bytes(-len(body) % 4)
    message = b"\x8f\xcd" + (len(body) // 4).to_bytes(2, "big") + body
    told = log.take(message)
    try:
        compound.parse(message)
    except Malformed:
        assert told is None
    else:
        assert told is not None
        assert 0 <= log.in_flight_bytes <= 1000 * departed


@given(st.integers(1, 20_000), st.integers(1_000, 2_000_000_000))
def test_the_history_is_bounded(departed: int, apart_ns: int) -> None:
    log = DepartureLog()
    for number in range(departed):
        log.note(1200, START_NS + number * apart_ns)
    assert log.used_bytes < 350_000
