"""An upper bound from losses, which tells a link that is full from a link that merely loses packets.

The draft's rule (draft-ietf-rmcat-gcc-02 §6: above 10 % loss fall, below 2 % rise) cannot tell them apart: a radio link with
12 % random loss falls to the minimum at any rate, and a policer that drops 8 % is never seen. So this follows the idea of
libwebrtc's second loss-based estimator: the losses of the last seconds are explained by a bandwidth B and an inherent loss p,

    loss(rate) = p + (1 - p) × max(0, 1 - B / rate),

of a few candidate bandwidths the most likely one is taken, each with its most likely p, and p is bounded: the higher the
bandwidth, the less loss may be called inherent. Without losses it costs nothing and bounds nothing.
"""

from collections import deque
from math import log
from typing import Final, NamedTuple

from relay.sfu.ports import Feedback

_OBSERVATION_S: Final = 0.25
_OBSERVATIONS: Final = 20
_FADING: Final = 0.9
"""Weight of an observation against the next one, in the likelihood."""
_FORGETTING: Final = 0.9
"""The same, in the mean loss."""
_FACTORS: Final = (1.02, 1.0, 0.95)
_BALANCE_BPS: Final = 75_000.0
_FREE_LOSS: Final = 0.05
"""Loss is called inherent up to this share at any bandwidth, and `_BALANCE_BPS / B` beyond it."""
_MIN_LOSS: Final = 0.001
_MAX_LOSS: Final = 0.9
_TOWARDS_MORE: Final = 2e-4
"""Preference for the larger of two equally likely bandwidths, per packet and factor e."""
_NEWTON_STEPS: Final = 2


class Observation(NamedTuple):
    """A quarter of a second of sending."""

    received: int
    lost: int
    rate_bps: float

    @property
    def loss(self) -> float:
        """Share."""
        return self.lost / max(self.received + self.lost, 1)


class LossBased:
    """given: limits. owned: observations, the one being gathered, the bound, the inherent loss."""

    def __init__(self, min_bps: float, max_bps: float) -> None:
        self.bound_bps = max_bps
        self.inherent_loss = 0.0
        self._min_bps, self._max_bps = min_bps, max_bps
        self._observations: deque[Observation] = deque(maxlen=_OBSERVATIONS)
        self._received = self._lost = self._size_bytes = 0
        self._since_s: float | None = None

    def handle_feedback(self, feedback: Feedback, rate_bps: float) -> None:
        """What was received and lost, and the delay-based rate."""
        until_s = feedback.covered_until_s
        if self._since_s is None:
            self._since_s = until_s or None
            return
        self._received += feedback.received_packets
        self._lost += feedback.lost_packets - feedback.recovered_packets
        self._size_bytes += feedback.covered_bytes
        elapsed_s = until_s - self._since_s
        if elapsed_s < _OBSERVATION_S:
            return
        self._observations.append(Observation(self._received, max(self._lost, 0), self._size_bytes * 8 / elapsed_s))
        self._received = self._lost = self._size_bytes = 0
        self._since_s = until_s
        self._estimate(rate_bps)

    def restart(self) -> None:
        """The path was interrupted."""
        self._observations.clear()
        self._received = self._lost = self._size_bytes = 0
        self._since_s = None
        self.bound_bps, self.inherent_loss = self._max_bps, 0.0

    def _estimate(self, rate_bps: float) -> None:
        if not any(each.lost for each in self._observations):
            self.bound_bps, self.inherent_loss = self._max_bps, 0.0
            return
        current_bps = min(self.bound_bps, rate_bps)
        delivered = [each.rate_bps * (1 - each.loss) for each in self._observations]
        candidates = {rate_bps, delivered[-1], max(delivered), *(factor * current_bps for factor in _FACTORS)}
        likely = [self._likelihood(each) for each in candidates if self._min_bps <= each <= rate_bps]
        if likely:
            _, best_bps, self.inherent_loss = max(likely)
            self.bound_bps = max(self._min_bps, min(best_bps, self._loss_bound_bps()))

    def _likelihood(self, bandwidth_bps: float) -> tuple[float, float, float]:
        """(Logarithm of the likelihood of what was observed, the bandwidth, the inherent loss that makes it greatest)."""
        rows = self._rows(bandwidth_bps)
        highest = min(_FREE_LOSS + _BALANCE_BPS / bandwidth_bps, _MAX_LOSS)
        loss = min(max(self.inherent_loss, _MIN_LOSS), highest)
        for _ in range(_NEWTON_STEPS):
            loss = min(max(loss + _newton_step(rows, loss), _MIN_LOSS), highest)
        preference = _TOWARDS_MORE * log(bandwidth_bps)
        total = 0.0
        for weighted_lost, weighted_received, passing in rows:
            kept = (1 - loss) * passing
            total += weighted_lost * log(1 - kept) + weighted_received * (log(kept) + preference)
        return total, bandwidth_bps, loss

    def _rows(self, bandwidth_bps: float) -> list[tuple[float, float, float]]:
        """(Weight of lost, weight of received, share that fits the bandwidth): one row for all that fitted whole."""
        rows = []
        weight, fitting_lost, fitting_received = 1.0, 0.0, 0.0
        for received, lost, rate_bps in reversed(self._observations):
            if rate_bps <= bandwidth_bps:
                fitting_lost += weight * lost
                fitting_received += weight * received
            else:
                rows.append((weight * lost, weight * received, bandwidth_bps / rate_bps))
            weight *= _FADING
        return [(fitting_lost, fitting_received, 1.0), *rows]

    def _loss_bound_bps(self) -> float:
        """However the loss came to be, at so much of it no more than this. Each observation counts the same, be it large or small."""
        weight, loss, weights = 1.0, 0.0, 0.0
        for each in reversed(self._observations):
            loss += weight * each.loss
            weights += weight
            weight *= _FORGETTING
        excess = loss / weights - _FREE_LOSS
        return _BALANCE_BPS / excess if excess > 0 else self._max_bps


def _newton_step(rows: list[tuple[float, float, float]], loss: float) -> float:
    """Towards the greatest likelihood, along the inherent loss. A row: weights of lost and received, share that fits the link."""
    slope = curvature = 0.0
    for lost, received, passing in rows:
        kept = (1 - loss) * passing
        gone = 1 - kept
        slope += (lost / gone - received / kept) * passing
        curvature += (lost / gone**2 + received / kept**2) * passing**2
    return slope / curvature if curvature > 0 else 0.0
