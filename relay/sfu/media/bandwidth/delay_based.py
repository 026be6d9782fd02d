"""From arrival groups to a rate: variation of the delay, its trend, the verdict, and what the rate does about it."""

from typing import Final

from relay.sfu.media.bandwidth.acknowledged import AcknowledgedBitrate
from relay.sfu.media.bandwidth.overuse import OveruseDetector, Usage
from relay.sfu.media.bandwidth.rate_control import RateControl
from relay.sfu.media.bandwidth.standing_queue import StandingQueue
from relay.sfu.media.bandwidth.trendline import Trendline
from relay.sfu.ports import ArrivalGroup, Feedback

_JUMP_S: Final = 3.0
"""Between two groups: the receiver's clock was set, or the receiver slept."""
_LIMITED: Final = 0.7
"""Of the rate: when less than this arrives and nothing waits, the sender had no more to send."""


class DelayBased:
    """owned: each step's machine, and the group that the next one is compared with."""

    def __init__(self, rate: RateControl) -> None:
        self.rate = rate
        self.queue = StandingQueue()
        self._acknowledged = AcknowledgedBitrate()
        self._detector = OveruseDetector()
        self._trendline = Trendline()
        self._previous: ArrivalGroup | None = None

    def handle_feedback(self, feedback: Feedback, now: float) -> Usage:
        """What arrived."""
        groups = feedback.groups
        usages = [self._handle_group(group) for group in groups]
        usage = Usage.OVERUSE if Usage.OVERUSE in usages else self._detector.usage
        if groups:
            delay_s = min([arrived_s - sent_s for sent_s, arrived_s, _ in groups])
            self.queue.handle_delay(delay_s, max(now - feedback.newest_sent_s, 0.0), now)
            if self.queue.stands:
                usage = Usage.OVERUSE
            usage = self._decide(usage, now)
        return usage

    @property
    def acknowledged_bps(self) -> float | None:
        """How fast packets arrived over the last half second; None: unknown."""
        return self._acknowledged.rate_bps()

    def restart(self) -> None:
        """The path was interrupted: the pause is no trend."""
        self._trendline, self._detector = Trendline(), OveruseDetector()
        self._previous = None

    def _handle_group(self, group: ArrivalGroup) -> Usage:
        previous, self._previous = self._previous, group
        sent_s, arrived_s, size_bytes = group
        self._acknowledged.handle_group(arrived_s, size_bytes)
        if previous is None:
            return Usage.NORMAL
        previous_sent_s, previous_arrived_s, _ = previous
        sent_ms = (sent_s - previous_sent_s) * 1000
        variation_ms = (arrived_s - previous_arrived_s) * 1000 - sent_ms
        if abs(variation_ms) > _JUMP_S * 1000:
            self.restart()
            return Usage.NORMAL
        arrived_ms = arrived_s * 1000
        slope = self._trendline.handle_variation(variation_ms, arrived_ms)
        return self._detector.handle_slope(slope, self._trendline.points, sent_ms, arrived_ms)

    def _decide(self, usage: Usage, now: float) -> Usage:
        recent_bps = self._acknowledged.recent_bps() if usage is Usage.OVERUSE else None
        limited = recent_bps is not None and recent_bps < _LIMITED * self.rate.rate_bps
        if limited and self.queue.is_empty:
            return Usage.NORMAL
        self.rate.handle_usage(usage, self._acknowledged.rate_bps(), recent_bps, self.queue.round_trip_s, now)
        return usage
