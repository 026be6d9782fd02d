"""A queue with a cap and patient citizens (M/M/n/n+room): what a queue limit costs in refusals and saves in waits."""

import itertools
import math
from collections.abc import Iterator

from relay.errors import Misuse
from relay.scheduler.forecast.erlang import erlang_b
from relay.scheduler.forecast.load import Load, Performance, ServiceLevel


def capped_performance(load: Load, seats: int, room: int, target_s: float) -> Performance:
    """The long run when at most `room` calls may wait; waits and service levels are over the calls admitted.

    `service_level.of_offered` counts the refused calls as not answered. Patience must be None: with both, simulate.
    """
    if load.patience_s is not None or seats < 1 or room < 0:
        raise Misuse("a capped queue needs endless patience, at least one seat and room >= 0; otherwise simulate")
    erlangs = load.erlangs
    shares = _shares_all_busy(seats, erlangs, room)
    blocking, entered = shares[room], 1.0 - shares[room]
    mean_queue = sum(k * share for k, share in enumerate(shares))
    waits = sum(shares[:room])
    late_by_ahead = _late_shares(seats * target_s / load.handle_s)
    late = sum(share * next(late_by_ahead) for share in shares[:room])
    mean_wait_s = mean_queue / (load.arrivals_per_s * entered) if load.arrivals_per_s else 0.0
    return Performance(
        seats=seats,
        erlangs=erlangs,
        target_s=target_s,
        wait_probability=waits / entered,
        abandonment=0.0,
        blocking=blocking,
        mean_wait_s=mean_wait_s,
        mean_wait_served_s=mean_wait_s,
        mean_queue=mean_queue,
        occupancy=erlangs * entered / seats,
        service_level=ServiceLevel.from_amounts(
            offered=1.0, answered=entered, abandoned=0.0, answered_in=entered - late, abandoned_in=0.0
        ),
    )


def _shares_all_busy(seats: int, erlangs: float, room: int) -> list[float]:
    """P(all seats busy and k calls wait), k = 0..room; logarithms, because an overload's powers overflow."""
    all_busy = erlang_b(seats, erlangs)
    if all_busy == 0.0:
        return [0.0] * (room + 1)
    log_rho = math.log(erlangs / seats)
    top = max(0.0, room * log_rho)
    weights = [math.exp(k * log_rho - top) for k in range(room + 1)]
    total = (1.0 / all_busy - 1.0) * math.exp(-top) + sum(weights)
    return [weight / total for weight in weights]


def _late_shares(mean: float) -> Iterator[float]:
    """P(wait > target) with k calls ahead, k = 0, 1, ...: a Poisson(`mean`) number of seats frees, at most k of them."""
    log_term, late = -mean, 0.0
    for k in itertools.count(1):
        late += math.exp(log_term)
        yield min(late, 1.0)
        if mean == 0.0:
            log_term = -math.inf
        else:
            log_term += math.log(mean / k)
