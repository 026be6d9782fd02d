"""Erlang B, C and A: exact, and stable to tens of thousands of seats.

Erlang B comes from its recursion. The queue with abandonment (M/M/n+M, "Erlang A", Palm 1957) is integrated over the
offered wait V, the wait of a citizen who would never hang up (Baccelli & Hebuterne 1981; Zeltyn & Mandelbaum 2005):
its density is  lambda pi_(n-1) J(v)  with  log J(v) = lambda (1 - exp(-theta v)) / theta - n mu v,  a concave function,
so that Gauss-Legendre panels over the stretch where J matters give machine precision. theta = 0 is Erlang C.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from relay.errors import Misuse
from relay.scheduler.forecast.load import Load, Performance, ServiceLevel

_PANELS = 48
_E_FOLDS = 46.0
"""Where J has fallen by exp(-46), 1e-20 of its peak, the rest is below double precision."""
_NODES = (
    (0.0950125098376374, 0.1894506104550685),
    (0.2816035507792589, 0.1826034150449236),
    (0.4580167776572274, 0.1691565193950025),
    (0.6178762444026438, 0.1495959888165767),
    (0.7554044083550030, 0.1246289712555339),
    (0.8656312023878318, 0.0951585116824928),
    (0.9445750230732326, 0.0622535239386479),
    (0.9894009349916499, 0.0271524594117541),
)
"""Positive abscissas and weights of the 16-point Gauss-Legendre rule on [-1, 1]."""


def erlang_b(seats: int, erlangs: float) -> float:
    """Share of the calls lost when nobody may wait (M/M/n/n)."""
    blocking = 1.0
    for k in range(1, seats + 1):
        blocking = erlangs * blocking / (k + erlangs * blocking)
    return blocking


def erlang_c(seats: int, erlangs: float) -> float:
    """P(W > 0) when everybody waits (M/M/n); 1 when the load is not below the seats."""
    if erlangs >= seats:
        return 1.0
    blocking = erlang_b(seats, erlangs)
    return blocking / (1.0 - erlangs / seats * (1.0 - blocking))


def performance(load: Load, seats: int, target_s: float) -> Performance:
    """The long run of `seats` seats under this load; without patience an overload waits for ever (`inf`)."""
    if seats < 0 or not target_s >= 0.0:
        raise Misuse(f"a forecast needs seats >= 0 and target_s >= 0, got {seats} and {target_s}")
    if load.arrivals_per_s == 0.0:
        return _idle(seats, target_s)
    if seats == 0 or (load.patience_s is None and load.erlangs >= seats):
        return _unserved(load, seats, target_s)
    return _stationary(load, seats, target_s)


def _stationary(load: Load, seats: int, target_s: float) -> Performance:
    offered_wait = _OfferedWait.of(load, seats)
    theta, density = offered_wait.abandon_per_s, offered_wait.integral
    infinity = math.inf
    answered_after_wait_in = density(lambda v: math.exp(-theta * v), 0.0, target_s)
    served_after_wait = density(lambda v: math.exp(-theta * v), 0.0, infinity)
    wait_of_served = density(lambda v: v * math.exp(-theta * v), 0.0, infinity)
    abandoned = density(lambda v: -math.expm1(-theta * v), 0.0, infinity)
    abandoned_in = density(lambda v: -math.expm1(-theta * v), 0.0, target_s)
    abandoned_in -= math.expm1(-theta * target_s) * density(lambda v: 1.0, target_s, infinity)
    at_once = offered_wait.at_once
    answered = at_once + served_after_wait
    mean_wait = abandoned / theta if theta else wait_of_served
    return Performance(
        seats=seats,
        erlangs=load.erlangs,
        target_s=target_s,
        wait_probability=1.0 - at_once,
        abandonment=abandoned,
        blocking=0.0,
        mean_wait_s=mean_wait,
        mean_wait_served_s=wait_of_served / answered,
        mean_queue=load.arrivals_per_s * mean_wait,
        occupancy=load.erlangs * (1.0 - abandoned) / seats,
        service_level=ServiceLevel.from_amounts(
            offered=1.0,
            answered=answered,
            abandoned=abandoned,
            answered_in=at_once + answered_after_wait_in,
            abandoned_in=abandoned_in,
        ),
    )


@dataclass(frozen=True, slots=True)
class _OfferedWait:
    """The law of V: its mass at 0, and its density on v > 0 relative to the peak, because overloads overflow."""

    arrivals_per_s: float
    served_per_s: float
    abandon_per_s: float
    low_s: float
    high_s: float
    peak: float
    scale: float
    at_once: float

    @classmethod
    def of(cls, load: Load, seats: int) -> "_OfferedWait":
        arrivals, served = load.arrivals_per_s, seats / load.handle_s
        theta = 0.0 if load.patience_s is None else 1.0 / load.patience_s
        top_s = math.log(arrivals / served) / theta if theta and arrivals > served else 0.0
        shape = cls(arrivals, served, theta, low_s=0.0, high_s=math.inf, peak=0.0, scale=1.0, at_once=0.0)
        peak = shape._log_j(top_s)
        low_s = shape._falls_to(peak - _E_FOLDS, top_s, 0.0) if top_s else 0.0
        high_s = shape._falls_to(peak - _E_FOLDS, top_s, shape._beyond(peak - _E_FOLDS, top_s))
        unscaled = replace(shape, low_s=low_s, high_s=high_s, peak=peak)
        last_free = erlang_b(seats - 1, load.erlangs)
        idle_weight = math.exp(-peak) / last_free if last_free > 0.0 else math.inf
        mass = arrivals * unscaled.integral(lambda v: 1.0, 0.0, math.inf)
        if idle_weight == math.inf:
            return replace(unscaled, scale=0.0, at_once=1.0)
        total = idle_weight + mass
        return replace(unscaled, scale=arrivals / total, at_once=idle_weight / total)

    def integral(self, weight: Callable[[float], float], from_s: float, to_s: float) -> float:
        """Integral of weight(v) times the density over (from_s, to_s)."""
        low, high = max(from_s, self.low_s), min(to_s, self.high_s)
        if high <= low:
            return 0.0
        half = (high - low) / _PANELS / 2.0
        total = 0.0
        for panel in range(_PANELS):
            middle = low + (2 * panel + 1) * half
            for node, gauss in _NODES:
                for v in (middle - half * node, middle + half * node):
                    total += gauss * weight(v) * math.exp(self._log_j(v) - self.peak)
        return self.scale * half * total

    def _log_j(self, v: float) -> float:
        theta = self.abandon_per_s
        patient_s = -math.expm1(-theta * v) / theta if theta else v
        return self.arrivals_per_s * patient_s - self.served_per_s * v

    def _beyond(self, level: float, top_s: float) -> float:
        step = 1.0 / self.served_per_s
        while self._log_j(top_s + step) > level:
            step *= 2.0
        return top_s + step

    def _falls_to(self, level: float, inside: float, outside: float) -> float:
        for _ in range(60):
            middle = (inside + outside) / 2.0
            if self._log_j(middle) > level:
                inside = middle
            else:
                outside = middle
        return outside


def _idle(seats: int, target_s: float) -> Performance:
    everybody = ServiceLevel(1.0, 1.0, 1.0, 1.0)
    return Performance(seats, 0.0, target_s, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, everybody)


def _unserved(load: Load, seats: int, target_s: float) -> Performance:
    """No seat, or an overload that nobody leaves: the queue of the patient grows for ever."""
    patience_s = load.patience_s
    abandoned = 0.0 if patience_s is None else 1.0
    abandoned_in = 0.0 if patience_s is None else -math.expm1(-target_s / patience_s)
    mean_wait_s = math.inf if patience_s is None else patience_s
    level = ServiceLevel.from_amounts(
        offered=1.0, answered=1.0 - abandoned, abandoned=abandoned, answered_in=0.0, abandoned_in=abandoned_in
    )
    return Performance(
        seats=seats,
        erlangs=load.erlangs,
        target_s=target_s,
        wait_probability=1.0,
        abandonment=abandoned,
        blocking=0.0,
        mean_wait_s=mean_wait_s,
        mean_wait_served_s=math.inf,
        mean_queue=load.arrivals_per_s * mean_wait_s,
        occupancy=1.0 if seats else 0.0,
        service_level=level,
    )
