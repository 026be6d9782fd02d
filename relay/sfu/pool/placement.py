"""Which worker a new peer goes to: where its call already is, if there is room, else to the least loaded. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from relay.sfu.pool.load import Load

_PEER_COST = 0.002
"""Share of a core that a peer may come to need: it negotiates long before its media flows."""
_STEP = 0.1
"""Smaller differences in load come and go: then the number of peers decides."""
_DETOUR_COST = 0.25
"""How much busier the worker of one's call may be: a pipe to another one costs each packet a second pass."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A worker that could take a peer."""

    worker: int
    peers: int
    load: Load | None
    """None: peers are placed by their number alone."""

    @property
    def cost(self) -> float:
        """What it has to do already, in shares of a core; peers count by what they may come to need."""
        used = 0.0 if self.load is None else int(self.load.cpu_ratio / _STEP) * _STEP
        return max(used, self.peers * _PEER_COST)


def place(candidates: Sequence[Candidate], near: Iterable[int] = ()) -> int | None:
    """The worker for a new peer. `near` are those of the others in its call. None without candidates.

    Ties go to the one with fewer peers, then to the lower number.
    """
    if not candidates:
        return None
    best = min(candidates, key=lambda each: (each.cost, each.peers, each.worker))
    wanted = Counter(near)
    beside = [each for each in candidates if wanted[each.worker] and each.cost <= best.cost + _DETOUR_COST]
    return max(beside, key=lambda each: (wanted[each.worker], -each.cost, -each.worker), default=best).worker
