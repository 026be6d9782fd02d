"""Mean waits of priority classes that share one pool of seats, calls never interrupted, equal mean handling.

Strict priority: Cobham 1954 for one seat, Kella & Yechiali 1985 for many. Ageing with a slope per class: Kleinrock 1964
("delay-dependent" or accumulating priority), which carries over to many seats because a busy period runs at n mu.
"""

from collections.abc import Sequence

from relay.errors import Misuse
from relay.scheduler.forecast.erlang import erlang_c


def strict_waits_s(arrivals_per_s: Sequence[float], handle_s: float, seats: int) -> tuple[float, ...]:
    """Mean wait of each class, highest priority first. Raises Misuse when the load is not below the seats."""
    fcfs_s, loads = _fcfs(arrivals_per_s, handle_s, seats)
    residual_s = fcfs_s * (1.0 - sum(loads))
    waits, above = [], 0.0
    for load in loads:
        waits.append(residual_s / ((1.0 - above) * (1.0 - above - load)))
        above += load
    return tuple(waits)


def ageing_waits_s(
    arrivals_per_s: Sequence[float], slopes: Sequence[float], handle_s: float, seats: int
) -> tuple[float, ...]:
    """Mean wait of each class when its priority grows by its slope (> 0) times its wait; slopes in ascending order."""
    if len(slopes) != len(arrivals_per_s) or list(slopes) != sorted(slopes) or min(slopes) <= 0.0:
        raise Misuse("one positive slope per class, in ascending order")
    fcfs_s, loads = _fcfs(arrivals_per_s, handle_s, seats)
    waits: list[float] = []
    for own, slope in enumerate(slopes):
        slower = sum(loads[i] * waits[i] * (1.0 - slopes[i] / slope) for i in range(own))
        faster = sum(loads[i] * (1.0 - slope / slopes[i]) for i in range(own + 1, len(slopes)))
        waits.append((fcfs_s - slower) / (1.0 - faster))
    return tuple(waits)


def _fcfs(arrivals_per_s: Sequence[float], handle_s: float, seats: int) -> tuple[float, list[float]]:
    erlangs = sum(arrivals_per_s) * handle_s
    if not arrivals_per_s or min(arrivals_per_s) < 0.0 or handle_s <= 0.0 or erlangs >= seats:
        raise Misuse("priority waits need classes with arrivals >= 0, handle_s > 0, and fewer erlangs than seats")
    fcfs_s = erlang_c(seats, erlangs) * handle_s / (seats - erlangs)
    return fcfs_s, [arrivals * handle_s / seats for arrivals in arrivals_per_s]
