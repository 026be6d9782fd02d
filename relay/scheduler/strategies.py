"""Which of the free seats that fit gets the call: policies that narrow a set of seats, applied one after another.

A policy takes the supply, the line, the call's own region and the candidates (bits, not empty), and returns those it
prefers (not empty). What is left when all have had their say is settled by longest idle, which leaves one.
"""

from __future__ import annotations

from collections.abc import Callable

from . import regions
from .index.line import Line
from .index.supply import Supply
from .model import MAX_LEVEL


def nearest(supply: Supply, line: Line, region: str, candidates: int) -> int:
    """Seats of the citizen's town, else county, city, province."""
    del line
    for around in regions.chain(region):
        near = candidates & supply.home.get(around, 0)
        if near:
            return near
    return candidates


def most_proficient(supply: Supply, line: Line, region: str, candidates: int) -> int:
    """Seats with the highest level in this item."""
    del region
    for level in range(MAX_LEVEL, 0, -1):
        skilled = candidates & supply.with_item(line.group, level)
        if skilled:
            return skilled
    return candidates


def least_flexible(supply: Supply, line: Line, region: str, candidates: int) -> int:
    """Specialists before generalists, who stay free for what only they can serve (breadth to a factor of two)."""
    del line, region
    return supply.breadth.best(candidates)


def least_occupied(supply: Supply, line: Line, region: str, candidates: int) -> int:
    """Seats that were busy for the smallest share of their time (tenths, as of their last release)."""
    del line, region
    return supply.occupancy.best(candidates)


def best_path(supply: Supply, line: Line, region: str, candidates: int) -> int:
    """Seats with the shortest round trip to the relay (classes of `supply.PATH_CLASSES_MS`)."""
    del line, region
    return supply.path.best(candidates)


POLICIES: dict[str, Callable[[Supply, Line, str, int], int]] = {
    "nearest": nearest,
    "most_proficient": most_proficient,
    "least_flexible": least_flexible,
    "least_occupied": least_occupied,
    "best_path": best_path,
}
"""`longest_idle` is no policy of its own, for it leaves one seat: it comes last in any case."""
