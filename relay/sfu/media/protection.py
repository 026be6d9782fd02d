"""How much of a slot's video is protected ahead of loss (FlexFEC): when asking again would take too long.

A packet that is lost costs a round trip and a half until its retransmission is there. Where that is short, repair on
demand costs least; where it is long and packets are lost, one parity packet per group of media packets mends most
losses at once. The group is such that about three in ten of the parity packets are used: `share` = 0.3 ÷ loss.
"""

from typing import Final

LONG_RTT_MS: Final = 100.0
"""Above it, a retransmission comes later than a picture can wait: 150 ms and more."""
BEGIN_LOSS: Final = 0.02
END_LOSS: Final = 0.01
MIN_GROUP: Final = 3
MAX_GROUP: Final = 10
_SHARE: Final = 0.3
_CALM_S: Final = 10.0
_WEIGHT: Final = 0.3


class Protection:
    """Of one slot. owned: the smoothed loss, the group, and since when it has been calm."""

    def __init__(self) -> None:
        self._loss: float | None = None
        self._calm_since_s: float | None = None
        self.group = 0
        """Media packets per parity packet; 0: none are sent."""

    @property
    def overhead(self) -> float:
        """What it adds to the slot's rate, as a share of it."""
        return 1 / self.group if self.group else 0.0

    def handle_report(self, loss: float, rtt_ms: float, now: float) -> int:
        """A receiver report: share of packets lost since the one before (0 to 1), and the round trip. The group."""
        self._loss = loss if self._loss is None else self._loss + _WEIGHT * (loss - self._loss)
        if self._is_worth_it(rtt_ms):
            self._calm_since_s = None
            self.group = min(MAX_GROUP, max(MIN_GROUP, round(_SHARE / self._loss)))
        elif self.group:
            self._calm_down(now)
        return self.group

    def _is_worth_it(self, rtt_ms: float) -> bool:
        threshold = END_LOSS if self.group else BEGIN_LOSS
        return self._loss is not None and self._loss >= threshold and rtt_ms >= LONG_RTT_MS

    def _calm_down(self, now: float) -> None:
        if self._calm_since_s is None:
            self._calm_since_s = now
        elif now - self._calm_since_s >= _CALM_S:
            self._calm_since_s, self.group = None, 0
