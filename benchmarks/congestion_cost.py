"""What one transport-wide feedback message costs in Python: the estimator on condensed records, beside condensing in Python too.

    python benchmarks/congestion_cost.py

The messages are those of simulated calls. Processor time, best of three; it moves with whatever else the machine does.
"""

import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from loadtest.impair import Conditions, Link  # noqa: E402
from relay.sfu.media.bandwidth import BandwidthEstimator, Probe, Sent  # noqa: E402
from relay.sfu.ports import Feedback  # noqa: E402
from relay.sfu.wire.rtcp.twcc import TransportFeedback  # noqa: E402
from tests.support.bottleneck import Call  # noqa: E402
from tests.support.oracle.sent_packets import SentPackets  # noqa: E402

ROUNDS = 3


class Recorder(BandwidthEstimator):
    """Keeps what it is fed."""

    def __init__(self) -> None:
        super().__init__()
        self.fed: list[tuple[Sent | Feedback, float]] = []

    def handle_sent(self, sent: Sent, now: float) -> list[Probe]:
        self.fed.append((sent, now))
        return super().handle_sent(sent, now)

    def handle_feedback(self, feedback: Feedback, now: float) -> list[Probe]:
        self.fed.append((feedback, now))
        return super().handle_feedback(feedback, now)


class TimedHistory(SentPackets):
    """Knows how long condensing took."""

    spent_s = 0.0

    def condense(self, message: TransportFeedback) -> Feedback:
        started = time.process_time()
        told = super().condense(message)
        self.spent_s += time.process_time() - started
        return told


def replay_s(fed: list[tuple[Sent | Feedback, float]]) -> float:
    estimator = BandwidthEstimator()
    started = time.process_time()
    for what, now in fed:
        if isinstance(what, Sent):
            estimator.handle_sent(what, now)
        else:
            estimator.handle_feedback(what, now)
    return time.process_time() - started


def main() -> None:
    print(f"{'link':>10} {'loss':>5} {'packets':>8} {'groups':>7} {'estimator':>11} {'+ condensing':>13}   per message")
    for rate_bps, loss in ((2e6, 0.0), (19e6, 0.0), (19e6, 0.02)):
        recorder = Recorder()
        call = Call(recorder, Link(Conditions(rate_bps=rate_bps, delay_ms=25.0, loss=loss), 1), demand_bps=2 * rate_bps)
        call.history = TimedHistory()
        call.run(20.0)
        messages = [what for what, _ in recorder.fed if isinstance(what, Feedback)]
        packets = sum(each.received_packets for each in messages) / len(messages)
        groups = sum(len(each.groups) for each in messages) / len(messages)
        best_us = min(replay_s(recorder.fed) for _ in range(ROUNDS)) / len(messages) * 1e6
        condensing_us = call.history.spent_s / len(messages) * 1e6
        print(
            f"{rate_bps / 1e6:5.0f} Mb/s {loss:5.0%} {packets:8.0f} {groups:7.1f} {best_us:8.0f} µs {condensing_us:10.0f} µs"
        )


if __name__ == "__main__":
    main()
