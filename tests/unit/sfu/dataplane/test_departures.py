"""What of a peer's feedback should not wait for the next look."""

from relay.sfu.dataplane.departures import DepartureLog
from relay.sfu.wire.rtcp.twcc import TransportFeedback

START_NS = 1_700_000_000_000_000_000


class Path:
    """A packet every 20 ms, which takes 10 ms and what is said; heard of in messages of four."""

    def __init__(self) -> None:
        self.log = DepartureLog()
        self.sent = 0
        self.hear(0, 0, 0, 0)
        self.look()

    def hear(self, *late_ms: int | None, cluster: int = 0) -> None:
        arrivals = []
        for each in late_ms:
            self.log.note(1000, START_NS + 20_000_000 * self.sent, cluster)
            if each is not None:
                arrivals.append((self.sent, 20_000 * self.sent + 1000 * (10 + each)))
            self.sent += 1
        for message in TransportFeedback.build(1, 2, 0, arrivals):
            assert self.log.hear(message.serialise())

    def look(self) -> None:
        nothing_new = TransportFeedback.build(1, 2, 0, [(0, 10_000)])[0]
        assert self.log.take(nothing_new.serialise()) is not None


def test_the_first_delay_is_news() -> None:
    log = DepartureLog()
    for number in range(2):
        log.note(1000, START_NS + 20_000_000 * number)
    assert not log.urgent
    log.hear(TransportFeedback.build(1, 2, 0, [(0, 10_000), (1, 30_000)])[0].serialise())
    assert log.urgent


def test_the_same_delay_is_none() -> None:
    path = Path()
    path.hear(0, 3, 1, 4)
    path.hear(2, 0, 0, 1)
    assert not path.log.urgent


def test_a_delay_that_grew_is_urgent() -> None:
    path = Path()
    path.hear(0, 2, 7, 7)
    assert path.log.urgent
    path.look()
    path.hear(7, 6, 8)
    assert path.log.urgent, "the least delay that was told is the measure, not the last"


def test_a_loss_is_urgent() -> None:
    path = Path()
    path.hear(0, None, 0, 0)
    assert path.log.urgent


def test_a_probe_is_urgent() -> None:
    path = Path()
    path.hear(0, 0, 0, 0, cluster=1)
    assert path.log.urgent


def test_many_messages_are_urgent() -> None:
    path = Path()
    for _ in range(8):
        path.hear(0)
    assert not path.log.urgent
    path.hear(0)
    assert path.log.urgent
