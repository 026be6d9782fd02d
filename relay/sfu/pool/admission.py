"""Admission control: a worker near its measured limit takes no new peers, so that those it has keep their quality. Pure.

Two marks each, so that a worker does not open and shut with every packet: it closes at the upper one and opens again
below the lower one.
"""

from relay.config import SfuSettings
from relay.sfu.pool.load import Load

_REOPEN = 0.8
"""Of a limit: below this there is room again."""


class Admission:
    """Whether one worker takes new peers. given: the limits. owned: the reason it takes none, `` when it does."""

    def __init__(self, settings: SfuSettings) -> None:
        self._max_cpu_ratio = settings.max_worker_load
        self._max_residence_s = settings.max_residence_ms / 1000
        self._max_peers = settings.max_peers
        self.reason = ""
        """`load`, `residence` or `peers`."""

    def observe(self, load: Load, peers: int) -> str:
        """Take a measurement in; the reason to refuse, or ``."""
        uses = {
            "peers": peers / self._max_peers,
            "load": load.cpu_ratio / self._max_cpu_ratio,
            "residence": load.residence_p99_s / self._max_residence_s,
        }
        if self.reason and uses[self.reason] < _REOPEN:
            self.reason = ""
        self.reason = self.reason or next((name for name, use in uses.items() if use >= 1), "")
        return self.reason
