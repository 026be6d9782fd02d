"""What the pool knows of one worker: how it is, what it carries, and whether it takes more. Pure."""

from dataclasses import replace
from enum import StrEnum

from relay.config import SfuSettings
from relay.ids import PeerId
from relay.sfu.pool.admission import Admission
from relay.sfu.pool.liveness import Restarts, Watchdog
from relay.sfu.pool.load import LoadMeter
from relay.sfu.pool.placement import Candidate
from relay.sfu.session.events import PeerStats, SfuStats, WorkerStats

LOOK_S = 0.5
"""Between two looks of the watchdog; a worker reports as often."""


class WorkerState(StrEnum):
    """The life of a worker."""

    STARTING = "starting"
    RUNNING = "running"
    FULL = "full"
    """Runs, and takes no new peers."""
    DRAINING = "draining"
    """Will be replaced when its peers have gone."""


class WorkerRecord:
    """One worker, through all its processes.

    given: index, settings. owned: what its process reported, what former processes had counted.
    """

    def __init__(self, index: int, settings: SfuSettings) -> None:
        self.index = index
        self.restarts = Restarts()
        self.peers: dict[PeerId, PeerStats | None] = {}
        """Those that are placed here, with what was last heard of them."""
        self.lost = 0
        """How often it died or hung."""
        self.drain_until_s: float | None = None
        self.started_s = 0.0
        self.watchdog = Watchdog(0)
        self._settings = settings
        self._serves = False
        self._past = _NOTHING
        self._stats = _NOTHING
        self._meter = LoadMeter()
        self._admission = Admission(settings)

    @property
    def state(self) -> WorkerState:
        """In one word."""
        if not self._serves:
            return WorkerState.STARTING
        if self.drain_until_s is not None:
            return WorkerState.DRAINING
        return WorkerState.FULL if self._admission.reason else WorkerState.RUNNING

    @property
    def refuses(self) -> str:
        """Why it takes no new peers; `` when it does."""
        state = self.state
        return self._admission.reason if state is WorkerState.FULL else "" if state is WorkerState.RUNNING else state

    def begin(self, now_s: float) -> None:
        """A process of it serves."""
        self._serves = True
        self.started_s = now_s
        self._meter = LoadMeter()
        self._admission = Admission(self._settings)
        self.watchdog = Watchdog(max(1, round(self._settings.worker_silence_s / LOOK_S)))

    def end(self) -> None:
        """Its process has gone; what that had counted stays counted."""
        self._serves = False
        self.drain_until_s = None
        sums = totals([self._past, self._stats])
        self._past = replace(sums, peers=0, sources=0, slots=0, piped_streams=0, tcp_connections=0)
        self._stats = _NOTHING
        self.peers.clear()

    def observe(self, stats: SfuStats, now_s: float) -> None:
        """Its process reports."""
        self.watchdog.heard()
        self._stats = stats
        load = self._meter.observe(stats, stats.cpu_s, now_s)
        self._admission.observe(load, len(self.peers))

    def candidate(self) -> Candidate:
        """It, for the placement of a peer."""
        by_load = self._settings.placement == "load"
        return Candidate(self.index, len(self.peers), self._meter.load if by_load else None)

    def totals(self) -> SfuStats:
        """What all its processes have counted; what is there now, is of the present one."""
        return totals([self._past, self._stats])

    def row(self) -> WorkerStats:
        """For people and metrics."""
        sums = self.totals()
        return WorkerStats(
            index=self.index,
            state=self.state,
            peers=len(self.peers),
            packets_in=sums.counters.get("packets_in", 0),
            packets_out=sums.counters.get("packets_out", 0),
            cpu_ratio=self._meter.load.cpu_ratio if self._serves else 0.0,
            residence_counts=sums.residence_counts,
            piped_streams=self._stats.piped_streams,
            lost=self.lost,
        )


def totals(parts: list[SfuStats]) -> SfuStats:
    """The sum of several workers, or of the past and present of one: `peers`, `sources`, `slots` of what is there."""
    bounds = next((each.residence_bounds_s for each in parts if each.residence_bounds_s), ())
    counts = [each.residence_counts for each in parts if each.residence_counts]
    return SfuStats(
        peers=sum(each.peers for each in parts),
        sources=sum(each.sources for each in parts),
        slots=sum(each.slots for each in parts),
        counters=_sum([each.counters for each in parts]),
        residence_bounds_s=bounds,
        residence_counts=tuple(map(sum, zip(*counts, strict=True))),
        closed=_sum([each.closed for each in parts]),
        control_drops=_sum([each.control_drops for each in parts]),
        piped_streams=sum(each.piped_streams for each in parts),
        cpu_s=sum(each.cpu_s for each in parts),
        tcp_connections=sum(each.tcp_connections for each in parts),
        refused_connections=_sum([each.refused_connections for each in parts]),
    )


def _sum(tables: list[dict[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for table in tables:
        for name, number in table.items():
            sums[name] = sums.get(name, 0) + number
    return sums


_NOTHING = SfuStats(0, 0, 0, {}, (), ())
