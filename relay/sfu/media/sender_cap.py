"""The most that one sender may send, so that a single encoding follows the links behind the relay (REMB, as mediasoup and
Jitsi use it towards senders that estimate their own uplink: a bound, beside that estimate).

Rules, where a sender has several receivers:
- With layers in all it sends, the fastest receiver counts; the others are given lower layers.
- Otherwise the slowest counts, but none that is more than four times slower than the fastest: that one is paused, so that one
  bad link does not spoil the picture of everybody.
- A receiver of which nothing is known has room for everything.

A fall is told at once, a rise when it is worth it, and what holds once a second: feedback may be lost. A sender that exceeds
what it was told for longer than PATIENCE_S does not follow, and its pictures are judged by the rate that they have.
"""

from collections.abc import Collection
from typing import Final

LEAST_BPS: Final = 60_000
"""Sound, and a picture that moves a little."""
UNBOUND_BPS: Final = 50_000_000
"""Told where nothing binds any more: a sender keeps the last bound that it heard."""
_SLOWER: Final = 4.0
_RISE: Final = 1.05
_FALL: Final = 0.98
_FALL_INTERVAL_S: Final = 0.05
_RISE_INTERVAL_S: Final = 0.1
_REPEAT_S: Final = 1.0
_EXCESS: Final = 1.3
_PATIENCE_S: Final = 2.0
_NEAR: Final = 0.7


def shared_room(rooms_bps: Collection[float], *, layered: bool) -> float:
    """What a sender may send, by what each of its receivers has room for."""
    if not rooms_bps:
        return float("inf")
    fastest = max(rooms_bps)
    return fastest if layered else max(min(rooms_bps), fastest / _SLOWER)


class SenderCap:
    """Of one sender. owned: the bound, what was told and when, since when it is exceeded, how fast is sent."""

    def __init__(self) -> None:
        self._told_bps: float | None = None
        self._told_s = float("-inf")
        self._exceeded_s: float | None = None
        self._sending_bps = 0.0
        self._mark: tuple[float, int] | None = None

    @property
    def binds(self) -> bool:
        """Whether the sender would send more: it sends about what it was told that it may."""
        return self._told_bps is not None and self._sending_bps >= _NEAR * self._told_bps

    def follows(self, now: float) -> bool:
        """Whether it sends no more than it was told, or has not had the time to."""
        return self._exceeded_s is None or now - self._exceeded_s < _PATIENCE_S

    def handle_sent(self, size_bytes: int, now: float) -> None:
        """The running total of what came from the sender; every quarter of a second or so."""
        if self._mark is not None and now > self._mark[0]:
            self._sending_bps = (size_bytes - self._mark[1]) * 8 / (now - self._mark[0])
        self._mark = now, size_bytes
        if self._told_bps is None or self._sending_bps <= _EXCESS * self._told_bps:
            self._exceeded_s = None
        elif self._exceeded_s is None:
            self._exceeded_s = now

    def handle_room(self, room_bps: float, now: float) -> int | None:
        """What there is room for now. The bound to tell the sender, if it is to be told one."""
        cap_bps = min(max(room_bps, LEAST_BPS), UNBOUND_BPS)
        before_bps = self._told_bps
        if before_bps is None:
            due = cap_bps < UNBOUND_BPS
        elif cap_bps < _FALL * before_bps:
            due = now >= self._told_s + _FALL_INTERVAL_S
        elif cap_bps > _RISE * before_bps:
            due = now >= self._told_s + _RISE_INTERVAL_S
        else:
            due = now >= self._told_s + _REPEAT_S
        if not due:
            return None
        self._told_bps, self._told_s = cap_bps, now
        return int(cap_bps)
