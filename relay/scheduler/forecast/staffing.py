"""How many seats a load needs: the smallest number that meets a target, found by bisection over exact forecasts."""

from relay.errors import LimitReached
from relay.scheduler.forecast.erlang import performance
from relay.scheduler.forecast.load import Load, Performance, Target

MAX_SEATS = 200_000
"""Beyond any network; a search that gets here has an unreachable target."""


def seats_needed(load: Load, target: Target, max_seats: int = MAX_SEATS) -> Performance:
    """The performance of the smallest pool that meets the target (monotone in the seats, so bisection is exact).

    Raises LimitReached when not even `max_seats` seats do.
    """
    if load.arrivals_per_s == 0.0:
        return performance(load, 0, target.within_s)
    too_few, enough = _bracket(load, target, max_seats)
    while enough.seats - too_few > 1:
        middle = performance(load, (too_few + enough.seats) // 2, target.within_s)
        if target.met_by(middle):
            enough = middle
        else:
            too_few = middle.seats
    return enough


def _bracket(load: Load, target: Target, max_seats: int) -> tuple[int, Performance]:
    """A pool that is too small (0 seats serve nobody) and one that is enough."""
    too_few, seats = 0, min(max(1, round(load.erlangs)), max_seats)
    while True:
        tried = performance(load, seats, target.within_s)
        if target.met_by(tried):
            return too_few, tried
        if seats == max_seats:
            raise LimitReached(f"not even {max_seats} seats meet {target} under {load.erlangs:.1f} erlangs")
        too_few, seats = seats, min(seats + max(1, seats // 8), max_seats)
