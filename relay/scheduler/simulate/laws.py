"""Random laws of durations, and of when calls arrive. Chance is passed in: the same seed gives the same day."""

import bisect
import math
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import Protocol

from relay.errors import Misuse
from relay.scheduler.model import Value


class Chance(Protocol):
    """A seeded source of randomness; the standard library's `Random` is one."""

    def random(self) -> float:
        """Uniform on [0, 1)."""

    def expovariate(self, lambd: float) -> float:
        """Exponential with rate `lambd`."""

    def gammavariate(self, alpha: float, beta: float) -> float:
        """Gamma with shape `alpha` and scale `beta`."""

    def lognormvariate(self, mu: float, sigma: float) -> float:
        """Exponential of a normal."""


Streams = Callable[[str], Chance]
"""One independent source for each purpose, so that a change of the seats leaves the citizens as they were."""


class Shape(StrEnum):
    """The family of a law."""

    CONSTANT = "constant"
    EXPONENTIAL = "exponential"
    UNIFORM = "uniform"
    """Between nothing and twice the mean."""
    GAMMA = "gamma"
    LOGNORMAL = "lognormal"
    """What measured conversation times look like (Brown et al. 2005)."""


class Law(Value, frozen=True):
    """A law of a duration by its mean and coefficient of variation (`cv`, for gamma and lognormal)."""

    mean_s: float
    shape: Shape = Shape.EXPONENTIAL
    cv: float = 1.0

    def __post_init__(self) -> None:
        if not (self.mean_s >= 0.0 and self.cv > 0.0):
            raise Misuse(f"a law needs mean_s >= 0 and cv > 0, got {self.mean_s} and {self.cv}")

    def draw_ms(self, chance: Chance) -> int:
        """One duration in whole milliseconds."""
        return round(1000.0 * _DRAWS[self.shape](self, chance)) if self.mean_s else 0


def _lognormal(law: Law, chance: Chance) -> float:
    variance = math.log1p(law.cv * law.cv)
    return chance.lognormvariate(math.log(law.mean_s) - variance / 2.0, math.sqrt(variance))


def _gamma(law: Law, chance: Chance) -> float:
    shape = 1.0 / (law.cv * law.cv)
    return chance.gammavariate(shape, law.mean_s / shape)


_DRAWS: dict[Shape, Callable[[Law, Chance], float]] = {
    Shape.CONSTANT: lambda law, _: law.mean_s,
    Shape.EXPONENTIAL: lambda law, chance: chance.expovariate(1.0 / law.mean_s),
    Shape.UNIFORM: lambda law, chance: 2.0 * law.mean_s * chance.random(),
    Shape.GAMMA: _gamma,
    Shape.LOGNORMAL: _lognormal,
}


def arrivals_ms(rates_per_s: Sequence[float], step_ms: int, chance: Chance) -> Iterator[int]:
    """Times of a Poisson process whose rate is `rates_per_s[k]` in the k-th step of `step_ms`, from 0 on.

    Unit-rate arrivals are mapped through the inverse of the summed rate (Cinlar 1975): exact, one draw each.
    """
    mass = 0.0
    arrival = chance.expovariate(1.0)
    for step, rate in enumerate(rates_per_s):
        step_mass = rate * step_ms / 1000.0
        while arrival < mass + step_mass:
            yield step * step_ms + int(step_ms * (arrival - mass) / step_mass)
            arrival += chance.expovariate(1.0)
        mass += step_mass


class Choice:
    """Draws one of several things by weight."""

    def __init__(self, weights: Sequence[float]) -> None:
        total = math.fsum(weights)
        if not weights or min(weights) < 0.0 or total <= 0.0:
            raise Misuse("a choice needs weights >= 0 that are not all 0")
        self._cumulated = []
        cumulated = 0.0
        for weight in weights:
            cumulated += weight / total
            self._cumulated.append(cumulated)

    def draw(self, chance: Chance) -> int:
        """Index of the drawn thing."""
        return min(bisect.bisect_right(self._cumulated, chance.random()), len(self._cumulated) - 1)
