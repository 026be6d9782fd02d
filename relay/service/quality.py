"""How good the media of each participant is: from running totals to what was lost, late and carried lately. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from relay.metrics.histogram import JITTER_BOUNDS_S, LOSS_BOUNDS, RTT_BOUNDS_S, Histogram
from relay.service.participants import Desk, Who
from relay.sfu.session.events import PeerStats, StreamStats

LEGS = tuple(f"{desk}-{direction}" for desk in Desk for direction in ("up", "down"))
"""`kiosk-up` is what kiosks send."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Of one participant, or the worst of several."""

    rtt_ms: float | None = None
    jitter_ms: float | None = None
    loss: float | None = None
    """Worst stream, 0 to 1, over the last report interval."""
    bitrate_bps: float = 0.0
    """Both directions."""


@dataclass(frozen=True, slots=True)
class Voice:
    """How the sound travels between the relay and one participant."""

    rtt_ms: float | None = None
    up_jitter_ms: float = 0.0
    """Of what it says (RFC 3550)."""
    down_jitter_ms: float = 0.0
    """Of what it hears, as it reports."""
    down_loss: float = 0.0
    """Of what it hears, worst slot, 0 to 1, over the last report interval."""


@dataclass(frozen=True, slots=True)
class _Sample:
    at_s: float
    carried_bytes: int
    quality: Quality
    voice: Voice


class QualityBook:
    """The latest sample of every participant with media, and histograms over all samples by leg."""

    def __init__(self) -> None:
        self._samples: dict[Who, _Sample] = {}
        self.jitter = {leg: Histogram(JITTER_BOUNDS_S) for leg in LEGS}
        """Seconds."""
        self.loss = {leg: Histogram(LOSS_BOUNDS) for leg in LEGS}
        self.rtt = {str(desk): Histogram(RTT_BOUNDS_S) for desk in Desk}
        """Seconds."""

    def sample(self, who: Who, stats: PeerStats, now_s: float) -> None:
        """Take a participant's statistics in."""
        for stream in stats.streams:
            if stream.packets:
                leg = f"{who.desk}-{stream.direction}"
                self.jitter[leg].observe(stream.jitter_ms / 1000)
                self.loss[leg].observe(stream.loss_fraction)
        if stats.rtt_ms is not None:
            self.rtt[who.desk].observe(stats.rtt_ms / 1000)
        carried_bytes = sum(stream.bytes for stream in stats.streams)
        quality = self._quality(who, stats, carried_bytes, now_s)
        self._samples[who] = _Sample(now_s, carried_bytes, quality, _voice(stats))

    def voice(self, who: Who) -> Voice | None:
        """How a participant's sound travelled at its last sample."""
        sample = self._samples.get(who)
        return sample.voice if sample else None

    def keep(self, present: set[Who]) -> None:
        """Forget everybody else."""
        for who in self._samples.keys() - present:
            del self._samples[who]

    def worst_of(self, parties: Iterable[Who]) -> Quality:
        """The worst of what these have."""
        found = [self._samples[who].quality for who in parties if who in self._samples]
        return Quality(
            rtt_ms=max((each.rtt_ms for each in found if each.rtt_ms is not None), default=None),
            jitter_ms=max((each.jitter_ms for each in found if each.jitter_ms is not None), default=None),
            loss=max((each.loss for each in found if each.loss is not None), default=None),
            bitrate_bps=max((each.bitrate_bps for each in found), default=0.0),
        )

    def _quality(self, who: Who, stats: PeerStats, carried_bytes: int, now_s: float) -> Quality:
        before = self._samples.get(who)
        elapsed_s = now_s - before.at_s if before else 0.0
        carried_lately = carried_bytes - before.carried_bytes if before else 0
        flowing: list[StreamStats] = [stream for stream in stats.streams if stream.packets]
        return Quality(
            rtt_ms=stats.rtt_ms,
            jitter_ms=max((stream.jitter_ms for stream in flowing), default=None),
            loss=max((stream.loss_fraction for stream in flowing), default=None),
            bitrate_bps=max(0.0, carried_lately * 8 / elapsed_s) if elapsed_s > 0 else 0.0,
        )


def _voice(stats: PeerStats) -> Voice:
    sound = [stream for stream in stats.streams if stream.kind == "audio" and stream.packets]
    said = [stream for stream in sound if stream.direction == "up"]
    heard = [stream for stream in sound if stream.direction == "down"]
    return Voice(
        rtt_ms=stats.rtt_ms,
        up_jitter_ms=max((stream.jitter_ms for stream in said), default=0.0),
        down_jitter_ms=max((stream.jitter_ms for stream in heard), default=0.0),
        down_loss=max((stream.loss_fraction for stream in heard), default=0.0),
    )
