"""Limits on how often somebody may do something: token buckets, pure."""

from collections import OrderedDict

from relay.errors import LimitReached

MAX_ADDRESSES = 8192
"""Addresses remembered; the one not seen for longest is forgotten first."""


class TokenBucket:
    """`rate_per_s` on average, `burst` at once."""

    __slots__ = ("_burst", "_filled_at_s", "_level", "_rate_per_s")

    def __init__(self, rate_per_s: float, burst: float, now_s: float) -> None:
        self._rate_per_s = rate_per_s
        self._burst = burst
        self._level = burst
        self._filled_at_s = now_s

    def take(self, now_s: float) -> bool:
        """Take one; False when there is none left."""
        if self.empty(now_s):
            return False
        self._level -= 1.0
        return True

    def wait_s(self, now_s: float) -> float:
        """Seconds until `take` would succeed."""
        return max(0.0, (1.0 - self._level) / self._rate_per_s) if self.empty(now_s) else 0.0

    def empty(self, now_s: float) -> bool:
        """Whether `take` would fail now."""
        self._level = min(self._burst, self._level + (now_s - self._filled_at_s) * self._rate_per_s)
        self._filled_at_s = now_s
        return self._level < 1.0


class FailureLimiter:
    """Refuses addresses that keep presenting bad tokens."""

    def __init__(self, failures_per_minute: int) -> None:
        self._per_minute = failures_per_minute
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def admit(self, address: str, now_s: float) -> None:
        """Raise `LimitReached` when this address has failed too often in the last minute."""
        bucket = self._buckets.get(address)
        if bucket is not None and bucket.empty(now_s):
            raise LimitReached("Too many refused tokens from this address.")

    def note_failure(self, address: str, now_s: float) -> None:
        """Count one refused token."""
        bucket = self._buckets.get(address)
        if bucket is None:
            bucket = self._buckets[address] = TokenBucket(self._per_minute / 60, self._per_minute, now_s)
            if len(self._buckets) > MAX_ADDRESSES:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(address)
        bucket.take(now_s)
