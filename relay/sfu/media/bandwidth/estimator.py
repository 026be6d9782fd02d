"""How much may be sent to one peer: the estimators joined, the least of them counts.

    feedback ─► DelayBased ─► LossBased ─► least = estimate ─► × StandingQueue.share = target
                    ▲
                 Probing

Nothing here is per packet; see `feedback`. Each wake-up hands over the totals of what left (`handle_sent`) before anything
else. A peer that never sends transport-wide feedback is judged by its REMB.
"""

from typing import Final

from relay.sfu.media.bandwidth.delay_based import DelayBased
from relay.sfu.media.bandwidth.loss_based import LossBased
from relay.sfu.media.bandwidth.overuse import Usage
from relay.sfu.media.bandwidth.probe import Probe, Probing
from relay.sfu.media.bandwidth.rate_control import RateControl
from relay.sfu.media.bandwidth.receiver_estimate import ReceiverEstimate
from relay.sfu.media.bandwidth.sent import Sent
from relay.sfu.ports import Feedback

START_BPS: Final = 300_000
"""libwebrtc's."""
MIN_BPS: Final = 30_000
MAX_BPS: Final = 50_000_000

_SILENCE_S: Final = 0.2
_SETTLED_SILENCE_S: Final = 0.5
"""The same, where feedback is told rarely."""
_INTERRUPTION_S: Final = 0.4
"""Without feedback for so long, the path was cut: neither the pause nor what got lost in it tells of its bandwidth."""
_INTERVAL_S: Final = 0.05
"""Between feedback messages, until it is known."""
_SLOWEST_INTERVAL_S: Final = 0.25
_WINDOW_INTERVALS: Final = 2.0
_WINDOW_BYTES: Final = 1_500
FIRST_WINDOW_BYTES: Final = 12_000
"""In flight before the first feedback: ten packets, as TCP's initial window (RFC 6928)."""
_STARTING_S: Final = 1.0
_START_QUEUE_S: Final = 0.03
_START_IN_FLIGHT_S: Final = 0.15
_ARRIVED: Final = 0.95
"""Of what arrives while no queue shows, is sure to pass."""


class BandwidthEstimator:
    """given: bounds, what the slots would use. owned: the estimators, totals, and when feedback came last."""

    def __init__(self, start_bps: float = START_BPS, min_bps: float = MIN_BPS, max_bps: float = MAX_BPS) -> None:
        self.demand_bps = max_bps
        """What the slots would use at most; nobody probes for more. Set by the owner."""
        self.unmatched = 0
        """Sequence numbers in feedback that were never sent, or left the history long ago."""
        self.starting = True
        """Nothing speaks against sending more: what may be in flight doubles with each round trip (slow start), until a queue
        shows or a second has passed."""
        self._start_bps, self._min_bps = start_bps, min_bps
        self._started_s = 0.0
        self._received_bytes = 0
        self._rate = RateControl(start_bps, min_bps, max_bps)
        self._delay = DelayBased(self._rate)
        self._loss = LossBased(min_bps, max_bps)
        self._probing = Probing()
        self._receiver = ReceiverEstimate(start_bps, min_bps, max_bps)
        self._sent = Sent(0, 0)
        self._heard_s: float | None = None
        self._interval_s = _INTERVAL_S
        self._wake_s: float | None = None

    @property
    def estimate_bps(self) -> float:
        """What the link is thought to carry."""
        if self._heard_s is None:
            return self._receiver.rate_bps
        return min(self._rate.rate_bps, self._loss.bound_bps)

    @property
    def is_settled(self) -> bool:
        """Nothing waits, and the link carries all that the slots would use: more need not be known."""
        known = self._heard_s is not None and not self.starting
        return known and self._delay.queue.is_empty and self.estimate_bps >= self.demand_bps

    @property
    def queue_s(self) -> float:
        """How long what is sent now waits at the bottleneck."""
        return self._delay.queue.queue_s

    @property
    def target_bps(self) -> int:
        """To send now, repair and padding included."""
        return int(max(self.estimate_bps * self._delay.queue.share, self._min_bps))

    @property
    def window_bytes(self) -> int | None:
        """What may be in flight: a path that swallows more does not deliver now. None: nobody tells what has arrived."""
        if self._heard_s is None:
            return None
        round_trip_s = self._delay.queue.round_trip_s + _WINDOW_INTERVALS * self._interval_s
        window_bytes = int(self.estimate_bps * round_trip_s / 8) + _WINDOW_BYTES
        return max(window_bytes, FIRST_WINDOW_BYTES + self._received_bytes) if self.starting else window_bytes

    def handle_sent(self, sent: Sent, now: float) -> list[Probe]:
        """Totals. Returns probes to send."""
        starts = self._sent.size_bytes == 0 and sent.size_bytes > 0
        self._sent = sent
        self._receiver.handle_sent(sent.size_bytes, now)
        if self._wake_s is None and sent.in_flight_bytes:
            self._wake_s = now + _SILENCE_S
        return self._probing.start(self._start_bps, self.demand_bps, now) if starts else []

    def handle_feedback(self, feedback: Feedback, now: float) -> list[Probe]:
        """Transport-wide feedback. Returns probes to send."""
        heard_s = now - feedback.waited_s
        pause_s = self._note_time(heard_s, feedback)
        self._wake_s = now + (_SETTLED_SILENCE_S if self.is_settled else _SILENCE_S)
        self.unmatched += feedback.unmatched
        before_bps = self._rate.rate_bps
        usage = self._delay.handle_feedback(feedback, heard_s)
        if self.starting:
            self._note_start(feedback, usage, pause_s, now)
        if not self.starting:
            self._delay.queue.handle_in_flight(self._sent.in_flight_bytes, self._rate.rate_bps, 0.0)
        if self._rate.rate_bps < before_bps:
            self._probing.handle_drop(now)
        self._take_probes(feedback, usage)
        if self.starting and (arrives_bps := self._delay.acknowledged_bps) is not None:
            self._rate.raise_to(_ARRIVED * arrives_bps)
        self._loss.handle_feedback(feedback, self._rate.rate_bps)
        if usage is Usage.OVERUSE or not self._delay.queue.is_empty or self._loss.bound_bps < self._rate.rate_bps:
            return []
        return self._probing.plan(self._rate.rate_bps, self.demand_bps, now)

    def handle_remb(self, bitrate_bps: float, now: float) -> None:
        """The receiver's estimate; without effect once transport-wide feedback has come."""
        self._receiver.handle_remb(bitrate_bps, now)
        if self._heard_s is None:
            self.starting = False

    def handle_timeout(self, now: float) -> None:
        """No feedback for a while, although something is under way: judge by what is unanswered."""
        if self._wake_s is None or now < self._wake_s:
            return
        self._wake_s = now + _SILENCE_S if self._sent.in_flight_bytes else None
        if self._heard_s is not None and not self.starting:
            self._delay.queue.handle_in_flight(self._sent.in_flight_bytes, self._rate.rate_bps, now - self._heard_s)

    def deadline(self) -> float | None:
        """When to call `handle_timeout`."""
        return self._wake_s

    def _note_time(self, heard_s: float, feedback: Feedback) -> float:
        """Seconds since the last feedback; 0: this is the first."""
        since_s = 0.0 if self._heard_s is None else heard_s - self._heard_s
        mean_s = since_s / feedback.messages
        self._heard_s = heard_s
        if max(mean_s, feedback.pause_s) > _INTERRUPTION_S:
            self._delay.restart()
            self._loss.restart()
        elif mean_s > 0.01:
            self._interval_s += (min(mean_s, _SLOWEST_INTERVAL_S) - self._interval_s) / 8
        return since_s

    def _note_start(self, feedback: Feedback, usage: Usage, pause_s: float, now: float) -> None:
        """What is in flight leaves it at the rate at which bytes arrive (Little's law): when that takes much longer than the round
        trip, a queue stands, although no packet has told of its delay yet."""
        self._received_bytes += feedback.received_bytes
        if pause_s == 0:
            self._started_s = now
            return
        arrived_bps = feedback.received_bytes * 8 / pause_s
        leaves_s = self._sent.in_flight_bytes * 8 / max(arrived_bps, self._min_bps) - self._delay.queue.round_trip_s
        queued = self.queue_s > _START_QUEUE_S or leaves_s > _START_IN_FLIGHT_S
        if queued or usage is Usage.OVERUSE or now > self._started_s + _STARTING_S:
            self.starting = False

    def _take_probes(self, feedback: Feedback, usage: Usage) -> None:
        for arrivals in feedback.probes:
            rate_bps = self._probing.handle_arrivals(arrivals)
            if rate_bps is not None and usage is not Usage.OVERUSE and self._rate.raise_to(rate_bps):
                self._probing.handle_raise()
