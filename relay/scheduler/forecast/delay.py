"""Delay predictors: how long a call that waits now will wait (Ibrahim & Whitt 2009).

Known seats and patience give the queue-length predictors (`queue_wait`): QL, and QL_m with abandonment. Without that
knowledge the wait of the head of the line (HOL) or of the last call to enter service (LES) predicts the next one, at
about twice the mean squared error. `WaitForecast` (expected_wait.py) chooses between them.
"""

import math
from dataclasses import dataclass

from relay.errors import Misuse

_EXACT_TERMS_RATIO = 32.0
"""Terms 1 / (r + i theta) are added one by one until r exceeds this many theta; then Euler-Maclaurin is exact to 1e-9."""


@dataclass(frozen=True, slots=True)
class Delay:
    """A predicted wait: a sum of exponential steps, so its spread is known as well as its mean."""

    mean_s: float
    variance_s2: float

    def quantile_s(self, share: float) -> float:
        """The wait that `share` of such calls stay below: a gamma law of this mean and variance (Wilson-Hilferty)."""
        if not 0.0 < share < 1.0:
            raise Misuse(f"a quantile is strictly between 0 and 1, got {share}")
        spread = self.variance_s2 / (9.0 * self.mean_s * self.mean_s)
        return self.mean_s * max(0.0, 1.0 - spread + _normal_quantile(share) * math.sqrt(spread)) ** 3


def queue_wait(ahead: int, departures_per_s: float, abandon_per_s: float = 0.0) -> Delay:
    """Wait of a call with `ahead` calls before it while all its seats are busy.

    `departures_per_s` is the rate at which those seats come free (n mu), `abandon_per_s` the rate at which one waiting
    citizen hangs up (theta, 0: never). Mean: sum over i = 0..ahead of 1 / (n mu + i theta).
    """
    if ahead < 0 or not departures_per_s > 0.0 or abandon_per_s < 0.0:
        raise Misuse("a queue wait needs ahead >= 0, departures_per_s > 0 and abandon_per_s >= 0")
    r, theta = departures_per_s, abandon_per_s
    steps = ahead + 1
    if theta == 0.0:
        return Delay(steps / r, steps / (r * r))
    mean = variance = 0.0
    while steps and r < _EXACT_TERMS_RATIO * theta:
        mean += 1.0 / r
        variance += 1.0 / (r * r)
        r += theta
        steps -= 1
    return Delay(mean + _harmonic(r, theta, steps), variance + _harmonic_squares(r, theta, steps))


def _harmonic(r: float, theta: float, terms: int) -> float:
    """Sum of 1 / (r + i theta), i < terms, by Euler-Maclaurin at midpoints; log1p keeps it sharp for tiny theta."""
    low, high = r - theta / 2.0, r + (terms - 0.5) * theta
    slope = theta / 24.0 * (low**-2 - high**-2)
    return math.log1p(terms * theta / low) / theta - slope


def _harmonic_squares(r: float, theta: float, terms: int) -> float:
    low, high = r - theta / 2.0, r + (terms - 0.5) * theta
    return terms / (low * high) - theta / 12.0 * (low**-3 - high**-3)


def _normal_quantile(share: float) -> float:
    """The standard normal quantile to 5e-4 (Abramowitz & Stegun 26.2.23): far below the error of any prediction."""
    tail = min(share, 1.0 - share)
    t = math.sqrt(-2.0 * math.log(tail))
    z = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
    return z if share > 0.5 else -z
