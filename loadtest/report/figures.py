"""Metrics as people read them: a unit behind each value, quantiles of one quantity in one row, the rest in groups. Pure."""

from collections.abc import Mapping
from typing import Final

QUANTILES: Final = {"p50": "p50", "p95": "p95", "p99": "p99", "p999": "p99.9", "max": "max"}
"""The label in a metric's name → the one people read."""
_UNITS: Final = {
    "_mb_per_min": "MB a minute",
    "_us_per_packet": "µs a packet",
    "_per_core_s": "a second and core",
    "_bps": "bit/s",
    "_pps": "packets/s",
    "_per_s": "a second",
    "_ms": "ms",
    "_mb": "MB",
    "_s": "s",
}
_GROUPS: Final = (
    (
        "Calls",
        ("calls_", "offers_", "seats_", "set_ups", "storm_", "participants", "address_", "errors", "connections"),
    ),
    (
        "Delivery",
        (
            "loss",
            "frames",
            "freeze",
            "streams",
            "packets_received",
            "jitter",
            "longest_gap",
            "feedback",
            "remb",
            "uplink",
        ),
    ),
    ("The tool itself", ("tool_", "machine_", "emulator_", "sent_", "received_", "measured_")),
    ("Relay", ("relay_", "residence_", "peer_", "ratio")),
)
OTHERS: Final = "Others"


def shown(name: str, value: float) -> str:
    """A value with its unit, by the end of its name; shares as percent."""
    in_cores = name.endswith("cpu_share") and not name.startswith("machine_")
    if name.endswith("_share") and not in_cores:
        return f"{value * 100:.4g} %"
    unit = (
        "cores"
        if name.endswith("cpu_share")
        else next((text for end, text in _UNITS.items() if name.endswith(end)), "")
    )
    return f"{number(value)} {unit}".rstrip()


def number(value: float) -> str:
    """Three or four significant digits, and whole thousands apart."""
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}" if abs(value) >= 100 else f"{value:.3g}"


def quantile_rows(metrics: Mapping[str, float]) -> tuple[tuple[str, ...], ...]:
    """(quantity, p50, p95, p99, p99.9, max) of everything that has more than one of them, in ms."""
    quantities: dict[str, dict[str, float]] = {}
    for name, value in metrics.items():
        if (found := _quantile(name)) is not None:
            quantities.setdefault(found[0], {})[found[1]] = value
    return tuple(
        (quantity.replace("_", " "), *(number(values[label]) if label in values else "" for label in QUANTILES))
        for quantity, values in sorted(quantities.items())
        if len(values) > 1
    )


def grouped(metrics: Mapping[str, float]) -> dict[str, tuple[tuple[str, str], ...]]:
    """(metric, value) of everything that `quantile_rows` does not have, by group."""
    in_rows = {row[0] for row in quantile_rows(metrics)}
    found: dict[str, list[tuple[str, str]]] = {title: [] for title in (*dict(_GROUPS), OTHERS)}
    for name, value in sorted(metrics.items()):
        quantile = _quantile(name)
        if quantile is None or quantile[0].replace("_", " ") not in in_rows:
            found[_group(name)].append((name, shown(name, value)))
    return {title: tuple(rows) for title, rows in found.items() if rows}


def _group(name: str) -> str:
    return next((title for title, starts in _GROUPS if name.startswith(starts)), OTHERS)


def _quantile(name: str) -> tuple[str, str] | None:
    """`latency_p99_ms` → (latency, p99)."""
    stem, _, label = name.removesuffix("_ms").rpartition("_")
    return (stem, label) if name.endswith("_ms") and label in QUANTILES else None
