"""Networks by name: synthetic ones, and those that replay a recording.

The figures of the synthetic ones are those of published measurements: 5G round trips of 16 ms (median) and 30 ms (p99) and
hand-overs that interrupt for 66 to 75 ms; see docs/loadtest.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from loadtest.impair.conditions import Conditions, GilbertElliott
from loadtest.impair.link import Link
from loadtest.traces import find_trace
from relay.errors import Misuse


@dataclass(frozen=True, slots=True)
class Profile:
    """Both directions of one participant's access."""

    uplink: Conditions = field(default_factory=Conditions)
    downlink: Conditions = field(default_factory=Conditions)
    trace: str = ""
    """Name or path of a recording; a participant begins at a place of its own in it."""
    address_changes_s: tuple[float, ...] = ()
    """Seconds after its start at which the participant gets another address (its packets leave from a new port)."""

    @property
    def is_perfect(self) -> bool:
        """Nothing is to be emulated."""
        return self == Profile()

    @property
    def described(self) -> str:
        """Its name, or what it is like."""
        name = next((name for name, known in PROFILES.items() if known == self), "")
        return f"network {name or 'of its own'}" + (f", recording {self.trace}" if self.trace else "")

    def links(self, seed: int, started: float) -> tuple[Link, Link]:
        """Uplink and downlink of one participant; the trace is shifted by the seed."""
        trace = find_trace(self.trace) if self.trace else None
        shift_s = (seed * 7.31) % trace.duration_s if trace else 0.0
        return (
            Link(self.uplink, 2 * seed, trace, uplink=True, started=started - shift_s),
            Link(self.downlink, 2 * seed + 1, trace, uplink=False, started=started - shift_s),
        )


def _both(**conditions: Any) -> Profile:
    return Profile(Conditions(**conditions), Conditions(**conditions))


_5G = Conditions(rate_bps=40e6, delay_ms=8, jitter_ms=4, loss=0.001)

PROFILES: Mapping[str, Profile] = {
    "perfect": Profile(),
    "office": _both(rate_bps=100e6, delay_ms=2, jitter_ms=0.5),
    "dsl": Profile(
        Conditions(rate_bps=10e6, delay_ms=10, jitter_ms=2, queue_bytes=128_000),
        Conditions(rate_bps=50e6, delay_ms=10, jitter_ms=2),
    ),
    "5g": Profile(_5G, replace(_5G, rate_bps=200e6)),
    "5g-congested": Profile(replace(_5G, rate_bps=3e6, jitter_ms=15, loss=0.005), replace(_5G, rate_bps=20e6)),
    "4g": Profile(
        Conditions(rate_bps=8e6, delay_ms=25, jitter_ms=20, loss=0.005),
        Conditions(rate_bps=30e6, delay_ms=25, jitter_ms=10),
    ),
    "train": Profile(
        replace(_5G, burst=GilbertElliott(enter=0.0005, leave=0.02)),
        replace(_5G, rate_bps=100e6, burst=GilbertElliott(enter=0.0005, leave=0.02)),
        address_changes_s=(12.0, 24.0, 36.0, 48.0),
    ),
    "lossy": _both(delay_ms=20, jitter_ms=5, loss=0.05),
    "trace-5g-static": Profile(_5G, replace(_5G, rate_bps=200e6), trace="cicv5g_n78_static_A"),
    "trace-5g-handover": Profile(_5G, replace(_5G, rate_bps=200e6), trace="cicv5g_n78_handover_C"),
    "trace-5g-edge": Profile(_5G, replace(_5G, rate_bps=200e6), trace="cicv5g_n8_edge_E"),
    "trace-satellite": Profile(Conditions(), Conditions(rate_bps=150e6), trace="leocc_starlink_static_A"),
}


def profile_of(value: str | Mapping[str, Any]) -> Profile:
    """A profile by name, or a table of a scenario; `like = "5g"` in it starts from that one. Raises `Misuse`."""
    if isinstance(value, str):
        if value not in PROFILES:
            raise Misuse(f"there is no network {value!r}; known are {', '.join(PROFILES)}")
        return PROFILES[value]
    if not isinstance(value, Mapping):
        raise Misuse("network: a name, or a table that may start from one by `like`")
    table = dict(value)
    start = profile_of(table.pop("like", "perfect"))
    try:
        profile = msgspec.convert(_merged(start, table), Profile)
    except msgspec.ValidationError as error:
        raise Misuse(f"network: {error}") from error
    if profile.trace:
        find_trace(profile.trace)
    return profile


def _merged(start: Profile, table: dict[str, Any]) -> dict[str, Any]:
    merged: dict[str, Any] = msgspec.to_builtins(start)
    unknown = table.keys() - merged.keys()
    if unknown:
        raise Misuse(f"network: unknown field {sorted(unknown)[0]!r}; known are like, {', '.join(merged)}")
    for name, value in table.items():
        if name in ("uplink", "downlink"):
            if not isinstance(value, Mapping):
                raise Misuse(f"network {name}: a table is needed")
            strange = value.keys() - merged[name].keys()
            if strange:
                raise Misuse(f"network {name}: unknown field {sorted(strange)[0]!r}")
            merged[name] = {**merged[name], **value}
        else:
            merged[name] = value
    return merged
