"""Short bursts above the present rate, to learn what the link can do (libwebrtc's probing).

A burst that leaves faster than the link takes it arrives at the link's rate: so a probe that fails still measures. Probes
carry media first and padding or retransmissions for the rest. They are sent at the start, one after the other while they
raise the rate, soon after it fell, and then ever more rarely; and only while the slots would use more than the present rate.
"""

from typing import Final, NamedTuple

from relay.sfu.ports import ProbeArrivals

_DURATION_S: Final = 0.015
_MIN_PACKETS: Final = 5
_MIN_BYTES: Final = 1_000
_ENOUGH: Final = 0.8
"""Share of a probe that must have arrived."""
_UNSATURATED: Final = 0.9
"""A receive rate above this share of the send rate did not saturate the link."""
_TARGET_SHARE: Final = 0.95
"""Of a rate at which the link was saturated."""
_MAX_RATIO: Final = 2.0
"""Arriving more than twice as fast as sent: something on the way bunches packets, the measure says nothing."""
_LIFE_S: Final = 1.0
_FIRST_FACTORS: Final = (3.0, 6.0)
_FACTOR: Final = 1.5
_STEP_BPS: Final = 200_000
_FIRST_INTERVAL_S: Final = 0.1
_MAX_INTERVAL_S: Final = 2.0
_HEADROOM: Final = 1.25
"""Over what the slots would use: more need not be known."""


class Probe(NamedTuple):
    """Send this much at this rate, now."""

    cluster: int
    """From 1."""
    rate_bps: int
    size_bytes: int
    packets: int
    """At the least."""


class Probing:
    """owned: clusters under way with what has arrived of them, when to probe next, and after how long again."""

    def __init__(self) -> None:
        self._clusters: dict[int, tuple[Probe, float, ProbeArrivals | None]] = {}
        self._count = 0
        self._interval_s = _FIRST_INTERVAL_S
        self._next_s = float("-inf")

    def start(self, rate_bps: float, demand_bps: float, now: float) -> list[Probe]:
        """The first probes of a path that nothing is known of."""
        rates = [factor * rate_bps for factor in _FIRST_FACTORS]
        return [self._probe(rate, now) for rate in rates if rate <= _HEADROOM * demand_bps]

    def handle_drop(self, now: float) -> None:
        """The rate has fallen: look again soon whether the link has come back."""
        self._clusters.clear()
        self._interval_s, self._next_s = _FIRST_INTERVAL_S, now + _FIRST_INTERVAL_S

    def handle_raise(self) -> None:
        """A probe raised the rate: go on."""
        self._interval_s, self._next_s = _FIRST_INTERVAL_S, float("-inf")

    def handle_arrivals(self, arrivals: ProbeArrivals) -> float | None:
        """Of one probe. The rate it measured, once."""
        entry = self._clusters.get(arrivals.cluster)
        if entry is None:
            return None
        probe, started_s, told = entry
        told = arrivals if told is None else _joined(told, arrivals)
        self._clusters[probe.cluster] = probe, started_s, told
        rate_bps = _measured_bps(probe, told)
        if rate_bps is not None:
            del self._clusters[probe.cluster]
        return rate_bps

    def plan(self, rate_bps: float, demand_bps: float, now: float) -> list[Probe]:
        """The probe that is due, if any: one at a time."""
        for cluster in [name for name, entry in self._clusters.items() if now - entry[1] > _LIFE_S]:
            del self._clusters[cluster]
        if self._clusters or now < self._next_s or rate_bps >= demand_bps:
            return []
        self._next_s = now + self._interval_s
        self._interval_s = min(2 * self._interval_s, _MAX_INTERVAL_S)
        return [self._probe(min(max(_FACTOR * rate_bps, rate_bps + _STEP_BPS), _HEADROOM * demand_bps), now)]

    def _probe(self, rate_bps: float, now: float) -> Probe:
        self._count += 1
        size_bytes = max(int(rate_bps * _DURATION_S / 8), _MIN_BYTES)
        probe = Probe(self._count, int(rate_bps), size_bytes, _MIN_PACKETS)
        self._clusters[self._count] = probe, now, None
        return probe


def _joined(told: ProbeArrivals, more: ProbeArrivals) -> ProbeArrivals:
    last = more if more.last_sent_s >= told.last_sent_s else told
    first = more if more.first_arrived_s < told.first_arrived_s else told
    return ProbeArrivals(
        told.cluster,
        told.packets + more.packets,
        told.size_bytes + more.size_bytes,
        min(told.first_sent_s, more.first_sent_s),
        last.last_sent_s,
        last.last_sent_bytes,
        first.first_arrived_s,
        first.first_arrived_bytes,
        max(told.last_arrived_s, more.last_arrived_s),
    )


def _measured_bps(probe: Probe, told: ProbeArrivals) -> float | None:
    """None if too little of it has arrived, or it makes no sense."""
    if told.packets < _ENOUGH * probe.packets or told.size_bytes < _ENOUGH * probe.size_bytes:
        return None
    sending_s = told.last_sent_s - told.first_sent_s
    receiving_s = told.last_arrived_s - told.first_arrived_s
    if not (0 < sending_s <= _LIFE_S and 0 < receiving_s <= _LIFE_S):
        return None
    sent_bps = (told.size_bytes - told.last_sent_bytes) * 8 / sending_s
    received_bps = (told.size_bytes - told.first_arrived_bytes) * 8 / receiving_s
    if received_bps > _MAX_RATIO * sent_bps:
        return None
    if received_bps < _UNSATURATED * sent_bps:
        return _TARGET_SHARE * received_bps
    return min(sent_bps, received_bps)
