"""What one direction of a link does to datagrams, as values."""

from dataclasses import dataclass

from relay.errors import Misuse


@dataclass(frozen=True, slots=True)
class GilbertElliott:
    """Bursts of loss (Gilbert 1960, Elliott 1963): two states, probabilities per datagram.

    The share of time in the bad state is `enter / (enter + leave)`, and a stay in it lasts `1 / leave` datagrams.
    """

    enter: float
    leave: float
    loss_bad: float = 1.0
    loss_good: float = 0.0

    def __post_init__(self) -> None:
        for share in (self.enter, self.leave, self.loss_bad, self.loss_good):
            _require_share(share)
        if self.enter > 0 and self.leave == 0:
            raise Misuse("a link that never leaves its bad state is down: use loss = 1")

    @property
    def mean_loss(self) -> float:
        """Over a long time."""
        bad = self.enter / (self.enter + self.leave) if self.enter else 0.0
        return bad * self.loss_bad + (1 - bad) * self.loss_good


@dataclass(frozen=True, slots=True)
class Conditions:
    """One direction. What a trace measured replaces `rate_bps`, `delay_ms` or `loss` while it is in force."""

    rate_bps: float | None = None
    """Of the bottleneck; None: no bottleneck."""
    queue_bytes: int = 256_000
    """What waits before the bottleneck; the newest datagram is dropped when it does not fit. Radio networks buffer much."""
    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    """Added to the delay, uniform from 0. It never changes the order: see `reorder`."""
    loss: float = 0.0
    burst: GilbertElliott | None = None
    reorder: float = 0.0
    """Probability that a datagram takes `reorder_ms` longer and is overtaken."""
    reorder_ms: float = 10.0
    duplicate: float = 0.0

    def __post_init__(self) -> None:
        for share in (self.loss, self.reorder, self.duplicate):
            _require_share(share)
        if min(self.delay_ms, self.jitter_ms, self.reorder_ms, self.queue_bytes) < 0:
            raise Misuse("delays and queues are not negative")
        if self.rate_bps is not None and self.rate_bps < 0:
            raise Misuse("a rate is not negative; None is no bottleneck")


def _require_share(share: float) -> None:
    if not 0 <= share <= 1:
        raise Misuse(f"a probability is from 0 to 1, not {share:g}")
