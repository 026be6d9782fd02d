"""Additive increase, multiplicative decrease (draft-ietf-rmcat-gcc-02 §5.5).

Far from where the link was full last time the rate grows by 8 % a second; near to it by about a packet each response time,
so that the queue is touched gently. Overuse sets it just below what the receiver acknowledged, which is the link's rate then.

Two departures. The factor is 0.95 instead of 0.85, for `standing_queue` drains the queue by itself. And a decrease takes no
more than half in one round trip: a link that stalls for a fifth of a second is not a slow link, and how slow a slow one is,
the second measurement knows better than the first.
"""

from enum import Enum
from typing import Final

from relay.sfu.media.bandwidth.link_capacity import LinkCapacity
from relay.sfu.media.bandwidth.overuse import Usage

_BETA: Final = 0.95
_GROWTH_PER_S: Final = 1.08
_PACKET_BITS: Final = 1200 * 8
_FRAMES_PER_S: Final = 30
_MIN_ADDITIVE_BPS: Final = 4_000
_RESPONSE_S: Final = 0.1
"""Beyond the round trip: overuse is noticed this much later."""
_UNVERIFIED: Final = 1.5
"""The rate may grow to this multiple of what arrives; beyond it nobody has tried the link."""
_UNVERIFIED_BPS: Final = 10_000


class RateState(Enum):
    """What the rate does."""

    HOLD = "hold"
    INCREASE = "increase"
    DECREASE = "decrease"


TRANSITIONS: Final = {
    (RateState.HOLD, Usage.NORMAL): RateState.INCREASE,
    (RateState.HOLD, Usage.OVERUSE): RateState.DECREASE,
    (RateState.HOLD, Usage.UNDERUSE): RateState.HOLD,
    (RateState.INCREASE, Usage.NORMAL): RateState.INCREASE,
    (RateState.INCREASE, Usage.OVERUSE): RateState.DECREASE,
    (RateState.INCREASE, Usage.UNDERUSE): RateState.HOLD,
    (RateState.DECREASE, Usage.NORMAL): RateState.HOLD,
    (RateState.DECREASE, Usage.OVERUSE): RateState.DECREASE,
    (RateState.DECREASE, Usage.UNDERUSE): RateState.HOLD,
}
"""Underuse holds: a queue that drains must be let empty first (§5.5)."""


class RateControl:
    """given: bounds. owned: the rate, the state, where the link was full."""

    def __init__(self, start_bps: float, min_bps: float, max_bps: float) -> None:
        self.rate_bps = start_bps
        self.state = RateState.HOLD
        self._capacity = LinkCapacity()
        self._min_bps, self._max_bps = min_bps, max_bps
        self._updated_s: float | None = None
        self._floor_bps = min_bps
        self._floor_ends_s = float("-inf")

    def handle_usage(
        self, usage: Usage, acknowledged_bps: float | None, recent_bps: float | None, rtt_s: float, now: float
    ) -> None:
        """A verdict, with what was acknowledged over half a second and just now."""
        elapsed_s = 0.0 if self._updated_s is None else min(now - self._updated_s, 1.0)
        self._updated_s = now
        self.state = TRANSITIONS[self.state, usage]
        if self.state is RateState.DECREASE:
            self._decrease(self.rate_bps if recent_bps is None else recent_bps, rtt_s, now)
        elif self.state is RateState.INCREASE:
            self._increase(acknowledged_bps, rtt_s, elapsed_s)

    def raise_to(self, rate_bps: float) -> bool:
        """A probe got through at this rate; whether that is news."""
        if rate_bps <= self.rate_bps:
            return False
        if self._capacity.is_below(rate_bps):
            self._capacity.forget()
        self.rate_bps = min(rate_bps, self._max_bps)
        return True

    def _decrease(self, acknowledged_bps: float, rtt_s: float, now: float) -> None:
        if now >= self._floor_ends_s:
            self._floor_bps, self._floor_ends_s = max(self.rate_bps / 2, self._min_bps), now + rtt_s
        self._capacity.handle_overuse(acknowledged_bps)
        self.rate_bps = min(self.rate_bps, max(_BETA * acknowledged_bps, self._floor_bps))

    def _increase(self, acknowledged_bps: float | None, rtt_s: float, elapsed_s: float) -> None:
        if acknowledged_bps is not None and self._capacity.is_below(acknowledged_bps):
            self._capacity.forget()
        if self._capacity.is_reached(self.rate_bps):
            raised_bps = self.rate_bps + self._additive_bps(rtt_s) * elapsed_s
        else:
            raised_bps = self.rate_bps * _GROWTH_PER_S**elapsed_s
        if acknowledged_bps is not None:
            raised_bps = min(raised_bps, max(self.rate_bps, _UNVERIFIED * acknowledged_bps + _UNVERIFIED_BPS))
        self.rate_bps = min(raised_bps, self._max_bps)

    def _additive_bps(self, rtt_s: float) -> float:
        """A second's worth of one average packet per response time."""
        frame_bits = self.rate_bps / _FRAMES_PER_S
        packet_bits = frame_bits / max(1.0, -(-frame_bits // _PACKET_BITS))
        return max(_MIN_ADDITIVE_BPS, packet_bits / (rtt_s + _RESPONSE_S))
