"""Which TCP connections are kept (ICE-TCP, RFC 6544): rules against those who connect and then say nothing.

A connection is worth something once a check that came over it has authenticated, which takes a client a round trip or two.
Until then it is pending, and pending ones are few: by address and in all. Who stays pending, or becomes so again because the
peer left for another path, is given up.
"""

from collections import Counter
from collections.abc import Callable
from enum import Enum
from typing import Final

from relay.sfu.wire.address import Address

PATIENCE_S: Final = 10.0
"""Several retransmissions of a check over a bad link (RFC 8445 §14.3)."""
SWEEP_S: Final = 1.0


class Refusal(Enum):
    """Why a connection was closed by us. The value is the metrics label."""

    TOO_MANY = "too_many"
    """As many as allowed are open."""
    TOO_MANY_PENDING = "too_many_pending"
    """As many without a check as allowed come from its address."""
    IDLE = "idle"
    """Nothing authenticated came over it in time, or the peer left it."""


class Connections:
    """The open connections, by the address of their other end.

    given: the bounds. owned: since when each is pending, and in `refused` how often each rule applied.
    """

    def __init__(self, max_open: int, max_pending_per_host: int) -> None:
        self._max_open = max_open
        self._max_pending_per_host = max_pending_per_host
        self._open: set[Address] = set()
        self._pending: dict[Address, float] = {}
        self._sweep_at: float | None = None
        self.refused: Counter[Refusal] = Counter()

    def __len__(self) -> int:
        return len(self._open)

    def admits(self, host: str, belongs: Callable[[Address], bool]) -> bool:
        """Whether to take one more from `host`; counted if not. `belongs` tells whose check has authenticated."""
        if len(self._open) >= self._max_open:
            self.refused[Refusal.TOO_MANY] += 1
            return False
        if self._pending_from(host) >= self._max_pending_per_host:
            self._pending = {address: since for address, since in self._pending.items() if not belongs(address)}
        if self._pending_from(host) >= self._max_pending_per_host:
            self.refused[Refusal.TOO_MANY_PENDING] += 1
            return False
        return True

    def add(self, address: Address, now: float) -> None:
        """It is open."""
        self._open.add(address)
        self._pending[address] = now
        self._sweep_at = now + SWEEP_S if self._sweep_at is None else self._sweep_at

    def remove(self, address: Address) -> None:
        """It is closed, whoever did it."""
        self._open.discard(address)
        self._pending.pop(address, None)
        if not self._open:
            self._sweep_at = None

    def handle_timeout(self, now: float, belongs: Callable[[Address], bool]) -> list[Address]:
        """Those to close: of no peer for too long."""
        if self._sweep_at is None or now < self._sweep_at:
            return []
        self._sweep_at = now + SWEEP_S
        self._pending = {address: self._pending.get(address, now) for address in self._open if not belongs(address)}
        idle = [address for address, since in self._pending.items() if since + PATIENCE_S <= now]
        self.refused[Refusal.IDLE] += len(idle)
        return idle

    def deadline(self) -> float | None:
        """When to call `handle_timeout`; None while there are none."""
        return self._sweep_at

    def _pending_from(self, host: str) -> int:
        return sum(address[0] == host for address in self._pending)
