"""Which of the free seats that fit gets the call: policies that narrow a set of seats, applied one after another.

A policy takes the supply, the line, the call's own region and the candidates (not empty), and returns those it
prefers (not empty). What is left when all have had their say is settled by longest idle, which leaves one.
"""

from __future__ import annotations

from collections.abc import Callable

from . import regions
from .index.line import Line
from .index.seat_set import SeatSet
from .index.supply import Supply
from .model import MAX_LEVEL


def nearest(supply: Supply, line: Line, region: str, candidates: SeatSet) -> SeatSet:
    """Seats of the citizen's town, else county, city, province."""
    del line
    for around in regions.chain(region):
        near = supply.home.get(around)
        if near is not None and near.meets(candidates):
            return near & candidates
    return candidates


def most_proficient(supply: Supply, line: Line, region: str, candidates: SeatSet) -> SeatSet:
    """Seats with the highest level in this item."""
    del region
    for level in range(MAX_LEVEL, 0, -1):
        skilled = supply.with_item(line.group, level)
        if skilled.meets(candidates):
            return skilled & candidates
    return candidates


def least_flexible(supply: Supply, line: Line, region: str, candidates: SeatSet) -> SeatSet:
    """Specialists before generalists, who stay free for what only they can serve (breadth to a factor of two)."""
    del line, region
    return supply.breadth.best(candidates)


def least_occupied(supply: Supply, line: Line, region: str, candidates: SeatSet) -> SeatSet:
    """Seats that were busy for the smallest share of their time (tenths, as of their last release)."""
    del line, region
    return supply.occupancy.best(candidates)


def best_path(supply: Supply, line: Line, region: str, candidates: SeatSet) -> SeatSet:
    """Seats with the shortest round trip to the relay (classes of `supply.PATH_CLASSES_MS`)."""
    del line, region
    return supply.path.best(candidates)


POLICIES: dict[str, Callable[[Supply, Line, str, SeatSet], SeatSet]] = {
    "nearest": nearest,
    "most_proficient": most_proficient,
    "least_flexible": least_flexible,
    "least_occupied": least_occupied,
    "best_path": best_path,
}
"""`longest_idle` is no policy of its own, for it leaves one seat: it comes last in any case."""
