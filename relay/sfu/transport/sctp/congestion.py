"""How much may be under way: congestion window and retransmission time-out (RFC 9260 §6.3.1, §7.2)."""

from typing import Final

from relay.sfu.transport.sctp.limits import MTU

_FIRST_RTO_S: Final = 0.5
_MIN_RTO_S: Final = 0.4
_MAX_RTO_S: Final = 4.0
"""Shorter than RFC 9260's second and minute, as browsers have it: a pointer that comes a second late is of no use, and
ICE ends a path that is dead. The minimum is twice the time for which a receiver may hold an acknowledgement back."""


class CongestionWindow:
    """owned: window, threshold and time-out. Bytes are those of user data."""

    def __init__(self) -> None:
        self.bytes = 4 * MTU
        self.rto_s = _FIRST_RTO_S
        self._threshold = 1 << 30
        self._acknowledged = 0
        """Since the window last grew, above the threshold."""
        self._smoothed_s: float | None = None
        self._variation_s = 0.0

    def measured(self, rtt_s: float) -> None:
        """A chunk that was sent once was acknowledged after this time."""
        if self._smoothed_s is None:
            self._smoothed_s, self._variation_s = rtt_s, rtt_s / 2
        else:
            self._variation_s += (abs(self._smoothed_s - rtt_s) - self._variation_s) / 4
            self._smoothed_s += (rtt_s - self._smoothed_s) / 8
        self.rto_s = min(max(self._smoothed_s + 4 * self._variation_s, _MIN_RTO_S), _MAX_RTO_S)

    def acknowledged(self, new_bytes: int, *, full: bool) -> None:
        """The cumulative point advanced; the window grows if it was full."""
        if not full:
            return
        if self.bytes <= self._threshold:
            self.bytes += min(new_bytes, MTU)
            return
        self._acknowledged += new_bytes
        if self._acknowledged >= self.bytes:
            self._acknowledged -= self.bytes
            self.bytes += MTU

    def lost(self) -> None:
        """Chunks are missing while later ones arrived."""
        self._threshold = max(self.bytes // 2, 4 * MTU)
        self.bytes = self._threshold
        self._acknowledged = 0

    def timed_out(self) -> None:
        """Nothing was heard for `rto_s`."""
        self._threshold = max(self.bytes // 2, 4 * MTU)
        self.bytes = MTU
        self._acknowledged = 0
        self.rto_s = min(2 * self.rto_s, _MAX_RTO_S)
